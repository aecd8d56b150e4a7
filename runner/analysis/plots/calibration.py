"""Whether a classifier is right as often as it is sure."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from runner.analysis.plots.style import (
    GRID_LINES,
    HELD_OUT,
    PARTS,
    TRAINING,
    axes_grid,
    look,
    new_figure,
)
from runner.analysis.plots.subject import Subject
from runner.errors import counted
from runner.network.arrays import Array
from runner.network.labels import labels

BINS = 15
"""Of confidence, equally wide, as in Guo et al."""
FEWEST = 200
"""Samples, or steps: of fewer the error of calibration is mostly chance."""
FEWEST_OF_BIN = 5
"""Samples of a bin whose share of right ones is drawn."""


class Bins(NamedTuple):
    """Samples by their confidence."""

    counts: Array
    confidence: Array
    """Its mean in each bin."""
    accuracy: Array
    """The share that is right in each bin."""

    @property
    def error(self) -> float:
        """ECE = sum over bins of n_b / n |accuracy_b - confidence_b|."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.nansum(self.counts * gaps) / self.counts.sum())


def has_probabilities(subject: Subject) -> bool:
    """Whether outputs are probabilities of classes, of enough samples not trained on."""
    held_out = subject.sound and subject.part != "train"
    return held_out and subject.gives_probabilities and len(subject.judged[0]) >= FEWEST


def confidences(subject: Subject) -> Array:
    """[rows] The probability of the class that each is taken for."""
    outputs = subject.judged[1]
    if outputs.shape[1] == 1:
        outputs = np.hstack([outputs, 1 - outputs])
    highest: Array = outputs.max(axis=1)
    return highest


def bins_of(subject: Subject) -> Bins:
    """The samples, or steps, that the network is judged on, in bins of equal width."""
    targets, outputs = subject.judged
    sure, right = confidences(subject), labels(outputs) == labels(targets)
    places = np.clip(np.ceil(BINS * sure).astype(int) - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0, of empty ones
        means = (np.bincount(places, of, BINS) / counts for of in (sure, right))
        return Bins(counts, *means)


def share_interval(share: Array, counts: Array) -> tuple[Array, Array]:
    """95 % of a share among so many, by the score test. Source: Wilson 1927."""
    z = 1.959964
    middle = (share + z * z / (2 * counts)) / (1 + z * z / counts)
    half = z * np.sqrt(share * (1 - share) / counts + (z / (2 * counts)) ** 2)
    half = half / (1 + z * z / counts)
    return middle - half, middle + half


def reliability_diagram(subject: Subject) -> Figure:
    """How many are right over how sure the network is; below, how often it is so sure.

    Source: Guo, Pleiss, Sun and Weinberger 2017. Bars are the 95 % interval of each share.
    """
    bins = bins_of(subject)
    shown = bins.counts >= FEWEST_OF_BIN
    counts, sure, right = bins.counts[shown], bins.confidence[shown], bins.accuracy[shown]
    low, high = share_interval(right, counts)
    figure = new_figure(subject, 4.4, 4.7)
    gaps = {"height_ratios": [3.2, 1], "hspace": 0.12}
    above, below = axes_grid(figure, 2, 1, (0.7, 0.2, 0.5, 0.38), **gaps)
    above.plot([0, 100], [0, 100], color=look().faint, lw=1, ls="--", label="as sure as right")
    beyond = 100 * np.abs(np.stack([low, high]) - right)
    above.errorbar(
        100 * sure, 100 * right, yerr=beyond, color=HELD_OUT, fmt="o", ms=4, lw=1.2, capsize=2
    )
    above.set(ylabel="right (%)", ylim=(-3, 103))
    told = (
        f"expected calibration error {100 * bins.error:.1f} %\n"
        f"sure {100 * confidences(subject).mean():.1f} %, "
        f"right {100 * (1 - subject.wrong.mean()):.1f} %"
    )
    above.set_title(told, loc="left", size=9)
    above.text(0.97, 0.05, "below the line: too sure", transform=above.transAxes, ha="right")
    edges = 100 * np.arange(BINS) / BINS
    shares = 100 * bins.counts / bins.counts.sum()
    below.bar(edges, shares, width=92 / BINS, align="edge", color=TRAINING)
    each = "sample" if subject.dataset.one_target else "step"
    rows = counted(len(subject.wrong), f"{PARTS[subject.part]} {each}")
    below.set(xlabel=f"confidence (%), {rows}", ylabel="share (%)")
    least = 100 / max(2, subject.network.topology.outputs)
    for axes in (above, below):
        axes.set_xlim(min(50, least) - 2, 102)
        axes.grid(**GRID_LINES)
        axes.set_axisbelow(True)
    above.tick_params(labelbottom=False)
    return figure
