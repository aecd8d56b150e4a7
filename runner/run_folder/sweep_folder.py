"""Which folders of a sweep's are its jobs': one rule for all that look for them."""

import os
import re
from pathlib import Path

NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
"""A job's number as the runner writes it; `007` is somebody's own folder."""


def is_number(name: str) -> bool:
    """Whether a name is that of a job's folder."""
    return NUMBER.fullmatch(name) is not None


def job_folders(sweep: Path) -> dict[int, Path]:
    """The folders that are jobs', and links to such, in the order of their numbers.

    Nothing where there is no folder. Raises OSError where it cannot be read.
    """
    try:
        with os.scandir(sweep) as entries:
            names = [entry.name for entry in entries if is_number(entry.name) and entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {number: sweep / str(number) for number in sorted(map(int, names))}


def begun_jobs(sweep: Path) -> dict[int, Path]:
    """Those whose job has begun: there is something named run.json."""
    folders = job_folders(sweep)
    return {n: path for n, path in folders.items() if os.path.lexists(path / "run.json")}
