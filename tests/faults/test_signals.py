"""A signal at any instant ends a run in order, within seconds; a second one at once."""

import random
import signal
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from shutil import rmtree

import pytest

from runner.run_folder.layout import read_run
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot, parameters_checksum
from runner.run_folder.tables import read_row
from tests.faults.children import Ended, Parent
from tests.faults.outcomes import check_readable

SIGNALS = 17
"""A test; each test's come at other instants."""
CI, RELEASE = 4, 20
TESTS = [pytest.param(n, marks=[pytest.mark.release] * (n >= CI)) for n in range(RELEASE)]
CODES = {"SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129, "SIGUSR1": 143}
SECOND = 5
MOST_SECONDS = 5
ENDLESS = (
    "stopping.target=null",
    "stopping.max_steps=null",
    "stopping.max_seconds=600",
    "recording.plots=false",
    "recording.on_sigusr1=stop",
)


@cache
def seconds_to_begin(parent: Parent) -> float:
    """How long it takes until a run trains, about."""
    parent("run", parent.new_folder(), (*ENDLESS, "stopping.max_steps=1"))  # imports and compiles
    return parent("run", parent.new_folder(), (*ENDLESS, "stopping.max_steps=1")).seconds


def signalled(
    parent: Parent, rng: random.Random, by: Sequence[signal.Signals], *, begins: bool
) -> tuple[Path, Ended]:
    """A run that gets signals while it begins, or while it trains; its folder, and its end."""
    folder = parent.new_folder()
    longest = seconds_to_begin(parent) if begins else 0.05
    once = None if begins else folder / "history.csv"
    wait = rng.uniform(0, longest)
    return folder, parent("run", folder, ENDLESS, kill_after=wait, once=once, by=by)


@pytest.mark.parametrize("number", TESTS)
@pytest.mark.parametrize("name", CODES)
def test_a_signal_ends_a_run_in_order(
    name: str, number: int, parent: Parent, counted: Callable[..., None]
) -> None:
    rng = random.Random(number)  # noqa: S311 - no secret
    heeded = 0
    for count in range(SIGNALS):
        folder, ended = signalled(parent, rng, [signal.Signals[name]], begins=count % 2 == 0)
        assert (ended.code, ended.err) == (CODES[name], "")
        assert ended.seconds < MOST_SECONDS
        check_readable(folder)
        if not (folder / "run.json").exists():  # it had not begun to be a run
            continue
        about, row = read_run(folder), read_row(folder / "results.csv")
        assert about["status"] == row["status"] == "interrupted"
        state = load_snapshot(RunFolder(folder).snapshot())
        assert state.step == int(row["steps"])
        assert about["checksums"]["parameters"] == parameters_checksum(state.parameters)
        rmtree(folder)
        heeded += 1
    counted(**{f"{name}, of which heeded by a run": heeded, name: SIGNALS})
    assert heeded


@pytest.mark.parametrize("number", TESTS)
def test_a_second_signal_ends_a_run_at_once(
    number: int, parent: Parent, counted: Callable[..., None]
) -> None:
    rng = random.Random(number)  # noqa: S311 - no secret
    begun = 0
    for count in range(SECOND):
        both = [signal.SIGTERM, signal.SIGINT]
        folder, ended = signalled(parent, rng, both, begins=count % 2 == 0)
        assert ended.code in (130, 143), ended
        assert ended.err == ""
        assert ended.seconds < MOST_SECONDS
        check_readable(folder)
        if (folder / "history.csv").exists():  # it trained; it waited for nothing, not even to say
            assert read_run(folder)["status"] == "running"
            begun += 1
    counted(**{"second signals": SECOND, "second signals, of which to a run that trained": begun})
    assert begun
