"""Watching a metric from epoch to epoch: early stopping, and slowing down on a plateau."""

from dataclasses import dataclass

import numpy as np

from runner.network.topology import Array
from runner.training.metrics import higher_is_better
from runner.training.state import TrainingState

BEST, WAITED, PLATEAU_BEST, PLATEAU_WAITED, RATE_FACTOR = range(5)
"""Where each number lies in `TrainingState.watch`."""


@dataclass(frozen=True)
class Watch:
    """What is watched, and what follows from epochs without improvement."""

    metric: str
    min_delta: float = 0.0
    """How much better counts as better."""
    patience: int | None = None
    """Epochs without improvement after which training stops; None is never."""
    restore_best: bool = False
    """Whether the weights of the best epoch are the run's result."""
    plateau: tuple[float, float] | None = None
    """Of the learning rate: the factor, and the epochs without improvement that it takes."""

    @property
    def active(self) -> bool:
        """Whether anything follows from the metric at all."""
        return self.patience is not None or self.restore_best or self.plateau is not None

    def observe(self, state: TrainingState, value: float) -> bool:
        """Takes note of an epoch's value in the state; whether patience has run out."""
        watch = state.watch
        if self._better(value, watch[BEST]):
            watch[BEST], watch[WAITED] = value, 0
            if self.restore_best:
                state.best = state.parameters.copy()
        else:
            watch[WAITED] += 1
        if self.plateau is not None:
            self._slow_down(watch, value, *self.plateau)
        return self.patience_ran_out(state)

    def patience_ran_out(self, state: TrainingState) -> bool:
        """Whether as many epochs without improvement have been observed as are borne."""
        return self.patience is not None and bool(state.watch[WAITED] >= self.patience)

    def _slow_down(self, watch: Array, value: float, factor: float, patience: float) -> None:
        """Reduces the learning rate on a plateau, as PyTorch's ReduceLROnPlateau does."""
        if self._better(value, watch[PLATEAU_BEST]):
            watch[PLATEAU_BEST], watch[PLATEAU_WAITED] = value, 0
        else:
            watch[PLATEAU_WAITED] += 1
        if watch[PLATEAU_WAITED] > patience:
            watch[RATE_FACTOR] *= factor
            watch[PLATEAU_WAITED] = 0

    def _better(self, value: float, best: float) -> bool:
        if np.isnan(best):
            return not np.isnan(value)
        if higher_is_better(self.metric):
            return value > best + self.min_delta
        return value < best - self.min_delta
