"""One job of a sweep: run in its folder, whatever happens recorded there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.checking.rules import shown
from runner.checking.suggestions import suggestion
from runner.configuration.composing import plain, unresolved
from runner.errors import RunnerError, SettingsError, StorageError, counted, error_line, printable
from runner.experiment.branching import inherited
from runner.experiment.resuming import resume_run, warn
from runner.experiment.running import Manner, record_failure, run_experiment
from runner.experiment.shared import build_sharing
from runner.run_folder.run_directory import read_run
from runner.run_folder.tables import read_results, split
from runner.storage.files import BySweep

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class JobEnd:
    """How a job ended."""

    number: int
    status: str
    """completed, diverged, failed or interrupted."""
    text: str
    """In words, on one line."""
    exit_code: int = 0
    header: str = ""
    """Of its results.csv; empty where there is none."""
    row: str = ""
    metric: str = ""
    """What `stopping.metric` names."""
    refused: str = ""
    """Why the end could not be recorded, where it could not."""

    @property
    def failed(self) -> bool:
        """Whether the job did not do what it was asked to."""
        return self.status in ("failed", "diverged")

    def cell(self, column: str) -> str:
        """What its results.csv has in a column; empty where it has none."""
        place = places(self.header).get(column)
        return "" if place is None else split(self.row)[place]

    def value(self, objective: str | None = None) -> float | None:
        """The number in that column of its results.csv, by default its metric's.

        None where the job has failed, or has no metric. Raises SettingsError for no such column.
        """
        if self.failed:
            return None
        columns = places(self.header)
        if objective is not None and objective not in columns:
            raise SettingsError(
                f"sweep.objective={shown(objective)} is no column of results.csv; "
                f"{suggestion(objective, columns)}expected e.g. steps, loss, test_accuracy"
            )
        try:
            return float(self.cell(objective or self.metric))
        except ValueError:
            return None


@lru_cache(maxsize=64)
def places(header: str) -> dict[str, int]:
    """Where each column of a table is."""
    return {name: place for place, name in enumerate(split(header))} if header else {}


JOB = Manner("nothing", one_of_many=True, build=build_sharing)
OF_SWEEP = replace(JOB, syncing=BySweep)
"""Jobs of one process that all are forced to the disk together."""


def run_job(
    config: Mapping[str, Any],
    documents: Mapping[str, str],
    folder: Path,
    number: int,
    manner: Manner = JOB,
) -> JobEnd:
    """Runs a job; an error, and what would end the process, is recorded in its folder."""
    try:
        if (folder / "run.json").exists():  # a cluster has put the job into its queue again
            outcome = resume_run(folder, {}, warn, manner)
        else:
            outcome = run_experiment(config, folder, documents, manner)
    except (Exception, SystemExit) as error:
        return failed_job(config, documents, folder, number, error)
    ended, lines = ("completed", "complete", 0), None
    if outcome is not None:
        ended, lines = (outcome.status, outcome.text, outcome.exit_code), outcome.results
    return JobEnd(number, *ended, *(lines or read_results(folder)), config["stopping"]["metric"])


def run_composed_job(
    config: "DictConfig",
    documents: Mapping[str, str],
    overrides: Sequence[str],
    folder: Path,
    number: int,
) -> JobEnd:
    """Runs a job as Hydra composed it of these overrides."""
    try:
        values = inherited(plain(config), overrides)
    except RunnerError as error:
        return failed_job(unresolved(config), documents, folder, number, error)
    return run_job(values, documents, folder, number)


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


def ended_job(folder: Path, number: int) -> JobEnd | None:
    """How the job in a folder ended, or None where it has not or cannot be read."""
    try:
        about = read_run(folder)
        metric = about["configuration"]["stopping"]["metric"]
        header, row = read_results(folder)
        end = JobEnd(number, about["status"], "", 0, header, row, metric)
        if end.status == "running" or end.cell("status") != end.status:
            return None
        steps, seconds = int(end.cell("steps") or 0), float(end.cell("seconds") or 0)
        after = f"{counted(steps, 'step')}, {seconds:.2f} s"
        reached = f"{about.get('stop_reason')} reached after {after}"
        return replace(end, text=printable(about.get("error") or reached))
    except (OSError, ValueError, LookupError, TypeError):
        return None
