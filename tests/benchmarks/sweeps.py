"""Sweeps in the pool of processes, beside Hydra's own application in the same run.

    python -m tests.benchmarks.sweeps [--root FOLDER]

A minute without, three with `--root`, the folder of MNIST's files. Every figure is of whole
commands, their start included; training is what the jobs' own results.csv say. Folders stay until
the end: some file systems make new files slowly after many have been removed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import pandas as pd

from runner.run_folder.job_rows import JobRows
from tests.benchmarks.timing import conditions, keep_bytecode

ROWS = "sweep.record=rows"
SHORT = ("network.dropout.rate=0", "stopping.target=0.99")
MIXED = (
    "topology=3-4-1,3-8-1,3-4-4-1,3-16-1",
    "optimizer.learning_rate=1,3,10,30,100",
    "seed=range(1,51)",
    *SHORT,
    "stopping.max_steps=2000",
)
MNIST = ("dataset=mnist", "stopping.max_epochs=40", "dtype=float32", "recording.plots=false")


class Sweep(NamedTuple):
    """What a command took."""

    jobs: int
    seconds: float
    cpu: float
    """Seconds of all its processes, the system's work for them included."""
    megabytes: float
    """Of its largest process."""
    training: float
    """Seconds of a job's training, in the mean."""

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return self.jobs / self.seconds


class Figure(NamedTuple):
    """A line of the report."""

    what: str
    measured: float
    goal: str = ""
    met: bool | None = None


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--root", help="the folder of MNIST's files, for the long jobs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--basic", type=int, default=100, help="jobs of Hydra's basic launcher")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".sweeps-") as place:
        keep_bytecode(Path(place))
        folders = (Path(place) / str(number) for number in count())
        sweep(next(folders), 2, seeds(2), *SHORT)  # compiles modules and kernels
        figures: Iterator[Figure] = short_jobs(folders.__next__, arguments.basic, arguments.rounds)
        if arguments.root:
            figures = chain(figures, long_jobs(folders.__next__, arguments.root, arguments.rounds))
        print(f"{'':50} {'measured':>9} {'goal':>8}")
        for what, value, goal, met in figures:
            verdict = {True: "met", False: "missed", None: ""}[met]
            print(f"{what:50} {value:9.3g} {goal:>8} {verdict}", flush=True)
        print(conditions())


def short_jobs(folder: Callable[[], Path], basic_jobs: int, times: int) -> Iterator[Figure]:
    """Jobs whose training takes less than a millisecond."""
    start = sweep(folder(), 2, seeds(2), *SHORT)
    rounds = [
        (
            sweep(folder(), 1000, seeds(1000), *SHORT),
            hydra_alone(folder(), basic_jobs),
            sweep(folder(), 1000, *MIXED),
        )
        for _ in range(times)
    ]
    short = min((one for one, _, _ in rounds), key=lambda run: run.seconds)
    basic = min((other for _, other, _ in rounds), key=lambda run: run.seconds)
    ratio = statistics.median(one.rate / other.rate for one, other, _ in rounds)
    grid = statistics.median(other.rate / one.rate for one, _, other in rounds)
    yield Figure("a sweep of two jobs, seconds", start.seconds)
    yield Figure("1,000 jobs, jobs a second", short.rate, ">= 400", short.rate >= 400)
    yield Figure(f"Hydra's basic launcher, {basic_jobs} jobs, jobs a second", basic.rate)
    yield Figure("the former over the latter, median", ratio, ">= 60", ratio >= 60)
    yield Figure("a mixed grid's rate over the first, median", grid, ">= 0.8", grid >= 0.8)
    many = sweep(folder(), 10_000, seeds(10_000), *SHORT)
    yield Figure("10,000 jobs, seconds", many.seconds, "< 40", many.seconds < 40)
    yield Figure("  jobs a second over basic's", many.rate / basic.rate)
    flat = many.megabytes / short.megabytes
    yield Figure("  largest process over 1,000 jobs'", flat, "<= 1.2", flat <= 1.2)
    yield Figure("  its megabytes", many.megabytes)
    cpu = 1000 * (many.cpu - start.cpu) / (many.jobs - start.jobs)
    training = 1000 * many.training
    yield Figure("  CPU a job, ms", cpu)
    yield Figure("    training", training)
    yield Figure("    all else", cpu - training, "< 3", cpu - training < 3)
    yield from rows(folder, basic.rate, cpu - training, start)


