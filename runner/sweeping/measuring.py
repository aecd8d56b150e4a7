"""What a sweep's jobs will take: some are run for moments as the sweep runs them, and thrown away.

In as many processes at once, so that what else the machine does is in the times.
"""

import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import numpy as np

from runner.errors import RunnerError
from runner.experiment.sharing import shared_parts
from runner.network.topology import Topology, parse_topology
from runner.run_folder.job_end import JobEnd
from runner.run_folder.tables import split
from runner.settings import parse_settings
from runner.sweeping.job import OF_SWEEP, Job, run_job
from runner.sweeping.pool import Lost, Pool, in_time
from runner.sweeping.pool_kinds import start_pool
from runner.sweeping.running_jobs import ending
from runner.sweeping.sweep import Sweep
from runner.system import size_on_disk
from runner.training.threads import limited

Config = Mapping[str, Any]

BESIDE_NUMBERS = 600
"""Bytes of a row beside its history and weights, with its line of results.csv."""
SECONDS = 2.0
"""For all trials together; twice that where none has come to its end by then."""


Bound = Literal["at least", "at most", "about"]
"""How sure a time is, the least sure first."""


@dataclass(frozen=True)
class Trial:
    """A job that has been trained for a moment, and what all of it would take."""

    seconds: float
    """From its overrides to its last file."""
    size: int
    """Bytes that its files take on the disk."""
    row: int
    """Bytes that it takes as a row."""
    first: float
    """Seconds that only a process's first job with such a net takes; 0 where it was not that."""
    steps_per_second: float
    bound: Bound
    """`about` where it came to its end, `at most` where only a limit of it is known, `at least`
    where not even that."""
    topology: Topology
    is_cut: bool = False
    """Whether it was stopped before its end: then its folder may come to less than all the
    snapshots that it may keep, and its row to more than the history so far."""


@dataclass(frozen=True)
class Net:
    """What the trials of jobs with one net have shown."""

    trials: tuple[Trial, ...] = ()
    problem: str = ""
    """Why one of its jobs will fail, if one will."""
    untried: Topology | None = None
    """The net itself, of the only one there is, where no trial came to its end in time."""

    @property
    def topology(self) -> Topology | None:
        """None where it is not known."""
        return self.trials[0].topology if self.trials else self.untried

    @property
    def seconds(self) -> float:
        """A job's mean time; NaN where none was tried."""
        return mean(trial.seconds for trial in self.trials)

    @property
    def size(self) -> float:
        """A job's mean bytes; NaN where none was tried."""
        return mean(trial.size for trial in self.trials)

    @property
    def row(self) -> float:
        """A job's mean bytes as a row; NaN where none was tried."""
        return mean(trial.row for trial in self.trials)

    @property
    def steps_per_second(self) -> float:
        """The mean rate; NaN where none was tried."""
        return mean(trial.steps_per_second for trial in self.trials)

    @property
    def first(self) -> float:
        """What a process's first job takes besides."""
        return max((trial.first for trial in self.trials), default=0.0)


def mean(values: Iterable[float]) -> float:
    """The mean, NaN of nothing."""
    numbers = list(values)
    return math.fsum(numbers) / len(numbers) if numbers else math.nan


def measured(sweep: Sweep, nets: Sequence[Sequence[Job]], processes: int) -> list[Net]:
    """What jobs take, by net: the first of each is tried, then the second, while there is time.

    Raises Stop after a signal.
    """
    if not nets:
        return []
    order = [(net, job) for jobs in zip_longest(*nets) for net, job in enumerate(jobs) if job]
    limit = SECONDS * min(1.0, processes / len(nets)) / 4
    found = [Net() for _ in nets]
    with tempfile.TemporaryDirectory(prefix="runner-plan-") as place, limited(1):
        attempt = Attempts(sweep, limit, Path(place))
        pool = start_pool(
            attempt, range(len(order)), processes, given=lambda task: (task, *order[task])
        )
        for task, result in finished_in_time(pool):
            net = order[task][0]
            if isinstance(result, Trial):
                found[net] = replace(found[net], trials=(*found[net].trials, result))
            else:
                found[net] = replace(found[net], problem=result)
    if found == [Net()]:
        return [built(sweep, nets[0][0])]
    return found


