"""What sweepers optimise: a number in the jobs' results.csv, known before the first job starts."""

import re
from collections.abc import Iterator

from runner.checking.rules import shown
from runner.checking.suggestions import choices
from runner.errors import SettingsError
from runner.experiment.experiment import Parts
from runner.experiment.sharing import shared_parts
from runner.settings import Settings
from runner.training.metrics import METRICS, PREFIXES, SCORES, TEST, VALIDATION
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


def metrics_of(parts: Parts) -> Iterator[str]:
    """The metrics that results.csv has of what is learnt, on the parts that there are."""
    dataset, task = parts.dataset, parts.engine.problem.reduction.task
    yield from task.summed
    if task is REGRESSION or len(dataset.parts) == 1:
        yield from task.scored
    for prefix, part in ((VALIDATION, dataset.validation), (TEST, dataset.test)):
        if part is not None:
            yield from (f"{prefix}{name}" for name in task.metrics)
