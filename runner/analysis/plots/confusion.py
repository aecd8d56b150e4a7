"""The confusion matrix: which classes are taken for which."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from runner.analysis.plots.style import (
    CENTRED,
    PARTS,
    SMALL,
    axes_grid,
    look,
    new_figure,
    plain,
    written_on,
)
from runner.analysis.plots.subject import Subject
from runner.errors import counted
from runner.network.arrays import Array
from runner.network.labels import confusion_counts

MOST_CLASSES = 200
MOST_NAMED = 40
"""Classes up to which each has its name beside it; of more some."""
MOST_COUNTED = 15
"""Classes up to which counts are written into the matrix."""
LONGEST_CLASS = 18
"""Letters of a class's name beside the matrix."""
LETTER = 0.085
"""Inches of one of them."""


def has_classes(subject: Subject) -> bool:
    """Whether samples belong to classes, not too many to draw."""
    classes = subject.dataset.classes
    return subject.sound and classes is not None and 2 <= len(classes) <= MOST_CLASSES


def confusion_matrix(subject: Subject) -> Figure:
    """How many samples or steps of each class (rows) were taken for each (columns).

    Colour: the mistakes' share of the row, up to the largest; what is right stands back in grey.
    """
    classes = subject.dataset.classes or ()
    each = "sample" if subject.dataset.one_target else "step"
    targets, outputs = subject.judged
    counts = confusion_counts(targets, outputs)
    names = [plain(name, LONGEST_CLASS) for name in classes]
    longest = max(map(len, names))
    side = max(2.6, min(6.5, 0.36 * len(classes)))
    turned = 90 if longest > 3 or (longest > 1 and len(classes) > MOST_COUNTED) else 0
    left = max(0.95, 0.45 + LETTER * longest)
    below = left if turned else 0.6
    figure = new_figure(subject, left + side + 1.05, below + side + 0.05)
    (axes,) = axes_grid(figure, 1, 1, (left, 1.05, below, 0.05))
    shares = draw_shares(axes, counts)
    every = -(-len(names) // MOST_NAMED)
    axes.set_xticks(range(0, len(names), every), names[::every], rotation=turned)
    axes.set_yticks(range(0, len(names), every), names[::every])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("class")
    axes.set_xlabel(f"taken for ({counted(len(outputs), f'{PARTS[subject.part]} {each}')})")
    if len(names) <= MOST_COUNTED:
        write_counts(axes, counts, shares)
    return figure


def draw_shares(axes: Axes, counts: Array) -> Array:
    """The matrix as colours; [classes, classes] of each row the shares."""
    shares: Array = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, shares)
    most = float(wrong.max()) or 1.0
    right = np.ones((*counts.shape, 3)) * to_rgb(look().paper)
    diagonal = np.arange(len(counts))
    right[diagonal, diagonal] = to_rgb(look().lines)
    axes.imshow(right)
    shown = np.ma.masked_equal(wrong, 0)
    image = axes.imshow(shown, cmap=look().amounts, vmin=0, vmax=most)
    if not wrong.any():
        return shares
    bar = axes.figure.colorbar(
        image,
        ax=axes,
        fraction=0.045,
        pad=0.03,
        format=PercentFormatter(1, 0 if most > 0.05 else 1),
    )
    bar.ax.set_title("of its\nclass", size=SMALL, loc="left")
    bar.outline.set_visible(False)
    return shares


def write_counts(axes: Axes, counts: Array, shares: Array) -> None:
    """The numbers in the matrix."""
    image = axes.images[-1]
    for (row, column), count in np.ndenumerate(counts):
        if count:
            wrong = row != column
            colour = written_on(image.to_rgba(shares[row, column])) if wrong else look().faint
            weight = "bold" if wrong else "normal"
            axes.text(column, row, f"{count}", color=colour, size=SMALL, weight=weight, **CENTRED)
