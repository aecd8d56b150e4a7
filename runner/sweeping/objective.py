"""What sweepers optimise: a number in the jobs' results.csv, known before the first job starts."""

import re
from collections.abc import Hashable, Iterator

from runner.checking.rules import shown
from runner.checking.suggestions import choices
from runner.errors import SettingsError, printable
from runner.experiment.building import loss_name
from runner.experiment.experiment import Parts
from runner.experiment.sharing import shared_parts
from runner.settings import Settings
from runner.training.metrics import (
    METRICS,
    PREFIXES,
    SCORES,
    TEST,
    VALIDATION,
    higher_is_better,
    metric_in,
)
from runner.training.schedules import RANGE, tells_rate
from runner.training.tasks import REGRESSION

TOLD = ("steps", "epochs", "seconds", "steps_per_second", "parameters")
"""Of every job, whatever it learns."""


def check_objective(objective: str, settings: Settings) -> None:
    """Refuses a column that a job with these settings will not have.

    Of data that cannot be used, which is for the job to say, any metric is taken.
    """
    if settings.recording.layer_statistics and re.match(r"L\d+\.", objective):
        return
    try:
        parts = shared_parts(settings)
    except Exception:
        metrics = [f"{prefix}{name}" for prefix in ("", *PREFIXES) for name in (*METRICS, *SCORES)]
    else:
        metrics = list(metrics_of(parts))
    columns = [*metrics, *TOLD]
    columns += ["learning_rate"] if tells_rate(settings.schedule.name) else []
    columns += ["suggested_rate"] if settings.schedule.name == RANGE else []
    if objective not in columns:
        raise SettingsError(
            f"sweep.objective={shown(objective)} is no result of these jobs; "
            f"{choices(objective, columns)}"
        )


def check_direction(metric: str, direction: object) -> None:
    """Raises SettingsError where a search is to find the job that does worst."""
    if metric_in(metric) is None:  # of other columns either may be wanted
        return
    best, worst = ("max", "min") if higher_is_better(metric) else ("min", "max")
    if direction == f"{worst}imize":
        raise SettingsError(
            f"hydra.sweeper.direction={shown(direction)} would look for the worst {metric}; "
            f"set hydra.sweeper.direction={best}imize"
        )


class RankedTogether:
    """Jobs that `sweep.halving` ranks with each other: whether they can be, asked before the first.

    column: by which.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._asked = list[object]()
        self._loss: tuple[tuple[str, str], str] | None = None  # and the job that has it
        self.data = set[Hashable]()
        """What they are trained on."""

    def add(self, name: str, settings: Settings) -> None:
        """Refuses a job that will lack the column, or have losses of another kind in it.

        Of data that cannot be used, which is for the job to say, nothing is refused.
        """
        data, loss = settings.dataset, settings.loss
        self.data.add((data.name, data.kind, getattr(data.options, "path", None)))
        decides = (data, loss, settings.topology[-1:], settings.network.activation.output)
        if decides in self._asked:
            return
        self._asked.append(decides)
        try:
            parts = shared_parts(settings)
        except (Exception, SystemExit):  # a loader of a person's own may raise either
            return
        if self._column not in (columns := [*metrics_of(parts)]):
            raise SettingsError(
                f"sweep.halving ranks jobs by {self._column}, which is no result of this "
                f"one; {choices(self._column, columns)}"
            )
        if not self._column.endswith("loss"):
            return
        topology = parts.engine.problem.network.topology
        kind = loss_name(settings, parts.dataset, topology), loss.reduction
        first, whose = self._loss = self._loss or (kind, name)
        if kind != first:
            raise SettingsError(
                f"sweep.halving ranks jobs by {self._column}, which is {' '.join(kind)} here and "
                f"{' '.join(first)} in {printable(whose)}; launch a sweep for each"
            )


def metrics_of(parts: Parts) -> Iterator[str]:
    """The metrics that results.csv has of what is learnt, on the parts that there are."""
    dataset, task = parts.dataset, parts.engine.problem.reduction.task
    yield from task.summed
    if task is REGRESSION or len(dataset.parts) == 1:
        yield from task.scored
    for prefix, part in ((VALIDATION, dataset.validation), (TEST, dataset.test)):
        if part is not None:
            yield from (f"{prefix}{name}" for name in task.metrics)
