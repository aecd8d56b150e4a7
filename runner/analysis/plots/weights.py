"""Pictures of the weights: as heat maps, as a drawn network, as images."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from runner.analysis.plots.style import (
    CENTRED,
    SMALL,
    axes_grid,
    foot,
    look,
    new_figure,
    plain,
    written_on,
)
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.tiles import draw_tiles
from runner.errors import counted
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.parts import Shape

MOST_WEIGHTS = 5_000_000
MOST_LAYERS = 8
SORTED = 16
"""Units from beyond which on they are sorted."""
NUMBER = 0.48
"""Inches of a weight that is written out."""
LETTER, LINE = 0.068, 0.113
"""Inches of a name beside a matrix: of each letter, and down."""
LONGEST = 18
"""Letters of such a name."""
MOST_NAMED = 40
"""Inputs with names that each have a line."""
WIDEST = 3.2
"""Inches of a matrix whose columns have names."""
MOST_UNITS = 60
"""Whose weights are shown as images."""


def has_weights(subject: Subject) -> bool:
    """Whether weights can be shown at all."""
    return subject.sound and subject.parameters.size <= MOST_WEIGHTS


class Panel(NamedTuple):
    """A matrix and how it is told."""

    title: str
    matrix: Array
    bias: Array
    source: str
    sink: str
    """What rows come from and columns lead to."""
    rows: Sequence[str]
    columns: Sequence[str]
    """Their names, or numbers."""

    @property
    def lines(self) -> list[str]:
        """The names of all rows that are drawn."""
        return [*self.rows, *(["bias"] if self.bias.size else [])]


def by_strength(matrix: Array) -> Array:
    """Columns of [n_in, units], that with the largest norm first."""
    norms = np.sqrt((matrix.astype(float) ** 2).sum(axis=0))
    order: Array = np.argsort(-norms, kind="stable")
    return order


def weight_panels(subject: Subject) -> Iterator[Panel]:
    """Each layer's matrices, of a recurrent one that from state to state as well.

    Of many hidden units those with the largest weights come first, also where they lead on: in the
    order that they were drawn in, weights look like noise.
    """
    topology, none = subject.network.topology, np.empty(0)
    in_order = (subject.last or subject).parameters
    below: Array | None = None
    for number, layer in enumerate(topology.layers, 1):
        kind, own = layer.kind, layer.views(subject.parameters)
        if not own:
            below = None
            continue
        told = f"layer {number}" if isinstance(kind, Dense) else f"layer {number}, {kind}"
        bias = layer.bias_vector(subject.parameters) if topology.bias else none
        matrix, (source, sink) = own["weights"], kind.ends
        rows, columns = names_of(subject, number, matrix)
        plain_units = isinstance(kind, Dense) and kind.steps is None
        if plain_units and number == 1:
            source = "input"
        if plain_units and below is not None:
            matrix, source = matrix[below], f"{source}, strongest first"
            rows = [rows[unit] for unit in below]
        below = None
        hidden = number < len(topology.layers)
        if isinstance(kind, Dense) and not hidden:
            sink = "output"
        if hidden and (plain_units or isinstance(kind, Convolution)) and matrix.shape[1] > SORTED:
            order = by_strength(layer.views(in_order)["weights"])
            matrix, bias = matrix[:, order], bias[order] if bias.size else bias
            columns, sink = [columns[unit] for unit in order], f"{sink}, strongest first"
            below = order if plain_units else None
        yield Panel(told, matrix, bias, source, sink, rows, columns)
        if "recurrent" in own:
            state = own["recurrent"]
            numbers = numbered(len(state)), numbered(state.shape[1])
            yield Panel(f"layer {number}, state", state, none, "unit", kind.ends[1], *numbers)


def numbered(count: int) -> list[str]:
    """Numbers from 1 as names."""
    return list(map(str, range(1, count + 1)))


def names_of(subject: Subject, number: int, matrix: Array) -> tuple[list[str], list[str]]:
    """The names of a layer's rows and columns: inputs and outputs have some, others numbers."""
    rows, columns = map(numbered, matrix.shape)
    dataset, last = subject.dataset, len(subject.network.topology.layers)
    if number == 1 and dataset.named and len(dataset.input_names) == len(rows):
        rows = [plain(name, LONGEST) for name in dataset.input_names]
    if number == last and len(dataset.target_names) == len(columns):
        columns = [plain(name, LONGEST) for name in dataset.target_names]
    return rows, columns


def carries_numbers(panel: Panel) -> bool:
    """Whether there is room for a matrix's numbers."""
    return len(panel.lines) <= 8 and len(panel.columns) <= 6


def room_for(names: Sequence[str]) -> float:
    """Inches that each of the names has room in."""
    return LETTER * (max(map(len, names)) + 1)


def width_of(panel: Panel) -> float:
    """Inches across a matrix: more for numbers in it, and for names of few columns."""
    least = max(1.45, NUMBER * len(panel.columns)) if carries_numbers(panel) else 1.9
    named = room_for(panel.columns) * len(panel.columns)
    return max(least, named) if named <= WIDEST else least


