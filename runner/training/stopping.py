"""When training stops: the first criterion met wins."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from runner.training.engine import StepReport
from runner.training.metrics import METRICS, Target

RUNG = "rung_"
"""Begins the reason of a run that stands at a rung."""


class Rung(NamedTuple):
    """Where a run waits for others: those that do best there go on from it."""

    number: int
    epochs: int

    @property
    def reason(self) -> str:
        """Why training stops there."""
        return f"{RUNG}{self.number}"


@dataclass(frozen=True)
class Stopping:
    """Limits of a run; None is no limit."""

    target: Target | None = None
    """On a training metric the engine checks it at each epoch, on a held-out one the loop does."""
    max_steps: int | None = None
    max_epochs: int | None = None
    max_seconds: float | None = None
    rung: Rung | None = None

    @property
    def last_epoch(self) -> int | None:
        """The epoch at whose end training stops at the latest."""
        limits = (self.max_epochs, self.rung.epochs if self.rung else None)
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def engine_target(self) -> Target | None:
        """The target, where the engine can see its metric."""
        return None if self.loop_target else self.target

    @property
    def loop_target(self) -> Target | None:
        """The target, where its metric is measured on held-out data, by the loop."""
        return None if self.target is None or self.target.metric in METRICS else self.target

    def reason(self, report: StepReport, watched: str | None = None) -> str | None:
        """Why training stops after this report, or None if it goes on.

        watched: why it is to stop by what has been seen of a metric over epochs, if it is.
        """
        if not report.finite:
            return "diverged"
        if report.reached or self._loop_target_met(report):
            return "target"
        if watched is not None:
            return watched
        limits = (
            ("max_steps", report.step, self.max_steps),
            ("max_epochs", report.epoch, self.max_epochs),
            ("max_seconds", report.seconds, self.max_seconds),
        )
        for name, value, limit in limits:
            if limit is not None and value >= limit:
                return name
        if self.rung is not None and report.epoch >= self.rung.epochs:
            return self.rung.reason
        return None

    def _loop_target_met(self, report: StepReport) -> bool:
        target = self.loop_target
        return target is not None and target.met_by(report.metrics.get(target.metric, math.nan))
