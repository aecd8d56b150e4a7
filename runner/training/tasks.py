"""What a network learns, by its targets, and the metrics that mean something for it."""

from dataclasses import dataclass

import numpy as np

from runner.network.arrays import Array

TOP = 5
"""Top-k accuracy is given for so many, where there are more classes."""


@dataclass(frozen=True)
class Task:
    """A kind of learning."""

    name: str
    summed: tuple[str, ...]
    """Metrics that every step's sums give: on training data and on held-out data."""
    scored: tuple[str, ...] = ()
    """Metrics that evaluation alone gives: on held-out data, and at the end of a run."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """All metrics, those of every step first."""
        return self.summed + self.scored


CLASSIFICATION = Task("classification", ("loss", "mae", "mean_accuracy", "accuracy"))
"""Targets are one output of 0 or 1, or one output a class, of which one is 1."""
MANY_CLASSES = Task("classification", CLASSIFICATION.summed, (f"top_{TOP}_accuracy",))
"""Classification of more than `TOP` classes."""
BITS = Task("several outputs of 0 or 1", ("loss", "mae", "mean_accuracy"))
"""Any number of outputs are 1 at once: there is no one class for the highest to be right about."""
REGRESSION = Task("regression", ("loss", "mae"), ("rmse", "r2"))
"""Targets are numbers."""

TASKS = (CLASSIFICATION, MANY_CLASSES, BITS, REGRESSION)


def task_of(targets: Array, *, regression: bool = False) -> Task:
    """What targets [samples, n_out] ask for, as they came.

    regression: whether they were said to be numbers to predict, whatever values they have.
    """
    if regression or not ((targets == 0) | (targets == 1)).all():
        return REGRESSION
    outputs = targets.shape[1]
    if outputs > 1 and not np.all(targets.sum(axis=1) == 1):
        return BITS
    return MANY_CLASSES if outputs > TOP else CLASSIFICATION
