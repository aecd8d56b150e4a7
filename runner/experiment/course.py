"""The course of a training: what an experiment's loop reports, and on what it is validated."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from runner.errors import SettingsError, printable
from runner.experiment.building import build_occasions
from runner.experiment.loading import samples_of
from runner.experiment.preparing import Experiment
from runner.network.topology import Array
from runner.training.engine import StepReport
from runner.training.evaluation import evaluate
from runner.training.loop import ending_there, train
from runner.training.metrics import VALIDATION
from runner.training.range_test import range_test
from runner.training.schedules import RANGE
from runner.training.state import TrainingState
from runner.training.stopping import Stopping


def course(
    experiment: Experiment, state: TrainingState, stopping: Stopping
) -> Iterator[StepReport]:
    """The reports of an experiment's training from `state` on, which is changed in place."""
    engine, watch = experiment.engine, experiment.watch
    if experiment.settings.schedule.name == RANGE:
        return range_test(state, engine, stopping, time.perf_counter)
    occasions, clock = build_occasions(experiment.settings), time.perf_counter
    milestone, validate = occasions.next_milestone, validation_of(experiment)
    if watch is None and validate is None and not experiment.settings.recording.layer_statistics:
        # The history needs no more than an epoch's sums, for which no engine has to stop.
        milestone, rows = occasions.snapshots.next_after, occasions.history.between
        return train(state, engine, stopping, milestone, clock, rows=rows)
    often = experiment.stopping.loop_target or not engine.problem.full_batch
    if watch is not None or (validate is not None and often):
        milestone = every_epoch
    return train(state, engine, stopping, milestone, clock, validate, watch)


def end_there(experiment: Experiment, state: TrainingState) -> str | None:
    """Why training from `state` on would stop where it stands, or None where it would go on."""
    engine, validate = experiment.engine, validation_of(experiment)
    stopping, watch = experiment.stopping, experiment.watch
    report = ending_there(state, engine, stopping, every_epoch, validate, watch)
    return None if report is None else report.stop_reason


def check_branch(experiment: Experiment, state: TrainingState) -> None:
    """Refuses a branch that would make no step."""
    start = experiment.settings.from_
    if start is not None and (reason := end_there(experiment, state)) is not None:
        limit = getattr(experiment.settings.stopping, reason, None)
        raise SettingsError(
            f"from={printable(start.run)}@{start.step}: the run would make no step, for "
            f"stopping.{reason}={limit} is met there; give another stopping.{reason}, or null"
        )


def validation_of(experiment: Experiment) -> Callable[[Array], dict[str, float]] | None:
    """From weights to their metrics on the validation part, where there is one."""
    dataset = experiment.dataset
    if dataset.validation is None:
        return None
    validation = samples_of(VALIDATION, dataset.validation, dataset)
    return partial(evaluate, experiment.engine.problem, held_out=validation)


def every_epoch(epoch: int) -> int:
    """The next epoch, where each is looked at."""
    return epoch + 1
