"""What jobs are ranked by: a number in their results.csv, known before the first job starts."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runner.checking.rules import shown
from runner.checking.suggestions import choices
from runner.data.dataset import Dataset
from runner.errors import SettingsError, printable
from runner.experiment.building import loss_name
from runner.experiment.sharing import shared_parts
from runner.settings import Settings
from runner.training.engine import Problem
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
        metrics = list(metrics_of(parts.dataset, parts.engine.problem))
    columns = [*metrics, *TOLD]
    columns += ["learning_rate"] if tells_rate(settings.schedule.name) else []
    columns += ["suggested_rate"] if settings.schedule.name == RANGE else []
    if objective not in columns:
        raise SettingsError(
            f"sweep.objective={shown(objective)} is no result of these jobs; "
            f"{choices(objective, columns)}"
        )


def check_watched(settings: Settings, metric: str) -> None:
    """Raises SettingsError where a search, which optimises what its jobs watch, mixes metrics."""
    if settings.stopping.metric != metric:
        raise SettingsError(
            f"stopping.metric={shown(settings.stopping.metric)} here, where the search looks for "
            f"the best {metric}; set sweep.objective to what all of its jobs have"
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


class Results(NamedTuple):
    """What a job's results will be, where it comes to any."""

    metrics: Sequence[str]
    loss: tuple[str, str]
    """Its name and reduction."""


def results_of(settings: Settings, dataset: Dataset, problem: Problem) -> Results:
    """What the results of a job with these settings will be."""
    loss = loss_name(settings, dataset, problem.network.topology)
    return Results([*metrics_of(dataset, problem)], (loss, settings.loss.reduction))


class RankedTogether:
    """Jobs that `sweep.halving` ranks with each other, one after the other: whether they can be.

    column: by which.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._first: tuple[Results, str] | None = None  # and the job that has it

    def refusal(self, name: str, results: Results) -> str | None:
        """Why a job is not: it will lack the column, or have losses of another kind in it."""
        if self._column not in results.metrics:
            return (
                f"sweep.halving ranks jobs by {self._column}, which is no result of this "
                f"one; {choices(self._column, results.metrics)}"
            )
        first, whose = self._first = self._first or (results, name)
        if not self._column.endswith("loss") or results.loss == first.loss:
            return None
        return (
            f"sweep.halving ranks jobs by {self._column}, which is {' '.join(results.loss)} here "
            f"and {' '.join(first.loss)} in {printable(whose)}; launch a sweep for each"
        )


def metrics_of(dataset: Dataset, problem: Problem) -> Iterator[str]:
    """The metrics that results.csv has of what is learnt, on the parts that there are."""
    task = problem.reduction.task
    yield from task.summed
    if task is REGRESSION or len(dataset.parts) == 1:
        yield from task.scored
    for prefix, part in ((VALIDATION, dataset.validation), (TEST, dataset.test)):
        if part is not None:
            yield from (f"{prefix}{name}" for name in task.metrics)
