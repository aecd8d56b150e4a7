"""Watching a metric from epoch to epoch: early stopping, plateaus, and slowing down on one."""

from dataclasses import dataclass

import numpy as np

from runner.training.metrics import higher_is_better
from runner.training.state import TrainingState, Watched


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
        seen = state.watch
        if self._better(value, seen.best):
            seen = seen._replace(best=value, waited=0)
            if self.restore_best:
                state.best = state.parameters.copy()
        else:
            seen = seen._replace(waited=seen.waited + 1)
        if abs(value - seen.level) <= self.min_delta:  # not at first: the level is NaN
            seen = seen._replace(level_epochs=seen.level_epochs + 1)
        else:
            seen = seen._replace(level=value, level_epochs=0)
        state.watch = seen if self.slowing is None else self._slowed(seen, value, *self.slowing)
        return self.reason(state)

    def best_epoch(self, state: TrainingState) -> int:
        """The last epoch that was better than all before it."""
        return state.epoch - int(state.watch.waited)

    def best_value(self, state: TrainingState) -> float:
        """The metric's value at its end."""
        return state.watch.best

    def reason(self, state: TrainingState) -> str | None:
        """Why training is to stop after what has been observed, or None if it goes on."""
        if self.patience is not None and state.watch.waited >= self.patience:
            return "patience"
        if self.plateau is not None and state.watch.level_epochs >= self.plateau:
            return "plateau"
        return None

    def _slowed(self, seen: Watched, value: float, factor: float, patience: float) -> Watched:
        """Reduces the learning rate on a plateau, as PyTorch's ReduceLROnPlateau does."""
        if self._better(value, seen.slowing_best):
            seen = seen._replace(slowing_best=value, slowing_waited=0)
        else:
            seen = seen._replace(slowing_waited=seen.slowing_waited + 1)
        if seen.slowing_waited > patience:
            seen = seen._replace(rate_factor=seen.rate_factor * factor, slowing_waited=0)
        return seen

    def _better(self, value: float, best: float) -> bool:
        if np.isnan(best):
            return not np.isnan(value)
        if higher_is_better(self.metric):
            return value > best + self.min_delta
        return value < best - self.min_delta
