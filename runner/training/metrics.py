"""Training metrics, from sums over the forward passes of an epoch.

A metric of a full-batch step is that of its forward pass, before its update.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from runner.network.topology import Array

LOSS, ABSOLUTE_ERROR, CORRECT, SAMPLES = range(4)
"""Where each sum lies in `TrainingState.sums`."""


def absolute_error(outputs: Array, targets: Array) -> float:
    """sum |a - y| over samples and outputs."""
    return float(np.add.reduce(np.abs(outputs - targets), axis=None))


def correct(outputs: Array, targets: Array) -> int:
    """How many samples are classified correctly: arg-max, or threshold 0.5 for one output."""
    if outputs.shape[1] == 1:
        return int(np.count_nonzero((outputs > 0.5) == (targets > 0.5)))
    return int(np.count_nonzero(outputs.argmax(1) == targets.argmax(1)))


@dataclass(frozen=True)
class Reduction:
    """How sums over an epoch become means."""

    outputs: int
    """Units in the output layer."""
    mean_loss: bool
    """Whether the loss is a mean over samples rather than their sum."""


class Metric(NamedTuple):
    total: int
    """The sum that it comes from."""
    value: Callable[[float, float, Reduction], float]  # (sum, samples, reduction) -> metric
    higher_is_better: bool


def _loss(total: float, samples: float, reduction: Reduction) -> float:
    return total / samples if reduction.mean_loss else total


def _mae(total: float, samples: float, reduction: Reduction) -> float:
    return total / (samples * reduction.outputs)


METRICS = {
    "accuracy": Metric(CORRECT, lambda total, samples, _: total / samples, True),
    "loss": Metric(LOSS, _loss, False),
    "mae": Metric(ABSOLUTE_ERROR, _mae, False),
    "mean_accuracy": Metric(ABSOLUTE_ERROR, lambda *sums: 1 - _mae(*sums), True),
}
"""`mae` = mean |output - target|; `mean_accuracy` = 1 - mae; `accuracy` = fraction correct."""


def metric_values(sums: Array, reduction: Reduction) -> dict[str, float]:
    """Every metric from an epoch's sums, as fractions."""
    samples = float(sums[SAMPLES])
    order = ("loss", "mae", "mean_accuracy", "accuracy")
    return {
        name: METRICS[name].value(float(sums[METRICS[name].total]), samples, reduction)
        for name in order
    }


@dataclass(frozen=True)
class Target:
    """A value of a metric at which training stops."""

    metric: str
    value: float

    def met_by(self, value: float) -> bool:
        """Whether `value` is as good as the target; never for NaN."""
        return value >= self.value if METRICS[self.metric].higher_is_better else value <= self.value
