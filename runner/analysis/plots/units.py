"""What each hidden unit of a net with two inputs says over the plane."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from runner.analysis.plots.decisions import axis_values, is_plane
from runner.analysis.plots.style import SMALL, axes_grid, axis_name, foot, look, new_figure, plain
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.tiles import draw_tiles
from runner.network.arrays import Array

GRID = 62
"""Points along each axis."""
COLUMNS = 12
MOST_UNITS = 24
"""Of a layer."""
MOST_LAYERS = 4
LONGEST = 11
"""Letters of an input's name."""
TILE, BETWEEN, TITLE = 0.62, 0.2, 0.22
"""Inches: of a unit, of what is written above it, and of a layer's title."""
MIDDLES = {"sigmoid": (0.5, 0.5), "tanh": (0.0, 1.0)}
"""Of bounded activations the middle, and how far it is to an end."""


def has_units(subject: Subject) -> bool:
    """Whether hidden units are functions over a plane."""
    topology = subject.network.topology
    return is_plane(subject) and topology.is_dense and 1 < len(topology.layers) <= MOST_LAYERS + 1


def units_over_plane(subject: Subject) -> Figure:
    """A tile a unit, a row or two a layer: its activation over the plane.

    Above those of the last hidden layer is what they count for the output, where there is one.
    Rectifiers and the like reach to the largest of each unit, others to the ends of their range.
    """
    x, y = (axis_values(subject.samples.inputs[:, place], GRID) for place in (0, 1))
    points = np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)
    *hidden, outputs = subject.through_layers(points)[1:]
    boundary = outputs.reshape(GRID, GRID) if outputs.shape[1] == 1 and subject.decides else None
    rows = [-(-min(MOST_UNITS, values.shape[1]) // COLUMNS) for values in hidden]
    columns = min(COLUMNS, max(values.shape[1] for values in hidden))
    width = max(4.6, columns * (TILE + 0.07) + 0.3)
    heights = [row * (TILE + BETWEEN) + TITLE for row in rows]
    figure = new_figure(subject, width, sum(heights) + 0.4)
    margins = (0.15, width - 0.15 - columns * (TILE + 0.07), 0.3, 0.0)
    gaps: Any = {"height_ratios": heights, "hspace": 0.0}
    every = axes_grid(figure, len(hidden), 1, margins, **gaps)
    for index, (axes, values) in enumerate(zip(every, hidden, strict=True)):
        shown = [
            scaled(subject, (index, unit), each) for unit, each in enumerate(values.T[:MOST_UNITS])
        ]
        scale: Any = {"cmap": look().signed, "vmin": -1, "vmax": 1, "interpolation": "nearest"}
        tops = draw_tiles(axes, shown, columns, (0.07 / TILE, BETWEEN / TILE), **scale)
        for top, told in zip(tops, names(subject, index, len(shown)), strict=True):
            above: Any = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center"}
            axes.annotate(told, top, size=SMALL, **above)
        if boundary is not None:
            for middle, top_ in tops:
                extent = (middle - GRID / 2, middle + GRID / 2, top_, top_ + GRID)
                axes.contour(boundary, [0.5], extent=extent, colors=look().ink, linewidths=0.7)
        limits = (TITLE + BETWEEN) / TILE * GRID
        axes.set_ylim(axes.get_ylim()[0], -limits)
        cut = (
            f", the first {MOST_UNITS} of {values.shape[1]}" if len(shown) < values.shape[1] else ""
        )
        name = subject.network.activation_names[index]
        place: Any = {"xy": (0, 1), "xycoords": "axes fraction", "va": "top"}
        place |= {"xytext": (0, -5), "textcoords": "offset points"}
        axes.annotate(f"layer {index + 1}, {name}{cut}", size=9, weight="bold", **place)
        axes.set_anchor("NW")
    line = "; line: output 0.5" if boundary is not None else ""
    foot(figure, f"{plane(subject)}; orange high, blue low{line}")
    return figure


def plane(subject: Subject) -> str:
    """What the tiles are over: the names of both inputs, where they have room."""
    across, up = (plain(axis_name(name, "input"), LONGEST) for name in subject.dataset.input_names)
    return f"across {across}, up {up}"


def scaled(subject: Subject, place: tuple[int, int], values: Array) -> Array:
    """[rows, columns, 1] A unit's activations on the scale of its colours, from -1 to 1."""
    layer, unit = place
    whole = subject.reach(f"layer {layer} unit {unit}", values)
    middle, reach = MIDDLES.get(subject.network.activation_names[layer], (0.0, whole))
    grid: Array = ((values - middle) / reach).reshape(GRID, GRID, 1)
    return grid


def names(subject: Subject, layer: int, units: int) -> list[str]:
    """The number of each unit, and what it counts for the only output that it leads to."""
    topology = subject.network.topology
    if layer + 2 < len(topology.layers) or topology.outputs > 1:
        return [f"{unit + 1}" for unit in range(units)]
    counts = topology.layers[layer + 1].weight_matrix(subject.parameters)[:units, 0]
    return [f"{unit + 1}: {count:+.2g}".replace("-", "−") for unit, count in enumerate(counts)]
