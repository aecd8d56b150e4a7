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
    unit: float = 1.0
    """How much of the target's own units an output of 1 is: errors are told in those."""


class Metric(NamedTuple):
    """offset + factor * (sum / divisor): linear in one of the sums, so any engine can watch it."""

    total: int
    """The sum that it comes from."""
    divisor: Callable[[float, Reduction], float]
    """From the number of samples."""
    offset: float
    factor: float

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better: of a fraction that is right, not of an error."""
        return self.factor < 0 or self.total == CORRECT

    def value(self, total: float, samples: float, reduction: Reduction) -> float:
        """The metric from its sum."""
        return self.offset + self.factor * (total / self.divisor(samples, reduction))


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


PREFIXES = ("val_", "test_")
"""What the names of metrics on held-out data begin with."""


def higher_is_better(name: str) -> bool:
    """Whether more of a metric is better, on whatever data it is measured."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return METRICS[name].higher_is_better


def metric_values(sums: Array, reduction: Reduction) -> dict[str, float]:
    """Every metric from an epoch's sums, as fractions."""
    samples = float(sums[SAMPLES])
    return {
        name: metric.value(float(sums[metric.total]), samples, reduction)
        for name, metric in METRICS.items()
    }


@dataclass(frozen=True)
class Target:
    """A value of a metric at which training stops."""

    metric: str
    value: float

    def met_by(self, value: float) -> bool:
        """Whether `value` is as good as the target; never for NaN."""
        return value >= self.value if higher_is_better(self.metric) else value <= self.value
