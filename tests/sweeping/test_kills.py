"""A sweep killed at random instants and launched again each time ends as one that never was."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from runner.run_folder.sweep_folder import SweepFolder
from runner.system import process_start
from tests.end_to_end.commands import command, ending, start
from tests.sweeping.test_earlier_jobs import rows, weights

SWEEP = (
    "-m",
    "topology=3-4-1,3-2-1,2-4-1",  # the last does not fit the data
    "seed=range(20)",
    "stopping.target=null",
    "stopping.max_steps=100000",
    "recording.snapshots.epochs=[100,10000,50000]",
    "sweep.workers=2",
)
TIMES = ("seconds", "steps_per_second", "started", "finished")
CI, RELEASE = 5, 50


def results(sweep: Path) -> list[dict[str, str]]:
    """Its results.csv without times."""
    return [{name: row[name] for name in row if name not in TIMES} for row in rows(sweep)]


def workers(parent: int) -> list[int]:
    """The processes that a process has started, by id."""
    try:
        return [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def kill_parent(process: Popen[str]) -> None:
    process.kill()


def kill_all(process: Popen[str]) -> None:
    """As when the power goes, or the memory."""
    process.send_signal(signal.SIGSTOP)  # it starts no more of them
    for worker in workers(process.pid):
        os.kill(worker, signal.SIGKILL)
    process.kill()


def terminate(process: Popen[str]) -> None:
    process.terminate()


def press_ctrl_c(process: Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


WAYS: dict[Callable[[Popen[str]], None], tuple[int, ...]] = {
    kill_parent: (-signal.SIGKILL,),
    kill_all: (-signal.SIGKILL,),
    terminate: (143, -signal.SIGTERM),  # the latter while modules load
    press_ctrl_c: (130, -signal.SIGINT),
}
"""And the exit codes that come of each."""


def wait_for_the_end_of(processes: dict[int, str | None]) -> None:
    """Waits for processes, known by when they started, that are to end by themselves."""
    deadline = time.monotonic() + 20
    while any(process_start(process) == since for process, since in processes.items()):
        assert time.monotonic() < deadline, f"{processes} have outlived their parent"
        time.sleep(0.01)


def wait_for_jobs(sweep: Path, number: int, process: Popen[str]) -> None:
    """Waits until so many jobs have begun, or have ended as rows."""
    while process.poll() is None and len(SweepFolder(sweep).numbers) < number:
        time.sleep(0.005)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(CI, marks=pytest.mark.slow),
        pytest.param(RELEASE, marks=pytest.mark.release),
    ],
)
@pytest.mark.parametrize("record", ["folders", "rows"])
def test_a_sweep_killed_again_and_again_ends_as_one_that_never_was(
    record: str, kills: int, tmp_path: Path
) -> None:
    sweep = (*SWEEP, f"sweep.record={record}")
    assert command(*sweep, "hydra.sweep.dir=whole", cwd=tmp_path).code == 1
    rng = random.Random(kills)  # noqa: S311 - no secret
    for kill in range(kills):
        process = start(*sweep, "hydra.sweep.dir=s", cwd=tmp_path)
        wait_for_jobs(tmp_path / "s", rng.randint(0, 60 * (kill + 1) // (kills + 1)), process)
        time.sleep(rng.choice((0.001, 0.1, 1)) * rng.random())
        way = rng.choice(list(WAYS))
        at_work = {worker: process_start(worker) for worker in workers(process.pid)}
        way(process)
        assert ending(process).code in (*WAYS[way], 1), way  # 1: it had just ended
        wait_for_the_end_of(at_work)
        if (tmp_path / "s" / "results.csv").exists():
            numbers = [row["job"] for row in rows(tmp_path / "s")]
            assert len(numbers) == len(set(numbers))
    ended = command(*sweep, "hydra.sweep.dir=s", cwd=tmp_path)
    assert ended.code == 1
    assert "error: 20 of the sweep's 60 jobs failed:" in ended.err
    assert weights(tmp_path / "s") == weights(tmp_path / "whole")
    assert results(tmp_path / "s") == results(tmp_path / "whole")
    assert [row["job"] for row in rows(tmp_path / "s")] == [str(job) for job in range(60)]
