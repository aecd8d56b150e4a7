"""A sweep's results.csv: a row for each of its jobs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from runner.errors import ConflictError, printable
from runner.run_folder.ownership import check_empty, names_in
from runner.run_folder.run_directory import read_run
from runner.run_folder.sweep_folder import begun_jobs, job_folders
from runner.run_folder.tables import columns_of, merge_rows, read_row
from runner.storage.files import storage_errors, write_atomically
from runner.storage.reading import read_text, recorded_overrides

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
    return any(f"_target_: {name}" in text for name in GUARDS)


GUARDS = ("runner.application.callback.FolderGuard", "runner.sweeping.results.SweepFolder")
"""What its configuration names, in this version and in those before."""


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
