"""What trackers know a run by."""

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from runner.experiment.experiment import Experiment
from runner.exporting.tracker import Point, TrackedRun
from runner.run_folder.history import read_history
from runner.run_folder.layout import is_job_number, read_run


def folder_run(experiment: Experiment, folder: Path) -> TrackedRun:
    """A run that has a folder: it is the same wherever that is moved."""
    about = read_run(folder)
    resumed = about.get("resumed") or ()
    first = (resumed[0] if resumed else about).get("process")
    identity = [about["started"], first, folder.absolute().name, experiment.checksum]
    started = datetime.fromisoformat(about["started"]).timestamp()
    return described(experiment, folder, identity, started, known=bool(resumed))


def row_run(experiment: Experiment, folder: Path) -> TrackedRun:
    """A job that leaves a row, by the folder that it would have; begun anew it is the same."""
    identity = [str(folder.absolute()), experiment.checksum]
    return described(experiment, folder, identity, time.time(), known=True)


def described(
    experiment: Experiment, folder: Path, identity: object, started: float, *, known: bool
) -> TrackedRun:
    """A run by its place and what tells it from every other."""
    place = folder.absolute()
    group = place.parent.name if is_job_number(place.name) else None
    return TrackedRun(
        hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12],
        f"{group}/{place.name}" if group else place.name,
        group,
        experiment.columns,
        {"runner.folder": str(folder), "runner.engine": experiment.engine.name},
        started,
        known,
    )


def points_of(folder: Path) -> Iterator[Point]:
    """The rows of a run's history."""
    for row in read_history(folder):
        step, epoch, seconds = (row.pop(name) for name in ("step", "epoch", "seconds"))
        metrics = {name: float(value) for name, value in row.items() if value}
        yield Point(int(step), int(epoch), float(seconds), metrics)
