"""A signal at any instant ends a run in order, or before it has begun to be one."""

import random
import signal
from collections.abc import Callable
from shutil import rmtree

import pytest

from runner.recording.run_directory import read_run
from runner.recording.snapshots import load_snapshot, newest_snapshot, parameters_checksum
from runner.recording.tables import read_row
from tests.faults.children import Parent
from tests.faults.outcomes import check_readable

SIGNALS = 5
"""A test; each test's come at other instants."""
CI, RELEASE = 1, 67
TESTS = [pytest.param(n, marks=[pytest.mark.release] * (n >= CI)) for n in range(RELEASE)]
ENDLESS = (
    "stopping.target=null",
    "stopping.max_steps=null",
    "stopping.max_seconds=600",
    "recording.plots=false",
    "recording.on_sigusr1=stop",
)


@pytest.mark.parametrize("number", TESTS)
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGUSR1", 143)])
def test_a_signal_ends_a_run_in_order(
    name: str, code: int, number: int, parent: Parent, counted: Callable[..., None]
) -> None:
    rng, by = random.Random(number), signal.Signals[name]  # noqa: S311 - no secret
    heeded = 0
    for after in [1.5, *(rng.uniform(0, 1) for _ in range(SIGNALS - 1))]:
        folder = parent.new_folder()
        ended = parent("run", folder, ENDLESS, kill_after=after, by=by)
        check_readable(folder)
        if not (folder / "run.json").exists():  # it had not begun to be a run
            assert ended.code in (code, -by), ended
            continue
        assert (ended.code, ended.err) == (code, "")
        about, row = read_run(folder), read_row(folder / "results.csv")
        assert about["status"] == row["status"] == "interrupted"
        state = load_snapshot(newest_snapshot(folder))
        assert state.step == int(row["steps"])
        assert about["checksums"]["parameters"] == parameters_checksum(state.parameters)
        rmtree(folder)
        heeded += 1
    counted(**{f"{name}, of which heeded by a run": heeded, name: SIGNALS})
    assert heeded
