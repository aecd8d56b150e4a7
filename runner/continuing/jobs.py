"""The jobs of a sweep, as its folder has them."""

from pathlib import Path

from runner.recording.run_directory import read_run


def jobs_of(sweep: Path) -> dict[Path, str] | None:
    """Each job's folder, by number, and its status; None of what is no sweep."""
    if (sweep / "run.json").exists() or not sweep.is_dir():
        return None
    jobs = [path for path in sweep.iterdir() if path.name.isdecimal() and not path.is_symlink()]
    jobs = [path for path in jobs if (path / "run.json").exists()]
    return {job: status_of(job) for job in sorted(jobs, key=lambda job: int(job.name))} or None


def status_of(job: Path) -> str:
    """What its run.json says; `damaged` where that cannot be read."""
    try:
        return str(read_run(job)["status"])
    except (OSError, ValueError):
        return "damaged"
