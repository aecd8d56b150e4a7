"""Pictures of the weights: as heat maps, as a drawn network, as images."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from runner.analysis.plots.style import (
    CENTRED,
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
MOST_DRAWN_UNITS = 24
"""In a layer of a network that is drawn."""
MOST_DRAWN_LAYERS = 8
MOST_LAYERS = 8
SORTED = 16
"""Units from beyond which on they are sorted."""
NUMBER = 0.48
"""Inches of a weight that is written out."""
MOST_UNITS = 60
"""Whose weights are shown as images."""
UNIT_SIZE = 15
"""Points across."""


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
    below: Array | None = None
    for number, layer in enumerate(topology.layers, 1):
        kind, own = layer.kind, layer.views(subject.parameters)
        if not own:
            below = None
            continue
        told = f"layer {number}" if isinstance(kind, Dense) else f"layer {number}, {kind}"
        bias = layer.bias_vector(subject.parameters) if topology.bias else none
        matrix, (source, sink) = own["weights"], kind.ends
        plain_units = isinstance(kind, Dense) and kind.steps is None
        if plain_units and below is not None:
            matrix, source = matrix[below], f"{source}, strongest first"
        below = None
        hidden = number < len(topology.layers)
        if hidden and (plain_units or isinstance(kind, Convolution)) and matrix.shape[1] > SORTED:
            order, sink = by_strength(matrix), f"{sink}, strongest first"
            matrix, bias = matrix[:, order], bias[order] if bias.size else bias
            below = order if plain_units else None
        yield Panel(told, matrix, bias, source, sink)
        if "recurrent" in own:
            yield Panel(f"layer {number}, state", own["recurrent"], none, "unit", kind.ends[1])


def carries_numbers(panel: Panel) -> bool:
    """Whether there is room for a matrix's numbers."""
    rows, columns = panel.matrix.shape
    return bool(rows + bool(panel.bias.size) <= 8 and columns <= 6)


def weight_maps(subject: Subject) -> Figure:
    """Each layer's matrix [n_in, n_out], biases as a last row; colours reach to its largest."""
    panels = list(islice(weight_panels(subject), MOST_LAYERS))
    widths = [
        max(1.45, NUMBER * panel.matrix.shape[1]) if carries_numbers(panel) else 1.9
        for panel in panels
    ]
    between = 1.0
    figure = new_figure(subject, 0.7 + sum(widths) + between * len(widths), 2.7)
    margins = (0.7, 0.45, 0.5, 0.25)
    gaps: Any = {"width_ratios": widths, "wspace": between * len(widths) / sum(widths)}
    axes = axes_grid(figure, 1, len(panels), margins, **gaps)
    for place, panel in zip(axes, panels, strict=True):
        draw_matrix(place, panel)
        inputs, units = panel.matrix.shape
        place.set_title(f"{panel.title}: {inputs} × {units}")
        place.set_xlabel(f"to {panel.sink}")
        named = "; last: bias" if panel.bias.size and len(panel.matrix) >= 16 else ""
        place.set_ylabel(f"from {panel.source}{named}", labelpad=2)
    return figure


def draw_matrix(axes: Axes, panel: Panel) -> None:
    """A heat map with its colour bar; small ones carry their numbers."""
    matrix, bias = panel.matrix, panel.bias
    shown = np.vstack([matrix, bias[None]]) if bias.size else matrix
    limit = largest(shown)
    rows, columns = shown.shape
    extent = (0.5, columns + 0.5, rows + 0.5, 0.5)  # units count from 1
    scale: Any = {"cmap": look().signed, "vmin": -limit, "vmax": limit}
    image = axes.imshow(shown, aspect="auto", extent=extent, **scale)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    if rows <= 16:
        names = [*map(str, range(1, len(matrix) + 1)), *(["bias"] if bias.size else [])]
        axes.set_yticks(range(1, rows + 1), names)
    if columns <= 10:
        axes.set_xticks(range(1, columns + 1))
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


