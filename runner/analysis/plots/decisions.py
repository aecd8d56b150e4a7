"""Pictures of what the network says: confusion matrix, worst mistakes, surfaces, fits."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from runner.analysis.plots.style import (
    CENTRED,
    COLOURS,
    HELD_OUT,
    INK,
    PARTS,
    SIGNED,
    TRAINING,
    axes_grid,
    axis_name,
    new_figure,
    plain,
)
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.tiles import draw_tiles
from runner.errors import counted
from runner.network.arrays import Array
from runner.network.labels import confusion_counts, labels

MOST_CLASSES = 50
MOST_COUNTED = 15
"""Classes up to which counts are written into the confusion matrix."""
LONGEST_CLASS = 18
"""Letters of a class's name beside the confusion matrix."""
LETTER = 0.085
"""Inches of one of them."""
SHORT_NAME = 4
"""Letters of classes whose names have room beside each other above an image."""
MOST_MISTAKES = 24
MOST_BARS = 12
CHARACTERS = 12.5
"""Of the names of bars, an inch."""
GRID = 160
"""Points along each axis of a surface."""
MOST_POINTS = 600
MOST_SURFACES = 4


def has_classes(subject: Subject) -> bool:
    """Whether samples belong to classes, not too many to draw."""
    classes = subject.dataset.classes
    return subject.sound and classes is not None and 2 <= len(classes) <= MOST_CLASSES


def confusion_matrix(subject: Subject) -> Figure:
    """How many samples or steps of each class (rows) were taken for each (columns).

    Colour: the row's share.
    """
    classes = subject.dataset.classes or ()
    each = "sample" if subject.dataset.one_target else "step"
    targets, outputs = subject.judged
    counts = confusion_counts(targets, outputs)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(2.6, min(5.5, 0.36 * len(classes)))
    names = [plain(name, LONGEST_CLASS) for name in classes]
    longest = max(map(len, names))
    turned = 90 if longest > 3 else 0
    left = max(0.95, 0.45 + LETTER * longest)
    below = left if turned else 0.6
    figure = new_figure(subject, left + side + 0.65, below + side + 0.05)
    (axes,) = axes_grid(figure, 1, 1, (left, 0.65, below, 0.05))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=turned)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("class")
    axes.set_xlabel(f"taken for ({counted(len(outputs), f'{PARTS[subject.part]} {each}')})")
    if len(names) <= MOST_COUNTED:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else INK
                axes.text(column, row, f"{count}", color=colour, size=8, **CENTRED)
    return figure


def has_mistakes(subject: Subject) -> bool:
    """Whether a sample is wrong, or, where numbers are predicted, off; not of steps."""
    if not subject.sound or not subject.dataset.one_target:
        return False
    return bool(subject.wrong.any() if subject.decides else len(subject.samples))


def worst_samples(subject: Subject, most: int) -> Array:
    """The places of the samples with the largest errors, among the wrong ones if there are any."""
    errors = np.where(subject.wrong, subject.errors, -1) if subject.decides else subject.errors
    places = np.argsort(-errors, kind="stable")[:most]
    chosen: Array = places[errors[places] >= 0]
    return chosen


def worst_mistakes(subject: Subject) -> Figure:
    """The samples with the largest |output - target|: as images, or as bars."""
    if subject.dataset.shows_images and subject.dataset.classes is not None:
        return mistaken_images(subject)
    return mistaken_samples(subject)


