"""A picture of a data set: images in a grid, sequences, letters, a truth table, or points."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from runner.analysis.plots.style import CENTRED, LIGHT, drawn_in, look, titled, written_on
from runner.data.dataset import Dataset
from runner.data.texts import letter
from runner.errors import SettingsError, counted, printable
from runner.network.arrays import Array
from runner.storage.files import write_output

DOTS = 200
"""An inch."""
PER_CLASS = 10
"""Images that are shown of each class."""
MOST_CLASSES = 20
LONGEST_NAME = 40
MOST_POINTS = 5000
MOST_LETTERS = 60
SEQUENCES = 4
MOST_LINES = 4
"""Features, or targets, of a sequence: there are eight colours."""
LONGEST_TITLE = 90
MOST_ROWS = 64
"""Samples of several inputs up to which numbers to predict are shown as a table."""
MOST_WRITTEN = 16
"""Rows, and columns, up to which each number of a table is written out."""
WHITE = {1: 0.0, 3: 1.0}
"""What is drawn white, by channels: ink is counted in grey images, light in colour."""


def save_picture(path: Path, name: str, dataset: Dataset) -> None:
    """Writes a picture of the training part, in the format that the file's name ends in.

    Raises SettingsError for a format that there is none of.
    """
    content = BytesIO()
    # Names are texts, also with a $.
    with drawn_in(LIGHT), mpl.rc_context({"text.parse_math": False}):
        figure = titled(short(name), extent(dataset), 6.4, 4.6)
        whole = (0.01, 0.01, 0.98, figure.subplotpars.top)
        figure.set_layout_engine("constrained", rect=whole)
        draw(figure, dataset)
        kind = path.suffix[1:] or "png"
        try:
            figure.savefig(content, format=kind, dpi=DOTS)
        except ValueError as error:
            raise SettingsError(f"--plot {printable(path)}: {printable(error)}") from error
    write_output(path, content.getvalue())


def extent(dataset: Dataset) -> str:
    """How much there is of it, in a line."""
    told = [counted(len(dataset.train), "training sample"), counted(dataset.inputs, "input")]
    if dataset.classes is not None:
        told.append(f"{len(dataset.classes):,} classes")
    return ", ".join(told)


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """A name as it is drawn: on one line, and no longer than leaves room for the rest."""
    line = printable(name)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def draw(figure: Any, dataset: Dataset) -> None:
    """The training part in the manner of its kind."""
    if len(dataset.shape) == 2 and not dataset.text:
        draw_sequences(figure, dataset)
        return
    axes = figure.subplots()
    if dataset.shows_images and dataset.classes is not None:
        draw_images(axes, dataset, dataset.classes)
    elif dataset.text:
        draw_letters(axes, dataset)
    elif dataset.classes is None and dataset.inputs > 1 and len(dataset.train) <= MOST_ROWS:
        draw_rows(axes, dataset)
    else:
        draw_points(axes, dataset)


def draw_images(axes: Any, dataset: Dataset, classes: Sequence[str]) -> None:
    """A row of images for each class."""
    train = dataset.train
    shown = [np.flatnonzero(train.targets == label)[:PER_CLASS] for label in range(len(classes))]
    shown = shown[:MOST_CLASSES]
    channels, height, width = dataset.shape
    gap = 1 + height // 16
    row_height, column_width = height + gap, width + gap
    largest = max(1, *(train.inputs[places].max(initial=0) for places in shown))
    canvas = np.full((len(shown) * row_height, PER_CLASS * column_width, channels), WHITE[channels])
    for row, places in enumerate(shown):
        for column, image in enumerate(dataset.images(train.inputs[places]) / largest):
            top, left = row * row_height, column * column_width
            canvas[top : top + height, left : left + width] = image
    axes.imshow(canvas[..., 0] if channels == 1 else canvas, cmap="gray_r", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks(
        np.arange(len(shown)) * row_height + height / 2, list(map(short, classes[: len(shown)]))
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def draw_rows(axes: Any, dataset: Dataset) -> None:
    """A truth table: a row a sample, its inputs, then its targets."""
    train = dataset.train
    shades = LinearSegmentedColormap.from_list("shades", (look().paper, look().colours[0]))
    values = np.hstack([train.inputs, train.targets])
    image = axes.imshow(values, cmap=shades, aspect="auto")
    if len(values) <= MOST_WRITTEN and values.shape[1] <= MOST_WRITTEN:
        axes.set_yticks(range(len(values)), range(1, len(values) + 1))
        for (row, column), value in np.ndenumerate(values):
            colour = written_on(image.to_rgba(value))
            axes.text(column, row, f"{value:.4g}", color=colour, **CENTRED)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    inputs, targets = dataset.input_names, dataset.target_names
    names = [short(f"input {name}") for name in inputs] + [
        short(f"target {name}") for name in targets
    ]
    axes.set_xticks(np.arange(len(names)), names, rotation=45, ha="right")
    axes.axvline(len(inputs) - 0.5, color=look().ink)
    axes.set_ylabel("sample")


def draw_letters(axes: Any, dataset: Dataset) -> None:
    """How often each character of a text comes, the commonest first."""
    names = dataset.classes or ()
    counts = np.bincount(dataset.train.targets.ravel(), minlength=len(names))
    places = np.argsort(-counts, kind="stable")[:MOST_LETTERS]
    axes.bar(range(len(places)), 100 * counts[places] / counts.sum())
    axes.set_xticks(range(len(places)), [letter(names[place]) for place in places], size=7)
    axes.set_xlabel("character" + (f", the commonest {MOST_LETTERS}" * (len(names) > len(places))))
    axes.set_ylabel("% of the text")
    axes.margins(x=0.01)


def draw_sequences(figure: Any, dataset: Dataset) -> None:
    """A few sequences below one another, a line a feature; what is to be learnt is dashed, or told.

    Of classes that a whole sequence has, one of each.
    """
    train, (steps, features) = dataset.train, dataset.shape
    places = np.linspace(0, len(train) - 1, min(SEQUENCES, len(train))).astype(int)
    whole = dataset.one_target
    if dataset.labelled and whole:
        firsts = np.unique(train.targets.reshape(len(train), -1)[:, 0], return_index=True)[1]
        places = firsts[:SEQUENCES]
    shown = train.take(places)
    every = figure.subplots(len(places), 1, sharex=True, squeeze=False)[:, 0]
    for row, axes in enumerate(every):
        until = steps if shown.lengths is None else int(shown.lengths[row])
        x = np.arange(1, until + 1)
        inputs = np.asarray(shown.inputs[row], float).reshape(steps, features)
        for feature, line in enumerate(inputs[:until].T[:MOST_LINES], 1):
            axes.plot(x, line, lw=1, label=f"feature {feature}")
        targets = shown.targets[row].reshape(dataset.steps or 1, -1)
        title = f"sample {places[row] + 1}"
        if whole:
            named = zip(dataset.target_names, targets[0], strict=True)
            classes = dataset.classes
            title += ": " + ", ".join(
                f"{name} {classes[int(value)] if classes else f'{value:.6g}'}"
                for name, value in named
            )
        else:
            draw_targets(axes, dataset, x, targets[:until])
        axes.set_title(short(title, LONGEST_TITLE), loc="left", size=8)
    numbers = {"features": features, "targets": 0 if whole else len(dataset.target_names)}
    left_out = [f"{MOST_LINES} of {n} {of}" for of, n in numbers.items() if n > MOST_LINES]
    lines = every[0].get_legend_handles_labels()
    small: Any = {"fontsize": 7, "title_fontsize": 7}
    figure.legend(*lines, loc="outside right upper", title="\n".join(left_out), **small)
    every[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    every[-1].set_xlabel("step")


def draw_targets(axes: Any, dataset: Dataset, x: Array, targets: Array) -> None:
    """What is to be learnt at each step [time, n]: numbers, or classes on an axis of their own."""
    dashed: Any = {"ls": "--", "lw": 1.2, "drawstyle": "steps-mid"}
    if dataset.classes is None:
        for place, name in enumerate(dataset.target_names[:MOST_LINES]):
            axes.plot(x, targets[:, place], color=f"C{7 - place}", label=short(name), **dashed)
        return
    names = dataset.classes[:MOST_CLASSES]
    axes.plot([], [], color=look().ink, label=short(dataset.target_names[0]), **dashed)
    beside = axes.twinx()
    beside.plot(x, targets[:, 0], color=look().ink, **dashed)
    beside.set_yticks(range(len(names)), list(map(short, names)), size=7)


def draw_points(axes: Any, dataset: Dataset) -> None:
    """Classes as colours over the first two inputs, or the first target over the first input."""
    inputs: Array = np.asarray(dataset.train.inputs[:MOST_POINTS])
    targets = dataset.train.targets[:MOST_POINTS]
    axes.set_xlabel(short(f"input {dataset.input_names[0]}"))
    if dataset.classes is None:
        axes.set_ylabel(short(f"target {dataset.target_names[0]}"))
        axes.scatter(inputs[:, 0], targets[:, 0], s=12, lw=0)
        return
    second = inputs[:, 1] if inputs.shape[1] > 1 else np.zeros(len(inputs))
    axes.set_ylabel(short(f"input {dataset.input_names[1]}") if inputs.shape[1] > 1 else "")
    for label, name in enumerate(dataset.classes[:MOST_CLASSES]):
        chosen = targets == label
        axes.scatter(inputs[chosen, 0], second[chosen], s=12, lw=0, label=short(name))
    axes.legend(title=short(dataset.target_names[0]))
