"""What lies where in the folders of runs and sweeps, and by which names."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.storage.reading import read_text

NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
"""A job's number as the runner writes it; `007` is somebody's own folder."""


def is_job_number(name: str) -> bool:
    """Whether a name is that of a job's folder."""
    return NUMBER.fullmatch(name) is not None


def read_run(path: Path) -> Mapping[str, Any]:
    """What run.json says. Raises OSError or ValueError when it cannot be read."""
    try:
        about = json.loads(read_text(path / "run.json"))
    except RecursionError as error:
        raise ValueError("run.json is nested too deep") from error
    if not isinstance(about, dict) or "status" not in about:
        raise ValueError("run.json does not describe a run")
    return about


def snapshot_path(run: Path, step: int) -> Path:
    """Where the snapshot of a step lies; names sort by step."""
    return run / "snapshots" / f"step-{step:09d}.npz"


def step_of(path: Path) -> int:
    """The step in a snapshot's name."""
    return int(path.stem.removeprefix("step-"))