def is_small(subject: Subject) -> bool:
    """Whether a drawing with a line for each weight can be read."""
    sizes = subject.network.topology.sizes
    few = max(sizes) <= MOST_DRAWN_UNITS and len(sizes) <= MOST_DRAWN_LAYERS
    return few and subject.network.topology.is_dense and has_weights(subject)


def network_graph(subject: Subject) -> Figure:
    """Units as circles, filled by their bias; weights as lines: colour the sign, width the size.

    Widths and colours reach to the largest weight of each layer.
    """
    topology = subject.network.topology
    height = min(4.2, max(2.2, 0.3 * max(topology.sizes)))
    figure = new_figure(subject, 1.6 + 1.7 * len(topology.layers), height)
    (axes,) = axes_grid(figure, 1, 1, (0.75, 0.75, 0.35, 0.05))
    places = [unit_places(layer, size) for layer, size in enumerate(topology.sizes)]
    fills = [np.zeros(topology.sizes[0])]
    for index, layer in enumerate(topology.layers):
        matrix = layer.weight_matrix(subject.parameters)
        axes.add_collection(edges(places[index], places[index + 1], matrix))
        bias = layer.bias_vector(subject.parameters)
        fills.append(bias / largest(bias) if bias.size else np.zeros(matrix.shape[1]))
    size = min(UNIT_SIZE, 0.7 * 72 * height / max(topology.sizes))
    x, y = np.concatenate(places).T
    scale: Any = {
        "cmap": look().signed,
        "vmin": -1.6,
        "vmax": 1.6,
        "edgecolors": look().ink,
        "linewidths": 1,
    }
    axes.scatter(x, y, c=np.concatenate(fills), s=size**2, zorder=3, **scale)
    beside = 0.5 * size + 5
    name_units(axes, places[0], subject.dataset.input_names, -beside)
    name_units(axes, places[-1], subject.dataset.target_names, beside)
    axes.set_xlim(-0.1, len(topology.layers) + 0.1)
    axes.set_ylim(-0.55, 0.55)
    axes.axis("off")
    filled = "; fill: bias" if topology.bias else ""
    note = f"red positive, blue negative; width: size{filled}"
    foot(figure, note)
    return figure


def name_units(axes: Axes, places: Array, names: Sequence[str], beside: float) -> None:
    """Writes each unit's name so many points beside it."""
    side = "right" if beside < 0 else "left"
    for place, name in zip(places, names, strict=True):
        offset: Any = {"xytext": (beside, 0), "textcoords": "offset points"}
        axes.annotate(plain(name, 10), place, ha=side, va="center", **offset)


def unit_places(layer: int, size: int) -> Array:
    """[size, 2] Where a layer's units are drawn, the first on top."""
    heights = 0.5 - (np.arange(size) + 0.5) / size
    return np.column_stack([np.full(size, float(layer)), heights])


def edges(sources: Array, sinks: Array, matrix: Array) -> LineCollection:
    """A line for each weight of [n_in, n_out], weak ones first."""
    limit = largest(matrix)
    order = np.argsort(np.abs(matrix), axis=None)
    tails, heads = np.unravel_index(order, matrix.shape)
    weights = matrix.ravel()[order]
    lines = LineCollection(
        np.stack([sources[tails], sinks[heads]], axis=1).tolist(),
        linewidths=0.3 + 3.2 * np.abs(weights) / limit,
        cmap=look().signed,
        norm=Normalize(-1.3 * limit, 1.3 * limit),
        zorder=1,
    )
    lines.set_array(weights)
    return lines


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
    matrix = subject.network.topology.layers[0].weight_matrix(subject.parameters)
    matrix = matrix[:, by_strength(matrix)]
    units = min(matrix.shape[1], max(1, MOST_UNITS // channels) if apart else MOST_UNITS)
    columns = channels if apart else min(10, units)
    limit = largest(matrix[:, :units])
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


def largest(values: Array) -> float:
    """The largest magnitude, 1 where all are 0."""
    return float(np.abs(values).max(initial=0)) or 1.0
