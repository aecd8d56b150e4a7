"""One image on its way through a net: what each convolution and pooling makes of it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from runner.analysis.plots.style import PARTS, axes_grid, foot, look, new_figure, plain
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.tiles import draw_tiles
from runner.network.arrays import Array
from runner.network.labels import labels
from runner.network.layers.parts import written

MOST_MAPS = 16
"""Of a layer, side by side."""
LEAST_COLUMNS = 10
MOST_ROWS = 10
TILE = 0.52
"""Inches."""


def has_maps(subject: Subject) -> bool:
    """Whether a layer makes maps."""
    return subject.sound and any(len(kind.shape) == 3 for kind in subject.network.topology.kinds)


def maps_of_layers(subject: Subject) -> Figure:
    """The first sample, and a row for each layer that makes maps of it, as they leave it.

    Colours reach to the largest value of each row.
    """
    topology = subject.network.topology
    shapes = [topology.shape, *(kind.shape for kind in topology.kinds)]
    names = ["input", *(f"layer {n}, {kind}" for n, kind in enumerate(topology.kinds, 1))]
    rows = [place for place, shape in enumerate(shapes) if len(shape) == 3][:MOST_ROWS]
    columns = min(MOST_MAPS, max(LEAST_COLUMNS, *(shapes[row][0] for row in rows)))
    width, height = columns * TILE + 0.3, len(rows) * (TILE + 0.32) + 0.35
    figure = new_figure(subject, width, height)
    axes = axes_grid(figure, len(rows), 1, (0.15, 0.15, 0.3, 0.2), hspace=0.32 / TILE)
    for place, row in zip(axes, rows, strict=True):
        maps = subject.example[row].reshape(shapes[row])
        limit = subject.reach(f"row {row}", maps)
        scale: Any = {"cmap": look().signed, "vmin": -limit, "vmax": limit}
        shown = maps[:MOST_MAPS, :, :, None]
        if row == 0:
            shown = as_picture(subject.example_part.inputs.reshape(maps.shape))
            scale = {"cmap": "gray_r"}
        draw_tiles(place, list(shown), columns, (0.12, 0.12), **scale)
        place.set_anchor("W")
        cut = f", the first {MOST_MAPS}" if len(maps) > MOST_MAPS else ""
        place.set_title(f"{names[row]}: {written(shapes[row])}{cut}", loc="left", size=9)
    told = f"{example_text(subject)}; orange positive, blue negative, to the largest of a row"
    foot(figure, told)
    return figure


def as_picture(sample: Array) -> Array:
    """A sample [channels, rows, columns] as images [images, rows, columns, channels] to draw.

    One in colour of three channels; of others each by itself.
    """
    if len(sample) != 3:
        return sample[..., None]
    image: Array = np.moveaxis(sample, 0, -1)[None] / max(1.0, float(sample.max()))
    return image


def example_text(subject: Subject) -> str:
    """Which sample it is, and what was made of it in the end."""
    told = f"{PARTS[subject.part]} sample {subject.example_place + 1}"
    classes, place = subject.dataset.classes, subject.example_place
    if classes is not None and subject.dataset.one_target:
        ends = (labels(values[[place]])[0] for values in subject.judged)
        told += f", {' → '.join(plain(classes[end], 12) for end in ends)}"
    return told