class Attempts:
    """Tries jobs in a process, each in a folder of its own."""

    def __init__(self, sweep: Sweep, limit: float, place: Path) -> None:
        self._sweep, self._limit, self._place = sweep, limit, place
        self._warm: set[int] = set()  # the nets that the process has seen

    def __call__(self, given: tuple[int, int, Job]) -> Trial | str:
        """What a job of one of the nets shows."""
        task, net, job = given
        first = net not in self._warm
        self._warm.add(net)
        return tried(self._sweep, job, self._limit, self._place / str(task), first=first)


def built(sweep: Sweep, job: Job) -> Net:
    """A job's net without a trial; or why it cannot be made."""
    try:
        problem = shared_parts(parse_settings(sweep.values(job))).engine.problem
    except RunnerError as error:
        return Net(problem=str(error))
    return Net(untried=problem.network.topology)


def finished_in_time(pool: Pool) -> Iterator[tuple[int, Trial | str]]:
    """Each trial as it comes, and what went wrong with those that do not, until time is up."""
    for event in in_time(pool, 2 * SECONDS, SECONDS):
        if not isinstance(event, Lost):
            yield event
        elif event.task is not None:
            yield event.task, ending(event.exit_code)


def tried(sweep: Sweep, job: Job, seconds: float, folder: Path, *, first: bool) -> Trial | str:
    """Runs a job for a moment, after one that is the process's `first`; or why it will fail."""
    spent_first = 0.0
    if first:
        began = time.perf_counter()
        config = stopped(short(sweep.values(job), seconds), max_steps=1)
        run_job(config, sweep.documents(job), folder / "first", 0)
        spent_first = time.perf_counter() - began
    began = time.perf_counter()
    config = sweep.values(job)
    end = run_job(short(config, seconds), sweep.documents(job), folder / "job", 0, OF_SWEEP)
    spent = time.perf_counter() - began
    if end.status == "failed":
        return end.text.removeprefix("failed: ")
    made = trial(end, config, folder / "job", spent, spent_first)
    less = sweep.options.rows and made.bound == "about"  # than with a folder, as it was tried
    return replace(made, bound="at most") if less else made


def short(config: Config, seconds: float) -> Config:
    """The configuration of a trial: stopped soon, and tracked nowhere."""
    own = config["stopping"]["max_seconds"]
    limit = seconds if own is None else min(own, seconds)
    return stopped({**config, "logger": None}, max_seconds=limit)


def stopped(config: Config, **limits: float) -> Config:
    """The configuration with other limits."""
    return {**config, "stopping": {**config["stopping"], **limits}}


def trial(end: JobEnd, config: Config, folder: Path, spent: float, first: float) -> Trial:
    """What a trial says of its job."""
    trained_for, steps = float(end.cell("seconds")), int(end.cell("steps"))
    snapshots = [size_of(path) for path in folder.glob("snapshots/*.npz")]
    size = sum(size_of(path) for path in (folder, *folder.rglob("*")))
    rate = steps / trained_for if trained_for else math.nan
    network = parse_settings(config).network
    written = parse_topology(end.cell("topology"))  # with what the data have at its ends
    topology = Topology(written, network.bias, network.batch_norm)
    names, *rows = (folder / "history.csv").read_text(encoding="utf-8").splitlines()
    numbers = len(rows) * len(split(names))
    row = BESIDE_NUMBERS + 8 * numbers + topology.size * np.dtype(config["dtype"]).itemsize
    about = Trial(spent, size, row, first, rate, "about", topology)
    limits = config["stopping"]
    cut = end.cell("stop_reason") == "max_seconds" and not own_limit_met(limits, trained_for)
    if not cut:
        return about
    known = [
        *([limits["max_steps"] / rate] if limits["max_steps"] else []),
        *([limits["max_epochs"] * steps_per_epoch(config) / rate] if limits["max_epochs"] else []),
        *([limits["max_seconds"]] if limits["max_seconds"] else []),
    ]
    most = min(known, default=trained_for)
    keep = config["recording"]["snapshots"]["keep"] or len(snapshots)
    later = max(0, keep - len(snapshots)) * max(snapshots, default=0)
    return replace(
        about,
        seconds=spent - trained_for + most,
        size=size + later,
        is_cut=True,
        bound="at most" if known else "at least",
    )


def steps_per_epoch(config: Config) -> int:
    """How many steps the job makes an epoch."""
    return shared_parts(parse_settings(config)).engine.problem.steps_per_epoch


def own_limit_met(limits: Mapping[str, Any], seconds: float) -> bool:
    """Whether the job itself would have stopped by then."""
    return limits["max_seconds"] is not None and seconds >= limits["max_seconds"]


def size_of(path: Path) -> int:
    """Bytes on the disk."""
    return size_on_disk(path.stat())
