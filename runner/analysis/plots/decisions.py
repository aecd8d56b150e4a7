"""Pictures of what the network says of inputs that can be drawn: surfaces over a plane, fits."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from runner.analysis.plots.style import (
    HELD_OUT,
    PARTS,
    TRAINING,
    axes_grid,
    axis_name,
    look,
    new_figure,
    plain,
)
from runner.analysis.plots.subject import Subject
from runner.network.arrays import Array
from runner.network.labels import labels

GRID = 160
"""Points along each axis of a surface."""
MOST_POINTS = 600
MOST_SURFACES = 4
FADED = 0.65
"""How strong the colour of a class is where the network is sure, for its samples to stand out."""


def is_plane(subject: Subject) -> bool:
    """Whether samples are points in a plane."""
    return subject.dataset.shape == (2,) and subject.sound


def decision_surface(subject: Subject) -> Figure:
    """What the network says all over the plane, and the samples in it."""
    x, y = (axis_values(subject.samples.inputs[:, place], GRID) for place in (0, 1))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    outputs = subject.predict(grid.reshape(-1, 2)).reshape(GRID, GRID, -1)
    several = outputs.shape[2] > 1 and subject.dataset.classes is not None
    panels = 1 if several else min(outputs.shape[2], MOST_SURFACES)
    above = 0.3 if subject.decides and not several else 0.05  # for who is who
    figure = new_figure(subject, 1.25 + 3.9 * panels, 3.5 + above)
    axes = axes_grid(figure, 1, panels, (0.8, 0.85, 0.5, above), wspace=0.4)
    names = [axis_name(name, "input") for name in subject.dataset.input_names]
    extent = (x[0], x[-1], y[0], y[-1])
    for output, place in enumerate(axes):
        if several:
            draw_regions(place, subject, outputs, extent)
        else:
            draw_heights(place, subject, outputs, output, extent)
        place.set(xlabel=names[0], ylabel=names[1], xlim=extent[:2], ylim=extent[2:])
    return figure


Extent = tuple[float, float, float, float]


def lying_in(extent: Extent) -> Any:
    """How a grid of values over the plane is drawn."""
    return {"extent": extent, "origin": "lower", "aspect": "auto"}


def draw_regions(axes: Axes, subject: Subject, outputs: Array, extent: Extent) -> None:
    """Each point in the colour of its class, the stronger the surer."""
    classes = subject.dataset.classes or ()
    wheel = look().colours
    colours = np.array([to_rgb(wheel[i % len(wheel)]) for i in range(len(classes))])
    strength = FADED * np.clip(outputs.max(axis=2, keepdims=True), 0, 1)
    shown = labels(outputs.reshape(-1, len(classes))).reshape(outputs.shape[:2])
    paper = np.array(to_rgb(look().paper))
    image = paper + strength * (colours[shown] - paper)
    axes.imshow(image, **lying_in(extent))
    points, targets = subject.samples.inputs[:MOST_POINTS], labels(subject.samples.targets)
    for label, name in enumerate(classes):
        x, y = points[targets[:MOST_POINTS] == label].T
        kind: Any = {"color": colours[label], "label": plain(name, 12)}
        axes.scatter(x, y, s=16, edgecolors=look().paper, lw=0.5, **kind)
    if len(classes) <= len(wheel):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="class", handletextpad=0.1)


def draw_heights(axes: Axes, subject: Subject, outputs: Array, output: int, extent: Extent) -> None:
    """One output's value as colour, the boundary at 0.5 where it decides, and the targets.

    Where it decides, colours are pale, for samples to stand out from those of their own side.
    """
    heights, targets = outputs[..., output], subject.samples.targets[:MOST_POINTS, output]
    name = axis_name(subject.dataset.target_names[output], "output")
    points = subject.samples.inputs[:MOST_POINTS]
    if subject.decides:
        scale: Any = {"cmap": look().signed, "vmin": -0.7, "vmax": 1.7}
        axes.contour(heights, [0.5], extent=extent, colors=look().ink, linewidths=1)
    else:
        low, high = subject.span(name, np.concatenate([heights.ravel(), targets]))
        scale = {"cmap": look().signed, "vmin": low, "vmax": high}
    image = axes.imshow(heights, **lying_in(extent), interpolation="bilinear", **scale)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.03, label=name)
    if not subject.decides:
        x, y = points.T
        axes.scatter(x, y, c=targets, s=34, edgecolor="white", linewidth=1.2, **scale)
        return
    bar.ax.set_ylim(subject.span(name, np.array([0.0, 1.0, heights.min(), heights.max()])))
    draw_sides(axes, subject, points, targets)


def draw_sides(axes: Axes, subject: Subject, points: Array, targets: Array) -> None:
    """Samples of the two sides: circles and squares, in the strong colours of theirs."""
    several = len(points) > 40
    classes = subject.dataset.classes
    for side, (colour, marker) in enumerate(zip(look().colours[:2], "os", strict=True)):
        x, y = points[(targets > 0.5) == bool(side)].T
        label = f"target {side}" if classes is None else plain(classes[side], 14)
        kind: Any = {"color": colour, "marker": marker, "label": label}
        axes.scatter(x, y, s=20 if several else 60, edgecolors=look().paper, lw=0.8, **kind)
    place: Any = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 2}
    axes.legend(handletextpad=0.1, borderaxespad=0.1, **place)


def is_line(subject: Subject) -> bool:
    """Whether a number is predicted from one input."""
    return subject.dataset.inputs == 1 and subject.sound


def fit(subject: Subject) -> Figure:
    """Output over the one input, and the samples' targets."""
    inputs = subject.samples.inputs[:, 0]
    x = axis_values(inputs, 400)
    outputs = subject.predict(x[:, None])
    figure = new_figure(subject, 5.6, 3.1)
    (axes,) = axes_grid(figure, 1, 1, (0.7, 0.15, 0.5, 0.1))
    inputs_named, names = subject.dataset.input_names, subject.dataset.target_names
    label = f"target ({PARTS[subject.part]})"
    shown = subject.samples.targets[:MOST_POINTS, 0]
    axes.scatter(inputs[:MOST_POINTS], shown, s=10, alpha=0.6, color=HELD_OUT, lw=0, label=label)
    axes.plot(x, outputs[:, 0], color=TRAINING, lw=2, label="output")
    low, high = subject.span("fit", np.concatenate([shown, outputs[:, 0]]))
    margin = 0.05 * (high - low) or 0.05
    axes.set_ylim(low - margin, high + margin)
    axes.set(xlabel=axis_name(inputs_named[0], "input"), ylabel=axis_name(names[0], "output"))
    axes.legend()
    return figure


def axis_values(values: Array, points: int) -> Array:
    """Evenly spaced values over the range of `values` and a tenth more."""
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)
