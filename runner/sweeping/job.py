"""One job of a sweep: run in its folder, whatever happens recorded there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.configuration.composing import plain, unresolved
from runner.configuration.hydra_errors import explaining
from runner.errors import (
    RunnerError,
    SettingsError,
    SnapshotError,
    StorageError,
    error_line,
    printable,
)
from runner.experiment.resuming import resume_run, warn
from runner.experiment.running import Manner, Outcome, record_failure, run_experiment
from runner.experiment.sharing import JOB
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.statuses import FINISHED, PRUNED
from runner.run_folder.tables import read_results
from runner.storage.files import BySecond, BySweep
from runner.system import SYNCS_ALL
from runner.training.stopping import Rung

if TYPE_CHECKING:
    from omegaconf import DictConfig


OF_SWEEP = replace(JOB, syncing=BySweep if SYNCS_ALL else BySecond)
"""Jobs of one process that all are forced to the disk together, where the system can do that."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job to run."""

    number: int
    overrides: list[str]
    rung: Rung | None = None
    """Where it is to wait for others, if it is."""
    recomputed: bool = False
    """Whether it has been trained further, and how it did at the rung is computed again."""

    @property
    def name(self) -> str:
        """Its number and overrides, for people."""
        return f"#{self.number} {' '.join(self.overrides)}"


class LostProcessError(Exception):
    """A job's process was ended from outside."""


@contextmanager
def naming(job: Job) -> Iterator[None]:
    """What is wrong with a job's configuration is told with its name."""
    try:
        with explaining():
            yield
    except SettingsError as error:
        raise SettingsError(f"{printable(job.name)}: {error}") from error.__cause__


def run_job(
    config: Mapping[str, Any],
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    manner: Manner = JOB,
) -> JobEnd:
    """Runs a job; an error, and what would end the process, is recorded in its folder.

    One that was begun goes on: a cluster has queued it again, or its process died.
    """
    ended = ended_job(folder, number)
    if ended is not None and ended.status in FINISHED:  # before its process could tell
        return ended
    try:
        if not (folder / "run.json").exists():
            outcome = run_experiment(config, folder, documents, manner)
        elif isinstance(resumed := resume_run(folder, {}, warn, manner), Outcome):
            outcome = resumed
        else:
            raise SnapshotError(f"{printable(folder / 'results.csv')} is damaged; remove it")
    except (Exception, SystemExit) as error:
        return failed_job(config, documents, folder, number, error)
    told = (outcome.status, outcome.text, outcome.exit_code)
    return JobEnd(number, *told, *outcome.results, config["stopping"]["metric"])


def run_composed_job(
    config: "DictConfig",
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    manner: Manner = JOB,
) -> JobEnd:
    """Runs a job as Hydra composed it."""
    try:
        values = plain(config)
    except RunnerError as error:
        return failed_job(unresolved(config), documents, folder, number, error)
    return run_job(values, documents, folder, number, manner)


def ended_at(folder: Path, job: Job) -> JobEnd | None:
    """How a job in a folder ended, or None where it has not come as far as it is to."""
    if job.recomputed:  # of which nothing is left there
        return None
    end = ended_job(folder, job.number)
    if end is None or end.status != PRUNED or stands_at(end, job.rung):
        return end
    return None


def stands_at(end: JobEnd, rung: Rung | None) -> bool:
    """Whether a job that was pruned has come as far as to a rung."""
    return rung is not None and end.epochs >= rung.epochs


def failed_job(
    config: Mapping[str, Any],
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    error: BaseException,
) -> JobEnd:
    """Records what went wrong in the job's folder; where that cannot be, it is what went wrong."""
    try:
        record_failure(folder, config, documents, error)
    except StorageError as refused:
        text = f"failed: {error_line(refused)}"
        return JobEnd(number, "failed", text, refused.exit_code, refused=str(refused))
    code = error.exit_code if isinstance(error, RunnerError) else 1
    text = f"failed: {error_line(error)}"
    return JobEnd(number, "failed", text, code, *read_results(folder))
