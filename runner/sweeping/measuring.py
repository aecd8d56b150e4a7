"""What a sweep's jobs will take: some are trained for moments, in a folder that is then gone."""

import math
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.assembly.preparing import prepare
from runner.errors import RunnerError, Stop
from runner.sweeping.job import JobEnd, run_job
from runner.sweeping.sharing import shared_assembly

Config = Mapping[str, Any]

DOCUMENTS = dict.fromkeys(
    [f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides")], "{}\n"
)
"""What every job has; as small files they take a block of the disk each."""

LEAST_TRIALS = 4
"""As many as there is time for at least, where a net has them."""


@dataclass(frozen=True)
class Trial:
    """A job that has been trained for a moment, and what all of it would take."""

    seconds: float
    """From its configuration to its last file."""
    size: int
    """Bytes that its files take on the disk."""
    spent: float
    """Seconds of trying it."""
    steps_per_second: float
    bound: str
    """`about` where it came to its end, `at most` where only a limit of it is known, `at least`
    where not even that."""


@dataclass(frozen=True)
class Net:
    """What the trials of jobs with one net have shown."""

    parameters: int | None
    """None where it cannot be built."""
    trials: tuple[Trial, ...]
    problem: str = ""
    """Why one of its jobs will fail, if one will."""

    @property
    def seconds(self) -> float:
        """A job's mean time; NaN where none was tried."""
        return mean(trial.seconds for trial in self.trials)

    @property
    def size(self) -> float:
        """A job's mean bytes; NaN where none was tried."""
        return mean(trial.size for trial in self.trials)

    @property
    def steps_per_second(self) -> float:
        """The mean rate; NaN where none was tried."""
        return mean(trial.steps_per_second for trial in self.trials)


def mean(values: Iterable[float]) -> float:
    """The mean, NaN of nothing."""
    numbers = list(values)
    return math.fsum(numbers) / len(numbers) if numbers else math.nan


def measured(configs: Iterable[Config], seconds: float) -> Net:
    """What jobs with one net take: so many of them are tried as there is time for, one at least."""
    net = Net(None, ())
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="runner-plan-") as place:
        for number, config in enumerate(configs):
            short = tried(config, seconds / LEAST_TRIALS)
            try:
                problem = prepare(short, None, shared_assembly).engine.problem
            except RunnerError as error:
                net = replace(net, problem=str(error))
                continue
            net = replace(net, parameters=problem.network.topology.parameters)
            if not trials:  # for what only a process's first job waits for
                trained(stopped(short, max_steps=1), Path(place) / "first")
            began, folder = time.perf_counter(), Path(place) / str(number)
            end = trained(short, folder)
            spent = time.perf_counter() - began
            if end.status == "failed":
                net = replace(net, problem=end.text)
                continue
            trials.append(trial(end, config, problem.steps_per_epoch, folder, spent))
            if sum(each.spent for each in trials) >= seconds:
                break
    return replace(net, trials=tuple(trials))


def tried(config: Config, seconds: float) -> Config:
    """The configuration of a trial: short, on its own, without waiting for the disk."""
    own = config["stopping"]["max_seconds"]
    limit = seconds if own is None else min(own, seconds)
    recording = {**config["recording"], "durable": False}
    return stopped({**config, "recording": recording, "logger": None}, max_seconds=limit)


def stopped(config: Config, **limits: float) -> Config:
    """The configuration with other limits."""
    return {**config, "stopping": {**config["stopping"], **limits}}


def trained(config: Config, folder: Path) -> JobEnd:
    """Runs a trial. Raises Stop after a signal."""
    end = run_job(config, DOCUMENTS, folder, 0)
    if end.status == "interrupted":
        raise Stop(None, end.exit_code)
    return end


def trial(end: JobEnd, config: Config, steps_per_epoch: int, folder: Path, spent: float) -> Trial:
    """What a trial says of its job."""
    trained_for, steps = float(end.cell("seconds")), int(end.cell("steps"))
    snapshots = [size_of(path) for path in folder.glob("snapshots/*.npz")]
    size = sum(size_of(path) for path in (folder, *folder.rglob("*")))
    rate = steps / trained_for if trained_for else math.nan
    limits = config["stopping"]
    cut = end.cell("stop_reason") == "max_seconds" and not own_limit_met(limits, trained_for)
    if not cut:
        return Trial(spent, size, spent, rate, "about")
    known = [
        *([limits["max_steps"] / rate] if limits["max_steps"] else []),
        *([limits["max_epochs"] * steps_per_epoch / rate] if limits["max_epochs"] else []),
        *([limits["max_seconds"]] if limits["max_seconds"] else []),
    ]
    most = min(known, default=trained_for)
    keep = config["recording"]["snapshots"]["keep"] or len(snapshots)
    later = max(0, keep - len(snapshots)) * max(snapshots, default=0)
    open_ended = "at most" if known else "at least"
    return Trial(spent - trained_for + most, size + later, spent, rate, open_ended)


def own_limit_met(limits: Mapping[str, Any], seconds: float) -> bool:
    """Whether the job itself would have stopped by then."""
    return limits["max_seconds"] is not None and seconds >= limits["max_seconds"]


def size_of(path: Path) -> int:
    """Bytes on the disk."""
    return path.stat().st_blocks * 512
