"""What it costs runs that somebody watches them: their speed while a page follows, and while none.

    python -m tests.benchmarks.watching               one run
    python -m tests.benchmarks.watching --runs 2      two runs at once
    python -m tests.benchmarks.watching --sweep       a sweep of 200 jobs, two at once

The same runs are watched and left alone in turn, some seconds each; the steps that they made in
these seconds are in their histories. So a moment's other work on the machine falls on neighbours
of both kinds, and starting is nobody's. All is written into memory, so that no disk is measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.run_folder.history import history_columns
from tests.analysis.browser import browser
from tests.watching.test_watch import watching

ROOT = Path("/dev/shm/runner-watched")  # noqa: S108 - a file system in memory
RUN = ("dataset=digits", "engine=numpy", "stopping.max_epochs=null", "recording.history=20")
JOBS, WORKERS = 200, 2
SECONDS, OPENING = 8.0, 1.0
"""Of a window, and before it, in which the page opens or closes.

As the page asks each 2 or 4 seconds, a window has as many looks as there are in so long a time.
"""
GOAL = 2.0
MOST_TAKEN = 0.1
"""Per cent."""

Switch = Callable[[bool], None]
"""Has the page follow, or be closed."""


class Window(NamedTuple):
    """Some seconds, on the clock of files, in which the runs were watched or not."""

    began: float
    ended: float
    watched: bool
    taken: float
    """Per cent of the processors that their host gave to others meanwhile, as Linux tells it."""


@contextmanager
def page(address: str) -> Iterator[Switch]:
    """A real browser that has the page, or a blank one."""
    with browser(1280, 800, online=True) as driver:
        yield lambda follows: driver.get(address if follows else "about:blank")


@contextmanager
def running(count: int, seconds: float) -> Iterator[list[Path]]:
    """Runs that last so long, past their beginnings."""
    folders = [ROOT / str(number) for number in range(count)]
    with ExitStack() as stack:
        for folder in folders:
            last = f"stopping.max_seconds={seconds}"
            stack.enter_context(started(last, f"hydra.run.dir={folder}"))
        wait_for(folders)
        yield folders


@contextmanager
def sweeping(seconds: float) -> Iterator[list[Path]]:
    """A sweep that lasts so long, past its beginning."""
    folders = [ROOT / "sweep" / str(number) for number in range(JOBS)]
    last = f"stopping.max_seconds={seconds * WORKERS / JOBS}"
    jobs = ("-m", f"seed=range(0,{JOBS})", f"sweep.workers={WORKERS}")
    with started(*jobs, last, f"hydra.sweep.dir={ROOT / 'sweep'}"):
        wait_for(folders[:WORKERS])
        yield folders


def started(*arguments: str) -> subprocess.Popen[bytes]:
    """The command, at work."""
    command = [sys.executable, "-m", "runner", *arguments, *RUN]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def wait_for(folders: list[Path]) -> None:
    """Until all of them have begun."""
    while not all((folder / "history.csv").exists() for folder in folders):
        time.sleep(0.1)
    time.sleep(2)


def windows(switch: Switch, pairs: int) -> list[Window]:
    """Watched and not, now the one first and now the other."""
    found = []
    for number in range(2 * pairs):
        watched = number % 4 in (1, 2)
        switch(watched)
        time.sleep(OPENING)
        began, before = time.time(), stolen()
        time.sleep(SECONDS)
        taken = 100 * (stolen() - before) / SECONDS / (os.cpu_count() or 1)
        found.append(Window(began, time.time(), watched, taken))
    return found


def stolen() -> float:
    """Seconds of processors that the host of this machine has given to others."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def steps_a_second(folders: list[Path], found: list[Window], at_once: int) -> Array:
    """What all runs together made in each window; a run's seconds begin with its first snapshot.

    at_once: how many are to be running in every window.
    """
    edges, steps, ends = np.array([window[:2] for window in found]), 0.0, []
    for folder in folders:
        columns = history_columns(folder)
        began = (folder / "snapshots" / "step-000000000.npz").stat().st_mtime
        times, made = began + columns["seconds"], columns["step"]
        steps += np.interp(edges, [began, *times], [0, *made])
        ends.append(times[-1])
    if sorted(ends)[-at_once] < edges.max():
        raise SystemExit("the runs ended before the last window: the page opens too slowly here")
    return np.diff(steps)[:, 0] / np.diff(edges)[:, 0]


def costs(found: list[Window], rates: Array) -> Array:
    """How many per cent slower each watched window was than its neighbour."""
    told = []
    for first in range(0, len(found), 2):
        pair = {found[n].watched: rates[n] for n in (first, first + 1)}
        told.append(100 * (pair[False] / pair[True] - 1))
    return np.array(told)


def tell(name: str, told: Array) -> None:
    """The mean of what pairs cost and its standard error, the median and its 95 % interval."""
    ordered, number = np.sort(told), len(told)
    edge = max(0, int(number / 2 - 0.98 * number**0.5))
    low, high = ordered[edge], ordered[-1 - edge]
    error = np.std(told, ddof=1) / number**0.5
    verdict = "met" if high < GOAL else "not shown"
    print(
        f"{name}, {number} pairs: mean {np.mean(told):+.2f} % ± {error:.2f}, "
        f"median {np.median(told):+.2f} % [{low:+.2f}, {high:+.2f}]; goal < {GOAL:g} %: {verdict}"
    )


def main() -> None:
    """Prints what each run lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.watching")
    parser.add_argument("--runs", type=int, default=1, help="runs at once")
    parser.add_argument("--sweep", action="store_true", help=f"{JOBS} jobs, {WORKERS} at once")
    parser.add_argument("--pairs", type=int, default=30, help="of windows, 18 seconds each")
    asked = parser.parse_args()
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir()
    seconds = 2 * asked.pairs * (OPENING + SECONDS + 0.5) + 10
    with (
        watching(ROOT) as (_, address),
        page(address) as switch,
        sweeping(seconds) if asked.sweep else running(asked.runs, seconds) as folders,
    ):
        found = windows(switch, asked.pairs)
    told = costs(found, steps_a_second(folders, found, WORKERS if asked.sweep else asked.runs))
    taken = np.reshape([window.taken for window in found], (-1, 2)).max(axis=1)
    shutil.rmtree(ROOT)
    print("slower while watched, % (of the processors taken by the host, %):")
    print(" ".join(f"{told[n]:.1f} ({taken[n]:.1f})" for n in np.argsort(told)))
    tell("all", told)
    if 1 < (taken <= MOST_TAKEN).sum() < len(told):
        tell(f"host took at most {MOST_TAKEN:g} %", told[taken <= MOST_TAKEN])


if __name__ == "__main__":
    main()
