"""What `test_pool` asks of a pool whose processes are forked, of one whose are spawned."""

import operator
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner import system
from runner.sweeping.forked_pool import ForkedPool
from runner.sweeping.pool import Lost, Pool, in_time, never
from runner.sweeping.pool_kinds import start_pool
from runner.sweeping.spawned_pool import SpawnedPool
from tests.end_to_end.commands import CHECKOUT


def events(pool: Pool, told: Callable[[], None] = lambda: None) -> Iterator[tuple[int, Any] | Lost]:
    try:
        yield from pool.results(told, every=0.2)
    finally:
        pool.close()


def dying(task: int) -> tuple[int, int]:
    """What each process tells of itself, unless it dies of its task."""
    if task % 10 == 5:
        os._exit(3)
    return task, os.getpid()


def test_where_processes_are_not_forked_they_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    for forks, kind in ((True, ForkedPool), (False, SpawnedPool)):
        monkeypatch.setattr(system, "FORKS", forks)
        pool = start_pool(operator.neg, range(3), 1)
        assert isinstance(pool, kind)
        assert list(events(pool)) == [(0, 0), (1, -1), (2, -2)]


def test_what_a_task_is_given_is_asked_in_the_parent() -> None:
    given: list[str] = ["b", "a"]
    pool = SpawnedPool(str.upper, range(2), 1, given=lambda _: given.pop())
    assert list(events(pool)) == [(0, "A"), (1, "B")]


def test_a_process_that_dies_loses_its_task_only() -> None:
    pool = SpawnedPool(dying, range(30), 2)
    found = list(events(pool))
    assert sorted(each.task or 0 for each in found if isinstance(each, Lost)) == [5, 15, 25]
    assert {each.exit_code for each in found if isinstance(each, Lost)} == {3}
    done = {each[0] for each in found if not isinstance(each, Lost)}
    assert done == set(range(30)) - {5, 15, 25}


def test_a_task_that_is_put_back_comes_again_and_a_last_result_ends_its_process() -> None:
    pool = SpawnedPool(dying, [1, 2], 1, last=lambda found: found[0] == 1)
    came: list[tuple[int, int]] = []
    for event in events(pool):
        if isinstance(event, Lost):
            assert event.task is None
        else:
            came.append(event[1])
            if len(came) == 1:
                pool.again(1)
    assert [task for task, _ in came] == [1, 1, 2]
    assert len({process for _, process in came}) == 3


def test_what_cannot_work_says_why_and_loses_its_task(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(events(SpawnedPool(operator.neg, ["x"], 1))) == [Lost("x", 1)]  # type: ignore[arg-type,list-item]
    assert "TypeError: bad operand type" in capfd.readouterr().err


def test_a_stopped_pool_ends_what_sleeps_and_takes_no_more_tasks() -> None:
    pool = SpawnedPool(time.sleep, [0, *[30] * 5], 2)
    began = time.monotonic()
    found = []
    for event in events(pool):
        found.append(event)
        pool.stop(signal.SIGTERM)
    assert found == [(0, None)]
    assert time.monotonic() - began < 15


def test_time_runs_from_when_processes_are_there_and_then_out() -> None:
    pool = SpawnedPool(time.sleep, [0, 30], 1)
    assert list(in_time(pool, 0.3, 0.3)) == [(0, None)]


def test_while_nothing_comes_the_caller_is_told() -> None:
    told: list[bool] = []
    pool = SpawnedPool(time.sleep, range(1), 1, given=lambda _: 0.5, last=never)
    assert list(events(pool, lambda: told.append(True))) == [(0, None)]
    assert told


PARENT = """
import os, time
from runner.sweeping.spawned_pool import SpawnedPool
pool = SpawnedPool(eval, [1], 1, given=lambda _: "print(__import__('os').getpid(), flush=True)")
next(pool.results())
os.kill(os.getpid(), 9)
"""


def test_processes_end_with_their_parent_and_print_beside_their_results() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # which waits for standard error to be closed, by the process as well
    assert ended.returncode == -signal.SIGKILL
    assert not ended.stdout
    assert int(ended.stderr)
