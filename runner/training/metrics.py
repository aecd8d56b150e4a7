"""Metrics: what each is, and which of them mean something for what a network learns.

Training metrics come from sums over the forward passes of an epoch; that of a full-batch step is
of its forward pass, before its update. Others are measured by evaluation only.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import column_means, column_sums
from runner.network.labels import labels
from runner.network.losses import LOSSES, Loss
from runner.training.tasks import CLASSIFICATION, TOP, Task

LOSS, ABSOLUTE_ERROR, CORRECT, ROWS = range(4)
"""Where each sum lies in `TrainingState.sums`."""


def correct(outputs: Array, targets: Array) -> int:
    """How many samples are classified correctly: arg-max, or threshold 0.5 for one output."""
    return int(np.count_nonzero(labels(outputs) == labels(targets)))


class Totals:
    """The sums over some rows, of which z, a and y are [rows, n_out] and weights [rows, 1].

    Weights are the loss's alone: what is right, and how far off, counts once for each row that is
    there at all, whose weight is not 0.
    """

    def __init__(self, loss: Loss) -> None:
        self.of: dict[int, Callable[[Array, Array, Array, Array | None], float]] = {
            LOSS: loss.value,
            ABSOLUTE_ERROR: LOSSES["absolute_error"].value,
            CORRECT: lambda _z, a, y, _: correct(a, y),
        }
        """Each by its place, from z, a, y and weights."""

    def add(self, sums: Array, z: Array, a: Array, y: Array, weights: Array | None = None) -> None:
        """Adds those of some more rows to `sums`."""
        if weights is not None:
            there = np.flatnonzero(weights)
            z, a, y, weights = z[there], a[there], y[there], weights[there]
        for place, total in self.of.items():
            sums[place] += total(z, a, y, weights if place == LOSS else None)
        sums[ROWS] += len(y)


@dataclass(frozen=True)
class Reduction:
    """How sums over an epoch become means."""

    outputs: int
    """Units in the output layer."""
    mean_loss: bool
    """Whether the loss is a mean over samples rather than their sum."""
    unit: float = 1.0
    """How much of the target's own units an output of 1 is: errors are told in those."""
    task: Task = CLASSIFICATION
    """What is learnt, which says what metrics there are."""


class Metric(NamedTuple):
    """offset + factor * (sum / divisor): linear in one of the sums, so any engine can watch it."""

    total: int
    """The sum that it comes from."""
    divisor: Callable[[Any, Reduction], Any]
    """From the number of samples."""
    offset: float
    factor: float

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better: of a fraction that is right, not of an error."""
        return self.factor < 0 or self.total == CORRECT

    def value(self, total: float, samples: float, reduction: Reduction) -> float:
        """The metric from its sum; NaN of no samples, where it is a mean over them."""
        divisor = self.divisor(samples, reduction)
        return self.offset + self.factor * (total / divisor) if divisor else math.nan

    @np.errstate(all="ignore")
    def values(self, totals: Array, samples: Array, reduction: Reduction) -> Array:
        """The same of many, of which some may hold what is yet to be written."""
        divisor = self.divisor(samples, reduction)
        values = self.offset + self.factor * (totals / divisor)
        return np.where(divisor == 0, math.nan, values)


def _per_sample(samples: float, _reduction: Reduction) -> float:
    return samples


def _per_output(samples: float, reduction: Reduction) -> float:
    return samples * reduction.outputs / reduction.unit


def _as_reduced(samples: float, reduction: Reduction) -> float:
    return samples if reduction.mean_loss else 1.0


METRICS = {
    "loss": Metric(LOSS, _as_reduced, 0.0, 1.0),
    "mae": Metric(ABSOLUTE_ERROR, _per_output, 0.0, 1.0),
    "mean_accuracy": Metric(ABSOLUTE_ERROR, _per_output, 1.0, -1.0),
    "accuracy": Metric(CORRECT, _per_sample, 0.0, 1.0),
}
"""`mae` = mean |output - target|, in the target's own units; `mean_accuracy` = 1 - mae;

