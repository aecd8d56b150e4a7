"""The table of pictures: a new picture is an entry here, and a name in DRAWN."""

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from runner.analysis.plots.decisions import (
    confusion_matrix,
    decision_surface,
    fit,
    has_classes,
    has_mistakes,
    is_line,
    is_plane,
    worst_mistakes,
)
from runner.analysis.plots.learning import (
    has_history,
    is_range_test,
    learning_curve,
    loss_by_rate,
)
from runner.analysis.plots.maps import has_maps, maps_of_layers
from runner.analysis.plots.states import has_states, states_over_time
from runner.analysis.plots.style import LOOK
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.weights import (
    first_layer_images,
    has_weights,
    is_small,
    network_graph,
    shows_windows,
    weight_maps,
)
from runner.data.dataset import Dataset
from runner.errors import error_line
from runner.network.arrays import Array
from runner.network.network import Network
from runner.run_folder.history import history_columns
from runner.run_folder.tables import read_row
from runner.storage.files import Never, write_atomically


class Picture(NamedTuple):
    """When a picture says something about a run, and how it is drawn."""

    applies: Callable[[Subject], bool]
    draw: Callable[[Subject], Figure]


PICTURES = {
    "learning_curve": Picture(has_history, learning_curve),
    "learning_rate": Picture(is_range_test, loss_by_rate),
    "weights": Picture(has_weights, weight_maps),
    "network": Picture(is_small, network_graph),
    "decision_surface": Picture(is_plane, decision_surface),
    "fit": Picture(is_line, fit),
    "first_layer": Picture(shows_windows, first_layer_images),
    "maps": Picture(has_maps, maps_of_layers),
    "states": Picture(has_states, states_over_time),
    "confusion_matrix": Picture(has_classes, confusion_matrix),
    "worst_mistakes": Picture(has_mistakes, worst_mistakes),
}


def draw_run(run: Path, network: Network, parameters: Array, dataset: Dataset) -> Iterator[str]:
    """Writes the pictures of a run that has ended; gives what went wrong, a line each.

    dataset: as loaded, or with targets that fit the network's outputs.
    """
    try:
        subject = read_subject(run, network, parameters, dataset)
    except (OSError, ValueError) as error:
        yield f"plots/ is left out: {error_line(error)}"
        return
    yield from draw_pictures(subject, run)


def read_subject(run: Path, network: Network, parameters: Array, dataset: Dataset) -> Subject:
    """A run's subject. Raises OSError or ValueError when results or history cannot be read."""
    fitted = dataset.for_outputs(network.topology.outputs)
    results, history = read_row(run / "results.csv"), history_columns(run)
    return Subject(results, history, network, parameters, fitted)


def draw_pictures(subject: Subject, run: Path) -> Iterator[str]:
    """Writes every picture that applies into `plots/`; gives what went wrong, a line each."""
    for name, picture in PICTURES.items():
        try:
            if picture.applies(subject):
                (run / "plots").mkdir(exist_ok=True)
                content = png(picture, subject)
                # Not synced: it can be drawn again, by `python -m runner.plots`.
                write_atomically(run / "plots" / f"{name}.png", content, Never())
        except Exception as error:  # a picture never costs a run its results
            yield f"plots/{name}.png is not drawn: {error_line(error)}"


def png(picture: Picture, subject: Subject) -> bytes:
    """The picture as a PNG file's content."""
    content = io.BytesIO()
    # Overflow is of losses near the largest number, whose axis would end beyond it.
    with mpl.rc_context(LOOK), warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = picture.draw(subject)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image.save(content, format="png", compress_level=1)  # a palette, or more, takes longer
    return content.getvalue()