def weight_maps(subject: Subject) -> Figure:
    """Each layer's matrix [n_in, n_out], biases as a last row; colours reach to its largest."""
    panels = list(islice(weight_panels(subject), MOST_LAYERS))
    widths = list(map(width_of, panels))
    between, left = 1.0, max(0.7, 0.4 + room_for(panels[0].lines))
    height = 2.7
    if panels[0].rows != numbered(len(panels[0].rows)) and len(panels[0].lines) <= MOST_NAMED:
        height = max(height, 0.75 + LINE * len(panels[0].lines))
    figure = new_figure(subject, left + sum(widths) + between * len(widths), height)
    gaps: Any = {"width_ratios": widths, "wspace": between * len(widths) / sum(widths)}
    axes = axes_grid(figure, 1, len(panels), (left, 0.45, 0.5, 0.25), **gaps)
    for place, panel, width in zip(axes, panels, widths, strict=True):
        draw_matrix(place, panel, subject)
        inputs, units = panel.matrix.shape
        place.set_title(f"{panel.title}: {inputs} × {units}")
        place.set_xlabel(f"to {panel.sink}")
        place.set_ylabel(f"from {panel.source}", labelpad=2)
        name_places(place.xaxis, panel.columns, int(width / room_for(panel.columns)), 4)
        name_places(place.yaxis, panel.lines, int((height - 0.75) / LINE), 6)
    return figure


def name_places(axis: Axis, names: Sequence[str], room: int, few: int) -> None:
    """Names what stands along an axis: each of as many as there is room for, of more a few."""
    count, bias = len(names), names[-1] == "bias"
    units = count - bias
    places = list(range(1, count + 1))
    if count > room:
        steps = MaxNLocator(few, integer=True).tick_values(1, units)
        step = int(steps[1] - steps[0])
        # Those of one order at round numbers, of another from the first on, which is the strongest.
        first = step if list(names[:units]) == numbered(units) else 1
        free = 0.94 * units if bias else units
        places = [place for place in range(first, units + 1, step) if place <= free]
        places += [count] * bias
    axis.set_ticks(places, [names[place - 1] for place in places])
    if count > SORTED:
        axis.set_tick_params(labelsize=SMALL)


def draw_matrix(axes: Axes, panel: Panel, subject: Subject) -> None:
    """A heat map with its colour bar; small ones carry their numbers."""
    matrix, bias = panel.matrix, panel.bias
    shown = np.vstack([matrix, bias[None]]) if bias.size else matrix
    limit = subject.reach(panel.title, shown)
    rows, columns = shown.shape
    extent = (0.5, columns + 0.5, rows + 0.5, 0.5)  # units count from 1
    scale: Any = {"cmap": look().signed, "vmin": -limit, "vmax": limit}
    image = axes.imshow(shown, aspect="auto", extent=extent, **scale)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    ends: Any = {"ticks": (-limit, 0, limit), "format": FuncFormatter(shortly)}
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.06, pad=0.03, **ends)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    if carries_numbers(panel):
        for (row, column), value in np.ndenumerate(shown):
            colour = written_on(image.to_rgba(value))
            axes.text(column + 1, row + 1, f"{value:.3g}", color=colour, size=7.5, **CENTRED)


def shortly(value: float, _place: float) -> str:
    """1.6e5 for 160,000, to fit beside a colour bar."""
    return f"{value:.2g}".replace("e+0", "e").replace("e-0", "e-")


def window(subject: Subject) -> Shape | None:
    """The (channels, rows, columns) that each unit of the first layer looks at, or a map of it."""
    kind = subject.network.topology.kinds[0]
    if isinstance(kind, Convolution) and kind.size > 1:
        return (kind.below[0], kind.size, kind.size)
    whole = isinstance(kind, Dense) and kind.steps is None and subject.dataset.shows_images
    return subject.dataset.shape if whole else None


def shows_windows(subject: Subject) -> bool:
    """Whether a first-layer unit's weights are a picture as what it looks at is."""
    return window(subject) is not None and has_weights(subject)


def first_layer_images(subject: Subject) -> Figure:
    """The weights into each first-layer unit or map, laid out as the pixels are, strongest first.

    Of one or three channels an image each, of others a row of images, one a channel.
    """
    shape = window(subject) or (1, 1, 1)
    channels, apart = shape[0], shape[0] not in (1, 3)
    layer = subject.network.topology.layers[0]
    order = by_strength(layer.weight_matrix((subject.last or subject).parameters))
    matrix = layer.weight_matrix(subject.parameters)[:, order]
    units = min(matrix.shape[1], max(1, MOST_UNITS // channels) if apart else MOST_UNITS)
    columns = channels if apart else min(10, units)
    limit = subject.reach("weights", matrix[:, :units])
    images = matrix[:, :units].T.reshape(-1, 1 if apart else channels, *shape[1:])
    shown = list(np.moveaxis(images, 1, -1))
    if shown[0].shape[2] > 1:
        shown = [0.5 + 0.5 * image / limit for image in shown]
    width, rows = max(4.5, 0.75 * columns + 0.3), -(-len(shown) // columns)
    figure = new_figure(subject, width, 0.75 * rows + 0.35)
    (axes,) = axes_grid(figure, 1, 1, (0.15, 0.15, 0.35, 0.05))
    draw_tiles(axes, shown, columns, (0.08, 0.08), cmap=look().signed, vmin=-limit, vmax=limit)
    whole = "" if units == matrix.shape[1] else f" the strongest {units} of"
    _, one = subject.network.topology.kinds[0].ends
    each = ", a row each" if apart else ""
    note = f"weights into{whole} {counted(matrix.shape[1], one)}{each}"
    note += f", strongest first; colours from −{limit:.2g} to {limit:.2g}"
    foot(figure, note)
    return figure
