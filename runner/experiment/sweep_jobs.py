"""The jobs of a sweep, as its folder has them."""

import re
from pathlib import Path

from runner.run_folder.run_directory import read_run
from runner.run_folder.sweep_folder import begun_jobs
from runner.storage.reading import read_text

LAUNCH = re.compile(r"^\S+ (\d[\d,]*) jobs to run, (\d[\d,]*) finished before$", re.MULTILINE)
"""The first line of a launch in sweep.log."""


def jobs_of(sweep: Path) -> dict[Path, str] | None:
    """Each job's folder, by number, and its status; None of what is no sweep."""
    if (sweep / "run.json").exists() or not sweep.is_dir():
        return None
    jobs = [job for job in begun_jobs(sweep).values() if not job.is_symlink()]
    return {job: status_of(job) for job in jobs} or None


def never_started(sweep: Path, started: int) -> int:
    """How many jobs of a sweep's last launch have no folder, by its sweep.log; 0 without one.

    started: how many have one. Too few are told where some of them are of other launches.
    """
    try:
        launches = LAUNCH.findall(read_text(sweep / "sweep.log"))
    except (OSError, ValueError):
        return 0
    if not launches:
        return 0
    planned = sum(int(count.replace(",", "")) for count in launches[-1])
    return max(0, planned - started)


def status_of(job: Path) -> str:
    """What its run.json says; `damaged` where that cannot be read."""
    try:
        return str(read_run(job)["status"])
    except (OSError, ValueError):
        return "damaged"
