"""A sweep's results.csv: a row for each of its jobs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.application.extras import check_installed
from runner.application.sweep_options import check_in_single_run, check_in_sweep
from runner.checking.rules import folder
from runner.errors import ConflictError, RunnerError, Stop, printable
from runner.run_folder.ownership import check_empty, names_in
from runner.run_folder.run_directory import read_run
from runner.run_folder.sweep_folder import begun_jobs, job_folders
from runner.run_folder.tables import columns_of, merge_rows, read_row
from runner.storage.files import make_folders, storage_errors, write_atomically
from runner.storage.reading import check_own_files, read_text, recorded_overrides

FAILED = ("failed", "diverged")
"""Statuses of jobs that did not do what they were asked to."""


@dataclass(frozen=True)
class Job:
    """A job of a sweep as its folder tells it."""

    number: str
    row: dict[str, str]
    error: str
    """What went wrong, empty when nothing did."""
    overrides: str = ""
    """Of a job that failed, on one line."""

    @property
    def failed(self) -> bool:
        """Whether the job did not do what it was asked to."""
        return self.row.get("status") in FAILED


class SweepFolder(Callback):
    """Sees whose the folder is that a run or a sweep is to have, before Hydra writes there.

    path: of the sweep that Hydra starts, for when it ends.
    asked: of the run or the sweep, in whatever it ends.
    made: folders that were not there, which go again where the command is refused.
    """

    path: Path | None = None
    asked: Path | None = None
    made: Sequence[Path] = ()

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before a single run."""
        try:
            path = Path(folder("hydra.run.dir", config.hydra.run.dir)).absolute()
            SweepFolder.asked = path
            check_in_single_run(config)
            check_empty(path, "hydra.run.dir")
            with storage_errors(path):
                SweepFolder.made = make_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before the first job."""
        try:
            path = Path(folder("hydra.sweep.dir", config.hydra.sweep.dir)).absolute()
            SweepFolder.asked = path
            check_installed(config)
            check_in_sweep(config)
            check_own_files(path)
            check_sweep_folder(path, again=config.sweep.skip_finished)
            if not config.sweep.plan:
                with storage_errors(path):
                    SweepFolder.made = make_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error
        SweepFolder.path = None if config.sweep.plan else path


def check_sweep_folder(sweep: Path, *, again: bool) -> None:
    """Raises ConflictError for a folder that is neither empty nor a sweep's, to go on with `again`.

    Beside a sweep's jobs there may lie what one likes, but not in the place of a job.
    """
    with storage_errors(sweep):
        folders, begun = job_folders(sweep), begun_jobs(sweep)
    if "run.json" in names_in(sweep) or not (begun or has_config(sweep)):
        check_empty(sweep, "hydra.sweep.dir")
        return
    if not again:
        raise ConflictError(
            f"{printable(sweep)} already holds a sweep; give another hydra.sweep.dir"
        )
    for place in (folders[number] for number in folders if number not in begun):
        strange = [name for name in names_in(place) if not HYDRAS.fullmatch(name)]
        if strange:
            raise ConflictError(
                f"{printable(place / min(strange))} is in the place of one of the sweep's "
                "jobs; move it away or give another hydra.sweep.dir"
            )


HYDRAS = re.compile(r"\.hydra|.*\.log")
"""What Hydra writes in a job's folder before the job begins."""


def has_config(sweep: Path) -> bool:
    """Whether a folder's multirun.yaml is that of a sweep of the runner's."""
    try:
        text = read_text(sweep / "multirun.yaml")
    except (OSError, ValueError):
        return False
    return f"_target_: {SweepFolder.__module__}.{SweepFolder.__name__}" in text


def sweep_jobs(sweep: Path) -> Iterator[Job]:
    """The jobs of a sweep that have ended, in the order of their numbers."""
    for place in job_folders(sweep).values():
        try:
            yield job_in(place)
        except (OSError, ValueError, KeyError):
            continue  # not ended: its own folder says how far it came


def job_in(folder: Path) -> Job:
    """The job in a folder. Raises OSError, ValueError or KeyError where it has not ended."""
    row, about = read_row(folder / "results.csv"), read_run(folder)
    job = Job(folder.name, row, about["error"] or "")
    return replace(job, overrides=" ".join(recorded_overrides(folder) or ())) if job.failed else job


def swept_jobs(sweep: Path) -> tuple[int, list[Job]]:
    """How many jobs have ended, and those that failed; results.csv then has a row for each.

    Where it has them already, as the pool leaves it, only the folders of failed jobs are read.
    """
    table = statuses(sweep / "results.csv")
    if table.keys() != set(map(str, job_folders(sweep))):
        jobs = collect_results(sweep)
        return len(jobs), [job for job in jobs if job.failed]
    failed = [number for number, status in table.items() if status in FAILED]
    return len(table), [job_in(sweep / number) for number in failed]


def statuses(table: Path) -> dict[str, str]:
    """Of each job in a sweep's results.csv its status; empty where there is no such table."""
    try:
        return {row[0]: row[1] for row in columns_of(table, ("job", "status"))}
    except (OSError, ValueError):
        return {}


def collect_results(sweep: Path) -> list[Job]:
    """Writes the sweep's results.csv from its jobs' own, and returns the jobs."""
    jobs = list(sweep_jobs(sweep))
    if jobs:
        with storage_errors(sweep):
            table = merge_rows([{"job": job.number, **job.row} for job in jobs])
            write_atomically(sweep / "results.csv", table)
    return jobs
