"""When training stops: the first criterion met wins."""

from dataclasses import dataclass

from runner.training.engine import StepReport
from runner.training.metrics import Target


@dataclass(frozen=True)
class Stopping:
    """Limits of a run; None is no limit."""

    target: Target | None = None
    max_steps: int | None = None
    max_epochs: int | None = None
    max_seconds: float | None = None

    def reason(self, report: StepReport) -> str | None:
        """Why training stops after this report, or None if it goes on."""
        if not report.finite:
            return "diverged"
        if report.reached:
            return "target"
        limits = (
            ("max_steps", report.step, self.max_steps),
            ("max_epochs", report.epoch, self.max_epochs),
            ("max_seconds", report.seconds, self.max_seconds),
        )
        for name, value, limit in limits:
            if limit is not None and value >= limit:
                return name
        return None
