"""How well each class is told from the others."""

from dataclasses import dataclass

import numpy as np

from runner.network.arrays import Array
from runner.network.labels import confusion_counts
from runner.training.engine import Engine
from runner.training.evaluation import HeldOut, looks


@dataclass(frozen=True)
class Confusion:
    """What samples of each class were taken for."""

    counts: Array
    """[classes, classes] samples by true class and by the class that they were taken for"""

    @property
    def samples(self) -> Array:
        """[classes] How many samples each class has."""
        samples: Array = self.counts.sum(axis=1)
        return samples

    @property
    def precision(self) -> Array:
        """[classes] The fraction of what was taken for the class that is of it; NaN of nothing."""
        return share(self.counts.diagonal(), self.counts.sum(axis=0))

    @property
    def recall(self) -> Array:
        """[classes] The fraction of the class that was taken for it; NaN without samples."""
        return share(self.counts.diagonal(), self.samples)

    @property
    def f1(self) -> Array:
        """[classes] 2 right / (samples + taken for it), the harmonic mean of both; NaN of none."""
        return share(2 * self.counts.diagonal(), self.samples + self.counts.sum(axis=0))


def share(part: Array, whole: Array) -> Array:
    """part / whole, NaN where there is nothing to divide by."""
    shares = np.full(len(whole), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def confusion(engine: Engine, parameters: Array, part: HeldOut) -> Confusion:
    """The confusion of the trained network on some samples of at least two classes."""
    classes = max(2, engine.problem.network.topology.outputs)
    counts = np.zeros((classes, classes), np.int64)
    for look in looks(engine, parameters, part):
        counts += confusion_counts(look.targets, look.outputs)
    return Confusion(counts)
