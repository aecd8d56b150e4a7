"""The table of pictures: a new picture is an entry here, and a name in DRAWN."""

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from runner.analysis.plots.calibration import has_probabilities, reliability_diagram
from runner.analysis.plots.confusion import confusion_matrix, has_classes
from runner.analysis.plots.decisions import decision_surface, fit, is_line, is_plane
from runner.analysis.plots.drawn_network import is_small, network_graph
from runner.analysis.plots.layer_statistics import has_statistics, statistics_over_time
from runner.analysis.plots.learning import (
    has_history,
    is_range_test,
    learning_curve,
    loss_by_rate,
)
from runner.analysis.plots.maps import has_maps, maps_of_layers
from runner.analysis.plots.mistakes import has_mistakes, worst_mistakes
from runner.analysis.plots.states import has_states, states_over_time
from runner.analysis.plots.straight_line import has_line, loss_along_line
from runner.analysis.plots.style import DARK, LIGHT, Look, drawn_in
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.units import has_units, units_over_plane
from runner.analysis.plots.weights import (
    first_layer_images,
    has_weights,
    shows_windows,
    weight_maps,
)
from runner.data.dataset import Dataset
from runner.errors import SnapshotError, error_line
from runner.network.arrays import Array
from runner.network.network import Network
from runner.run_folder.history import history_columns
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from runner.storage.files import Never, write_atomically


class Picture(NamedTuple):
    """When a picture says something about a run, and how it is drawn."""

    applies: Callable[[Subject], bool]
    draw: Callable[[Subject], Figure]
    shaded: bool = False
    """Whether it has more shades than the 256 of a palette, which takes a third of the bytes."""


PICTURES = {
    "learning_curve": Picture(has_history, learning_curve),
    "learning_rate": Picture(is_range_test, loss_by_rate),
    "layer_statistics": Picture(has_statistics, statistics_over_time),
    "straight_line": Picture(has_line, loss_along_line),
    "weights": Picture(has_weights, weight_maps, shaded=True),
    "network": Picture(is_small, network_graph),
    "decision_surface": Picture(is_plane, decision_surface, shaded=True),
    "units": Picture(has_units, units_over_plane, shaded=True),
    "fit": Picture(is_line, fit),
    "first_layer": Picture(shows_windows, first_layer_images, shaded=True),
    "maps": Picture(has_maps, maps_of_layers, shaded=True),
    "states": Picture(has_states, states_over_time, shaded=True),
    "confusion_matrix": Picture(has_classes, confusion_matrix),
    "calibration": Picture(has_probabilities, reliability_diagram),
    "worst_mistakes": Picture(has_mistakes, worst_mistakes, shaded=True),
}
SCREEN, CRISP = 100, 200
"""Points an inch: of a film, and of a file, which screens of two points a pixel show sharp."""


class Form(NamedTuple):
    """How pictures are written."""

    format: str = "png"
    """png or svg."""
    dark: bool = False
    """On dark paper."""

    @property
    def look(self) -> Look:
        """The colours."""
        return DARK if self.dark else LIGHT

    @property
    def folder(self) -> str:
        """Of a run, where such pictures lie."""
        return "plots/dark" if self.dark else "plots"


PLAIN = Form()


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
    return Subject(results, history, network, parameters, fitted, *ends_of(run, results))


def ends_of(run: Path, results: Mapping[str, str]) -> tuple[Array | None, int | None]:
    """The weights of the first snapshot, and the epoch of the best weights where restored.

    None each where that is not known: pictures of it are left out.
    """
    snapshots = list(RunFolder(run).snapshots.values())
    start, best = None, None
    with suppress(SnapshotError):
        if len(snapshots) > 1:
            start = load_snapshot(snapshots[0]).parameters
        if snapshots and results.get("stopping.restore_best") == "true":
            state = load_snapshot(snapshots[-1])
            best = state.epoch - int(state.watch.waited) if state.best.size else None
    return start, best


def draw_pictures(subject: Subject, run: Path, form: Form = PLAIN) -> Iterator[str]:
    """Writes every picture that applies into `plots/`; gives what went wrong, a line each."""
    for name, picture in PICTURES.items():
        place = f"{form.folder}/{name}.{form.format}"
        try:
            if picture.applies(subject):
                (run / place).parent.mkdir(parents=True, exist_ok=True)
                # Not synced: it can be drawn again, by `python -m runner.plots`.
                write_atomically(run / place, drawn(picture, subject, form), Never())
        except Exception as error:  # a picture never costs a run its results
            yield f"{place} is not drawn: {error_line(error)}"


def drawn(picture: Picture, subject: Subject, form: Form = PLAIN) -> bytes:
    """The picture as a file's content, of two points a pixel where it is a PNG file."""
    if form.format == "png":
        return png(picture, subject, form.look, CRISP)
    content = io.BytesIO()
    with drawing(picture, subject, form.look) as figure:
        # With its time it would be another file each time.
        figure.savefig(content, format=form.format, metadata={"Date": None})
    return content.getvalue()


def png(picture: Picture, subject: Subject, look: Look = LIGHT, dots: int = SCREEN) -> bytes:
    """The picture as a PNG file's content, of so many points an inch."""
    content = io.BytesIO()
    with drawing(picture, subject, look) as figure:
        figure.set_dpi(dots)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    if not picture.shaded:
        image = with_palette(image)
    image.save(content, format="png", compress_level=6)
    return content.getvalue()


def with_palette(image: Image.Image) -> Image.Image:
    """The image in 256 colours, that of its corner, the paper's, as it was."""
    return with_its_paper(image.quantize(256, Image.Quantize.FASTOCTREE), image)


def with_its_paper(few: Image.Image, image: Image.Image) -> Image.Image:
    """An image in few colours, that of its corner, the paper's, as it was."""
    palette, corner = few.getpalette() or [], few.getpixel((0, 0))
    if isinstance(corner, int):
        palette[3 * corner : 3 * corner + 3] = image.getpixel((0, 0))
    few.putpalette(palette)
    return few


@contextmanager
def drawing(picture: Picture, subject: Subject, look: Look) -> Iterator[Figure]:
    """The figure, to be written while entered."""
    # Overflow is of losses near the largest number, whose axis would end beyond it.
    with drawn_in(look), warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield picture.draw(subject)
