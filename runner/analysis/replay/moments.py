"""A training at some of its steps: what a replay shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runner.analysis.plots.subject import Subject
from runner.data.dataset import Dataset, Part
from runner.network.arrays import Array
from runner.network.network import Network
from runner.training.metrics import TEST, VALIDATION

MOST = 120
"""Moments of a replay, about."""
MOST_BYTES = 400 << 20
"""Of the weights of all moments together: of a large network there are fewer moments."""

PARTS = {"": "training", VALIDATION: "validation", TEST: "test"}
"""In words, by what the names of their metrics begin with."""
MOST_MEASURED = 10_000
"""Samples of a part, or steps of its sequences, that a moment is measured on: the first ones."""


@dataclass(frozen=True)
class Moments:
    """The weights of a training at some of its steps, and what they are worth."""

    results: Mapping[str, str]
    """What the run was, as a row of results.csv says it."""
    network: Network
    dataset: Dataset
    """With targets [samples, n_out]."""
    steps: Array
    """[moments] Updates made."""
    epochs: Array
    """[moments] Epochs completed."""
    parameters: Array
    """[moments, parameters]"""
    metrics: Mapping[str, Array]
    """[moments] Of the weights of each moment, by name, with a prefix on held-out data."""
    restored: int | None = None
    """Which of them is the run's result, where that is not the last."""
    notes: Sequence[str] = ()
    """What is to be told of it, such as whether these are the bytes of the run's snapshots."""

    def __len__(self) -> int:
        return len(self.steps)

    def subject(self, moment: int) -> Subject:
        """What pictures show of a moment."""
        results = {**self.results, "steps": str(self.steps[moment])}
        if moment < len(self) - 1:  # what ended the training was not yet
            results["status"] = f"of {self.steps[-1]:,}"
        for name, values in self.metrics.items():
            results[name] = str(values[moment])
        history = {"step": self.steps, "epoch": self.epochs, **self.metrics}
        return Subject(results, history, self.network, self.parameters[moment], self.dataset)


def measured(dataset: Dataset, part: Part) -> Part:
    """A part, or where it is large as much of its beginning as moments are measured on."""
    most = max(1, MOST_MEASURED // (dataset.steps or 1))
    return part if len(part) <= most else part.take(np.arange(most))


def moments_of(last: int, parameters: int, itemsize: int) -> list[int]:
    """Steps from 0 to the last, evenly spaced on a logarithmic scale, fewer where there are fewer.

    parameters: numbers of a moment, of so many bytes each.
    """
    count = max(2, min(MOST, MOST_BYTES // max(1, parameters * itemsize)))
    # The first steps are closer than a whole one: of more points more are different.
    for points in range(count, 4 * count):
        steps = np.unique(np.geomspace(1, max(1, last), points).round().astype(int))
        if len(steps) >= min(count - 1, last):
            break
    return [0, *steps[:last].tolist()]
