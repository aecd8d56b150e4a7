"""The network as a drawing: units as circles, weights as lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from runner.analysis.plots.style import axes_grid, foot, look, new_figure, plain
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.weights import has_weights
from runner.network.arrays import Array

MOST_DRAWN_UNITS = 24
"""In a layer of a network that is drawn."""
MOST_DRAWN_LAYERS = 8
UNIT_SIZE = 15
"""Points across."""


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
        axes.add_collection(
            edges(places[index], places[index + 1], matrix, subject.reach(f"layer {index}", matrix))
        )
        bias = layer.bias_vector(subject.parameters)
        most = subject.reach(f"biases {index}", bias)
        fills.append(bias / most if bias.size else np.zeros(matrix.shape[1]))
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
    note = f"orange positive, blue negative; width: size{filled}"
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


def edges(sources: Array, sinks: Array, matrix: Array, limit: float) -> LineCollection:
    """A line for each weight of [n_in, n_out], weak ones first; limit: that of the widest."""
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