`accuracy` = fraction correct.
"""


def squared_error(outputs: Array, targets: Array) -> float:
    """sum (a - y)^2 over samples and outputs."""
    error = np.subtract(outputs, targets, dtype=np.float64).ravel()
    return float(column_sums(error * error))


def among_top(outputs: Array, targets: Array) -> int:
    """How many samples have their class among the `TOP` highest outputs; of equals the first."""
    labels = targets.argmax(1)[:, None]
    own = np.take_along_axis(outputs, labels, 1)
    ahead = (outputs > own) | ((outputs == own) & (np.arange(outputs.shape[1]) < labels))
    return int(np.count_nonzero((ahead.sum(1) < TOP) & ~np.isnan(own[:, 0])))


def variation(targets: Array) -> float:
    """sum (y - mean y)^2 over samples and outputs, the mean being that of the output."""
    away = targets - column_means(targets)
    return float(column_sums((away * away).reshape(-1)))


class Score(NamedTuple):
    """A metric that only evaluation measures: no engine sums it on the way."""

    total: Callable[[Array, Array], float]
    """(outputs, targets) of some samples -> the sum that it comes from."""
    value: Callable[[float, Array, Reduction], float]
    """From the sum over all samples, and their targets [samples, n_out]."""
    higher_is_better: bool


def _rmse(total: float, targets: Array, reduction: Reduction) -> float:
    return math.sqrt(total / targets.size) * reduction.unit


def _r2(total: float, targets: Array, _reduction: Reduction) -> float:
    around_mean = variation(targets)
    return 1 - total / around_mean if around_mean > 0 else math.nan


def _fraction(total: float, targets: Array, _reduction: Reduction) -> float:
    return total / len(targets)


SCORES = {
    "rmse": Score(squared_error, _rmse, False),
    "r2": Score(squared_error, _r2, True),
    f"top_{TOP}_accuracy": Score(among_top, _fraction, True),
}
"""`rmse` = sqrt(mean (a - y)^2), in the target's own units;
`r2` = 1 - sum (a - y)^2 / sum (y - mean y)^2, NaN for constant targets;
`top_5_accuracy` = fraction of samples whose class is among the five highest outputs.
"""

VALIDATION, TEST = "val_", "test_"
PREFIXES = (VALIDATION, TEST)
"""What the names of metrics on held-out data begin with."""


def metric_in(column: str) -> Metric | Score | None:
    """The metric that a column of results holds, on whatever data it is measured."""
    name = column.removeprefix(VALIDATION).removeprefix(TEST)
    return METRICS.get(name) or SCORES.get(name)


def higher_is_better(column: str) -> bool:
    """Whether the best run is the one with the most of a result: a metric, or what it took."""
    metric = metric_in(column)
    return column == "steps_per_second" if metric is None else metric.higher_is_better


def held_out_first(metric: str) -> tuple[str, str, str]:
    """A metric's columns in the order in which they tell the best run: what is held out, for that.

    On validation data, else on test data, else in training.
    """
    plain = metric.removeprefix(VALIDATION).removeprefix(TEST)
    return f"{VALIDATION}{plain}", f"{TEST}{plain}", plain


def metric_values(sums: Array, reduction: Reduction) -> dict[str, float]:
    """The task's training metrics from an epoch's sums, as fractions."""
    totals = sums.tolist()
    metrics = ((name, METRICS[name]) for name in reduction.task.summed)
    return {
        name: metric.value(totals[metric.total], totals[ROWS], reduction)
        for name, metric in metrics
    }


def metric_arrays(sums: Array, reduction: Reduction) -> dict[str, Array]:
    """As `metric_values`, of many sums [..., 4] at once."""
    metrics = ((name, METRICS[name]) for name in reduction.task.summed)
    return {
        name: metric.values(sums[..., metric.total], sums[..., ROWS], reduction)
        for name, metric in metrics
    }


def percent(share: float, samples: int) -> str:
    """A share of so many samples, with the decimals that tell it from that of one more or less."""
    decimals = max(1, math.ceil(math.log10(samples)) - 2)
    return f"{round(100 * share, decimals):.12g} %"


@dataclass(frozen=True)
class Target:
    """A value of a metric at which training stops."""

    metric: str
    value: float

    def met_by(self, value: float) -> bool:
        """Whether `value` is as good as the target; never for NaN."""
        return value >= self.value if higher_is_better(self.metric) else value <= self.value
