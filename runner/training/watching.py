"""Watching a metric from epoch to epoch: early stopping, plateaus, and slowing down on one."""

from dataclasses import dataclass

import numpy as np

from runner.network.topology import Array
from runner.training.metrics import higher_is_better
from runner.training.state import TrainingState

BEST, WAITED, SLOWING_BEST, SLOWING_WAITED, RATE_FACTOR, LEVEL, LEVEL_EPOCHS = range(7)
"""Where each number lies in `TrainingState.watch`."""


@dataclass(frozen=True)
class Watch:
    """What is watched, and what follows from epochs without improvement."""

    metric: str
    min_delta: float = 0.0
    """How much better counts as better, and how far a plateau's values may lie from its first."""
    patience: int | None = None
    """Epochs without improvement on the best after which training stops; None is never."""
    restore_best: bool = False
    """Whether the weights of the best epoch are the run's result."""
    plateau: int | None = None
    """Epochs in a row that got neither better nor worse after which training stops; or never."""
    slowing: tuple[float, float] | None = None
    """Of the learning rate: the factor, and the epochs without improvement that it takes."""

    @property
    def active(self) -> bool:
        """Whether anything follows from the metric at all."""
        stops = self.patience is not None or self.plateau is not None
        return stops or self.restore_best or self.slowing is not None

    def observe(self, state: TrainingState, value: float) -> str | None:
        """Takes note of an epoch's value in the state; why training is to stop, if it is."""
        watch = state.watch
        if self._better(value, watch[BEST]):
            watch[BEST], watch[WAITED] = value, 0
            if self.restore_best:
                state.best = state.parameters.copy()
        else:
            watch[WAITED] += 1
        if abs(value - watch[LEVEL]) <= self.min_delta:  # not at first: the level is NaN
            watch[LEVEL_EPOCHS] += 1
        else:
            watch[LEVEL], watch[LEVEL_EPOCHS] = value, 0
        if self.slowing is not None:
            self._slow_down(watch, value, *self.slowing)
        return self.reason(state)

    def best_epoch(self, state: TrainingState) -> int:
        """The last epoch that was better than all before it."""
        return state.epoch - int(state.watch[WAITED])

    def best_value(self, state: TrainingState) -> float:
        """The metric's value at its end."""
        return float(state.watch[BEST])

    def reason(self, state: TrainingState) -> str | None:
        """Why training is to stop after what has been observed, or None if it goes on."""
        limits = (("patience", WAITED, self.patience), ("plateau", LEVEL_EPOCHS, self.plateau))
        for name, place, limit in limits:
            if limit is not None and state.watch[place] >= limit:
                return name
        return None

    def _slow_down(self, watch: Array, value: float, factor: float, patience: float) -> None:
        """Reduces the learning rate on a plateau, as PyTorch's ReduceLROnPlateau does."""
        if self._better(value, watch[SLOWING_BEST]):
            watch[SLOWING_BEST], watch[SLOWING_WAITED] = value, 0
        else:
            watch[SLOWING_WAITED] += 1
        if watch[SLOWING_WAITED] > patience:
            watch[RATE_FACTOR] *= factor
            watch[SLOWING_WAITED] = 0

    def _better(self, value: float, best: float) -> bool:
        if np.isnan(best):
            return not np.isnan(value)
        if higher_is_better(self.metric):
            return value > best + self.min_delta
        return value < best - self.min_delta