def mistaken_images(subject: Subject) -> Figure:
    """Images, each with its class and what it was taken for."""
    dataset, classes = subject.dataset, subject.dataset.classes or ()
    places = worst_samples(subject, MOST_MISTAKES)
    columns, long = 8, max(map(len, classes), default=0) > SHORT_NAME
    rows, between = -(-len(places) // columns), "\n→ " if long else " → "
    figure = new_figure(subject, 7.6, (1.4 if long else 1.2) * rows + 0.35)
    (axes,) = axes_grid(figure, 1, 1, (0.15, 0.15, 0.3, 0.25))
    shown = dataset.images(subject.samples.inputs[places].astype(float))
    images = [image / max(1.0, image.max()) for image in shown]
    tops = draw_tiles(axes, images, columns, (0.15, 0.75 if long else 0.45), cmap="gray_r")
    targets, outputs = labels(subject.samples.targets), labels(subject.outputs)
    for top, sample in zip(tops, places, strict=True):
        told = (plain(classes[label[sample]], 12) for label in (targets, outputs))
        above: Any = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
        axes.annotate(between.join(told), top, size=8.5, **above)
    note = f"class → taken for; the worst of {subject.wrong.sum():,} wrong"
    note += f" among {counted(len(subject.outputs), f'{PARTS[subject.part]} sample')}"
    figure.text(0.02, 0.012, note, size=8, color=INK, va="bottom")
    return figure


def mistaken_samples(subject: Subject) -> Figure:
    """A bar for each sample: how far its worst output is off, and what both were."""
    places = worst_samples(subject, MOST_BARS)
    names = [told(subject, place) for place in places]
    left = 0.35 + max(map(len, names)) / CHARACTERS
    figure = new_figure(subject, 3.5 + left, 0.26 * len(places) + 0.7)
    (axes,) = axes_grid(figure, 1, 1, (left, 0.2, 0.48, 0.05))
    axes.barh(range(len(places)), subject.errors[places], color=TRAINING, height=0.7)
    axes.set_yticks(range(len(places)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"largest |output − target| ({PARTS[subject.part]} samples)")
    return figure


def told(subject: Subject, sample: int) -> str:
    """A sample in words: what it should be, what the network says."""
    target, output = (values[sample] for values in subject.judged)
    if (classes := subject.dataset.classes) is not None:
        named = (classes[labels(values[None])[0]] for values in (target, output))
        return f"sample {sample + 1}: " + " → ".join(plain(name, 12) for name in named)
    worst = int(np.abs(output - target).argmax())
    return (
        f"sample {sample + 1}: target {in_digits(target[worst])}, output {in_digits(output[worst])}"
    )


def in_digits(value: float) -> str:
    """A number to four digits, large ones whole: 102,400 and not 1.024e+05."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


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
    figure = new_figure(subject, 1.25 + 3.9 * panels, 3.6)
    axes = axes_grid(figure, 1, panels, (0.8, 0.85, 0.5, 0.1), wspace=0.4)
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
    colours = np.array([to_rgb(COLOURS[i % len(COLOURS)]) for i in range(len(classes))])
    strength = 0.65 * np.clip(outputs.max(axis=2, keepdims=True), 0, 1)
    shown = labels(outputs.reshape(-1, len(classes))).reshape(outputs.shape[:2])
    image = 1 - strength * (1 - colours[shown])
    axes.imshow(image, **lying_in(extent))
    points, targets = subject.samples.inputs[:MOST_POINTS], labels(subject.samples.targets)
    for label, name in enumerate(classes):
        x, y = points[targets[:MOST_POINTS] == label].T
        look: Any = {"color": colours[label], "label": plain(name, 12)}
        axes.scatter(x, y, s=16, edgecolors="white", lw=0.5, **look)
    if len(classes) <= len(COLOURS):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="class", handletextpad=0.1)


def draw_heights(axes: Axes, subject: Subject, outputs: Array, output: int, extent: Extent) -> None:
    """One output's value as colour, the boundary at 0.5 where it decides, and the targets."""
    heights, targets = outputs[..., output], subject.samples.targets[:MOST_POINTS, output]
    if subject.decides:
        low, high, colours = -0.15, 1.15, SIGNED
        axes.contour(heights, [0.5], extent=extent, colors=INK, linewidths=1)
    else:
        both = np.concatenate([heights.ravel(), targets])
        low, high, colours = both.min(), both.max(), "viridis"
    scale: Any = {"cmap": colours, "vmin": low, "vmax": high}
    image = axes.imshow(heights, **lying_in(extent), interpolation="bilinear", **scale)
    x, y = subject.samples.inputs[:MOST_POINTS].T
    axes.scatter(x, y, c=targets, s=34, edgecolor="white", linewidth=1.2, **scale)
    name = subject.dataset.target_names[output]
    axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.03, label=axis_name(name, "output"))


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
    axes.set(xlabel=axis_name(inputs_named[0], "input"), ylabel=axis_name(names[0], "output"))
    axes.legend()
    return figure


def axis_values(values: Array, points: int) -> Array:
    """Evenly spaced values over the range of `values` and a tenth more."""
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)
