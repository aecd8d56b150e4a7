"""The samples that a network is furthest from: as images, or as bars beside their inputs."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.analysis.plots.calibration import confidences
from runner.analysis.plots.style import (
    CENTRED,
    PARTS,
    SMALL,
    TRAINING,
    axes_grid,
    axis_name,
    foot,
    look,
    new_figure,
    plain,
)
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.tiles import draw_tiles
from runner.errors import counted
from runner.network.arrays import Array
from runner.network.labels import labels

MOST_IMAGES = 24
MOST_BARS = 12
MOST_INPUTS = 6
"""Of a sample, beside its bar."""
COLUMN = 0.72
"""Inches of one of them."""
SHORT_NAME = 4
"""Letters of classes whose names have room beside each other above an image."""
CHARACTERS = 12.5
"""Of the names of bars, an inch."""
STRIKING = 3.0
"""Standard deviations from the mean at which an input has the strongest colour."""


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
    """Images, each with its class, what it was taken for, and how sure the network was."""
    dataset, classes = subject.dataset, subject.dataset.classes or ()
    places = worst_samples(subject, MOST_IMAGES)
    columns, long = 8, max(map(len, classes), default=0) > SHORT_NAME
    rows = -(-len(places) // columns)
    sure = how_sure(subject, places)
    lines = 2 + long
    figure = new_figure(subject, 7.6, (0.82 + 0.17 * lines) * rows + 0.4)
    (axes,) = axes_grid(figure, 1, 1, (0.15, 0.15, 0.3, 0.17 * lines))
    shown = dataset.images(subject.samples.inputs[places].astype(float))
    images = [image / max(1.0, image.max()) for image in shown]
    tops = draw_tiles(axes, images, columns, (0.15, 0.08 + 0.21 * lines), cmap="gray_r")
    targets, outputs = labels(subject.samples.targets), labels(subject.outputs)
    for place, (top, sample) in enumerate(zip(tops, places, strict=True)):
        ends = (plain(classes[label[sample]], 12) for label in (targets, outputs))
        told = ("\n→ " if long else " → ").join(ends) + f"\n{sure[place]}"
        above: Any = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
        axes.annotate(told, top, size=SMALL, **above)
    note = "class → taken for, " + (
        "how sure of it" if subject.gives_probabilities else "its output"
    )
    note += f"; the worst of {subject.wrong.sum():,} wrong"
    note += f" among {counted(len(subject.outputs), f'{PARTS[subject.part]} sample')}"
    foot(figure, note)
    return figure


def how_sure(subject: Subject, places: Array) -> list[str]:
    """The output of the class that each is taken for, in percent where it is a probability."""
    if subject.dataset.classes is None:
        return []
    if not subject.gives_probabilities:
        return [f"{output:.2f}" for output in subject.judged[1][places].max(axis=1)]
    return [f"{100 * sure:.0f} %" for sure in confidences(subject)[places]]


def mistaken_samples(subject: Subject) -> Figure:
    """A bar for each sample: how far its worst output is off; what both were, and its inputs."""
    places = worst_samples(subject, MOST_BARS)
    sure = how_sure(subject, places)
    names = [told(subject, place) for place in places]
    names = [" ".join(each) for each in zip(names, sure, strict=True)] if sure else names
    inputs = striking_inputs(subject, places)
    left = 0.35 + max(map(len, names)) / CHARACTERS
    columns = [plain(axis_name(subject.dataset.input_names[i], "input"), 22) for i in inputs]
    right = COLUMN * len(inputs) + 0.1 + (0.55 if inputs else 0.1)
    above = 0.05 + (0.05 * max(map(len, columns)) + 0.15 if columns else 0)
    below = 0.48 + (0.2 if columns else 0)
    figure = new_figure(subject, 3.2 + left + right, 0.26 * len(places) + below + above)
    (axes,) = axes_grid(figure, 1, 1, (left, right, below, above))
    axes.barh(range(len(places)), subject.errors[places], color=TRAINING, height=0.7)
    axes.set_yticks(range(len(places)), names)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"largest |output − target| ({PARTS[subject.part]} samples)")
    if columns:
        width = figure.get_figwidth()
        place = axes.get_position()
        across = COLUMN * len(inputs) / width
        beside = figure.add_axes((1 - (right - 0.1) / width, place.y0, across, place.height))
        write_inputs(beside, subject, places, inputs, columns)
        cut = len(inputs) < subject.dataset.inputs
        which = f"{len(inputs)} of {subject.dataset.inputs:,} inputs" if cut else "inputs"
        foot(figure, f"{which}; orange far above the training part's mean, blue far below")
    return figure


def striking_inputs(subject: Subject, places: Array) -> list[int]:
    """Which columns of a table are shown: of many those in which the samples are furthest off.

    None of what is no table: of images and sequences.
    """
    dataset = subject.dataset
    if len(dataset.shape) > 1:
        return []
    distances = np.abs(strangeness(subject, places)).mean(axis=0)
    return sorted(np.argsort(-distances, kind="stable")[:MOST_INPUTS].tolist())


def strangeness(subject: Subject, places: Array) -> Array:
    """[places, n_in] Standard deviations of the training part between each input and its mean."""
    some = np.asarray(subject.dataset.train.inputs[: len(subject.samples)], float)
    spread = some.std(axis=0)
    away = np.asarray(subject.samples.inputs[places], float) - some.mean(axis=0)
    deviations: Array = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
    return deviations


def write_inputs(
    axes: Axes, subject: Subject, places: Array, inputs: list[int], names: list[str]
) -> None:
    """A small table, a row a sample, coloured where a value is unlike those trained on."""
    far = strangeness(subject, places)[:, inputs]
    scale: Any = {"cmap": look().signed, "vmin": -STRIKING, "vmax": STRIKING, "alpha": 0.6}
    axes.imshow(far, aspect="auto", **scale)
    for (row, column), _ in np.ndenumerate(far):
        value = float(subject.samples.inputs[places[row], inputs[column]])
        axes.text(column, row, in_digits(value, 3), size=SMALL, **CENTRED)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(inputs)), names, rotation=35, ha="left", size=SMALL)
    axes.set_yticks([])
    axes.tick_params(length=0, pad=1)
    axes.spines[:].set_visible(False)


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


def in_digits(value: float, digits: int = 4) -> str:
    """A number to so many digits, large ones whole: 102,400 and not 1.024e+05."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.{digits}g}"