def rows(folder: Callable[[], Path], basic: float, beside: float, start: Sweep) -> Iterator[Figure]:
    """The same jobs as rows of one file.

    basic: jobs a second of Hydra's launcher. beside: milliseconds of a job with a folder beside its
    training. start: a sweep of two jobs.
    """
    place = folder()
    many = sweep(place, 10_000, seeds(10_000), *SHORT, ROWS)
    ratio = many.rate / basic
    yield Figure("10,000 jobs in rows, seconds", many.seconds)
    yield Figure("  jobs a second", many.rate)
    yield Figure("  over basic's", ratio, ">= 300", ratio >= 300)
    cpu = 1000 * (many.cpu - start.cpu) / (many.jobs - start.jobs) - 1000 * many.training
    yield Figure("  CPU a job beside training, ms", cpu)
    yield Figure("    folders' over that", beside / cpu, ">= 15", beside / cpu >= 15)
    own = bytes_of(place) / many.jobs
    yield Figure("  bytes a job beside history and weights", own, "<= 600", own <= 600)
    yield Figure("  megabytes of the largest process", many.megabytes)
    again = measured("-m", seeds(10_000), *SHORT, ROWS, f"hydra.sweep.dir={place}")
    yield Figure("  launched again, seconds", again[0])


def bytes_of(place: Path) -> float:
    """What a sweep's folder takes, but for histories and weights."""
    files = sum(path.stat().st_size for path in place.iterdir())
    return files - sum(len(row.history) + len(row.weights) for row in JobRows(place))


def long_jobs(folder: Callable[[], Path], root: str, times: int) -> Iterator[Figure]:
    """MNIST: what the pool adds to one job, and what a second job at once does to it."""
    given = (*MNIST, f"dataset.root={root}")
    rounds = [
        (
            run(folder(), *given, "seed=1"),
            sweep(folder(), 1, *given, "seed=1").seconds,
            sweep(folder(), 2, *given, "seed=1,2").seconds,
        )
        for _ in range(times)
    ]
    alone, one, two = (min(seconds) for seconds in zip(*rounds, strict=True))
    yield Figure("MNIST: one run, seconds", alone)
    yield Figure("  as a sweep's only job, over that", one / alone, "<= 1.05", one / alone <= 1.05)
    both = f"  two jobs at once on {os.cpu_count()} cores, over one"
    yield Figure(both, two / one, "<= 1.15", two / one <= 1.15)


def seeds(jobs: int) -> str:
    """An override of so many seeds."""
    return f"seed=range(1,{jobs + 1})"


def sweep(folder: Path, jobs: int, *overrides: str) -> Sweep:
    """What a sweep takes from its first process to its last file; checks that it is complete."""
    seconds, cpu, megabytes = measured("-m", *overrides, f"hydra.sweep.dir={folder}")
    results = pd.read_csv(folder / "results.csv")
    kept = JobRows(folder)
    files = {tuple(sorted(names_in(folder / str(job)))) for job in results["job"]}
    whole = len(kept.numbers) == jobs or all(len(names) >= 9 for names in files)
    if len(results) != jobs or not whole:
        raise SystemExit(f"{len(results)} of {jobs} jobs have a row, with the files {files}")
    return Sweep(jobs, seconds, cpu, megabytes, results["seconds"].mean())


def hydra_alone(folder: Path, jobs: int) -> Sweep:
    """The same of Hydra's own application, sweeper and basic launcher."""
    basic = ("hydra/launcher=basic", "hydra/sweeper=basic", "~hydra.callbacks.sweep_folder")
    own = ("-m", seeds(jobs), *SHORT, *basic, f"hydra.sweep.dir={folder}")
    seconds, cpu, megabytes = measured_command(["-m", "tests.benchmarks.hydra_alone", *own])
    if len(list(folder.glob("*/results.csv"))) != jobs:
        raise SystemExit("Hydra's basic launcher has not run all jobs")
    return Sweep(jobs, seconds, cpu, megabytes, 0.0)


def names_in(job: Path) -> list[str]:
    """The kinds of file that a job has left."""
    files = (path.relative_to(job) for path in job.glob("**/*") if path.is_file())
    return list({str(path.with_suffix(".npz") if "step" in path.name else path) for path in files})


def run(folder: Path, *overrides: str) -> float:
    """The seconds of a run by itself."""
    return measured(*overrides, f"hydra.run.dir={folder}")[0]


def measured(*arguments: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds and the largest process's megabytes of the runner's command."""
    return measured_command(["-m", "runner", *arguments])


def measured_command(arguments: Sequence[str]) -> tuple[float, float, float]:
    """The same of another command of Python's."""
    started = perf_counter()
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
