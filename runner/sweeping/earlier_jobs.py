"""Picking up a sweep: its jobs are known by their configurations, whatever their numbers."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from runner.checking.parsing import assumed
from runner.errors import RunnerError
from runner.experiment.loading import whole_topology
from runner.experiment.resuming import warn
from runner.experiment.sharing import shared_dataset
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.run import read_run
from runner.run_folder.statuses import FINISHED
from runner.run_folder.sweep_folder import SweepFolder
from runner.settings import Settings, parse_settings
from runner.storage.locks import locked
from runner.sweeping.trained_on import TrainedOn


@dataclass(frozen=True)
class Earlier:
    """A job that a folder holds from an earlier launch."""

    number: int
    end: JobEnd | None
    """None where it is yet to come to its end."""


def identity(config: Mapping[str, Any]) -> str:
    """SHA-256 of a job's configuration; how its sweep is run is no part of that.

    Nor is what a configuration may leave out, as those from before it was there do.
    """
    values = but_assumed({key: value for key, value in config.items() if key != "sweep"})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def but_assumed(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration without the values that would be assumed where it left them out."""
    left_out = assumed(Settings)
    return {
        key: but_assumed(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in config.items()
        if f"{prefix}{key}" not in left_out or left_out[f"{prefix}{key}"] != value
    }


def as_recorded(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A configuration as run.json has it: with the whole topology, where data are there for it."""
    settings = parse_settings(config)
    if all(isinstance(piece, int) for piece in settings.topology):
        return {**config, "topology": "-".join(map(str, settings.topology))}
    try:
        topology = whole_topology(settings, shared_dataset(settings.dataset))
    except RunnerError:  # as the job itself will say
        return config
    return {**config, "topology": str(topology)}


def earlier_jobs(sweep: Path) -> tuple[dict[str, list[Earlier]], TrainedOn]:
    """By identity the jobs that a sweep's folder holds and that can be read, finished ones first.

    With what they were trained on. Raises ConflictError when one of them is being run.
    """
    found: dict[str, list[Earlier]] = defaultdict(list)
    trained_on = TrainedOn()
    for number, folder in SweepFolder(sweep).begun.items():
        try:
            about = read_run(folder)
            key = identity(about["configuration"])
            trained_on.add(number, about)
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            warn(f"{folder}/run.json cannot be read; its job is taken for one that is missing")
            continue
        with locked(folder):
            end = ended_job(folder, number) if about["status"] in FINISHED else None
        found[key].append(Earlier(number, end))
    for jobs in found.values():
        jobs.sort(key=lambda job: job.end is None)
    return found, trained_on


def recognised(
    configurations: Iterable[Mapping[str, Any]], earlier: Mapping[str, list[Earlier]]
) -> list[Earlier | None]:
    """For each configuration an earlier job that has the same, taken from `earlier`."""
    known: list[Earlier | None] = []
    for config in configurations:  # one that failed at its data is recorded as it was given
        jobs = earlier.get(identity(as_recorded(config))) or earlier.get(identity(config))
        known.append(jobs.pop(0) if jobs else None)
    return known


def numbers_for(known: Sequence[Earlier | None], first: int, taken: set[int]) -> list[int]:
    """Each job's number: an earlier one's; else that of its place if free; else a new one."""
    places = range(first, first + len(known))
    own = {place for job, place in zip(known, places, strict=True) if job is None} - taken
    new = (number for number in count(max(taken, default=first)) if number not in own | taken)
    return [
        job.number if job is not None else place if place in own else next(new)
        for job, place in zip(known, places, strict=True)
    ]
