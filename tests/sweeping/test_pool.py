import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.sweeping.pool import Lost, Pool


def results(
    work: Callable[[int], Any], tasks: range, processes: int = 2
) -> Iterator[tuple[int, Any] | Lost]:
    pool = Pool(work, tasks, processes)
    try:
        yield from pool.results()
    finally:
        pool.close()


def test_every_task_gives_its_result() -> None:
    assert dict(results(lambda task: task**2, range(300))) == {n: n**2 for n in range(300)}  # type: ignore[arg-type]


def test_more_tasks_than_the_pipe_holds_are_all_done() -> None:
    assert sum(1 for _ in results(lambda _: None, range(10_000))) == 10_000


@pytest.mark.parametrize(
    ("end", "code"),
    [(lambda: os.kill(os.getpid(), signal.SIGKILL), -9), (lambda: os._exit(3), 3)],
)
def test_a_process_that_dies_loses_its_task_only(end: Callable[[], None], code: int) -> None:
    def work(task: int) -> int:
        if task % 10 == 5:
            end()
        return task

    found = list(results(work, range(40)))
    lost = [event for event in found if isinstance(event, Lost)]
    assert sorted(event.task for event in lost if event.task is not None) == [5, 15, 25, 35]
    assert {event.exit_code for event in lost} == {code}
    done = sorted(event[0] for event in found if not isinstance(event, Lost))
    assert done == sorted(set(range(40)) - {5, 15, 25, 35})


def test_a_stopped_pool_takes_no_more_tasks() -> None:
    pool = Pool(lambda task: time.sleep(0.01), range(10_000), 2)
    done = 0
    for _ in pool.results():
        done += 1
        if done == 4:
            pool.stop(signal.SIGTERM)
    pool.close()
    assert 4 <= done < 100


def test_while_nothing_comes_the_caller_is_told() -> None:
    out, into = os.pipe()
    told: list[int] = []
    pool = Pool(lambda task: select.select([out], [], [], 30)[0] == [out], range(1), 1)
    assert list(pool.results(lambda: told.append(os.write(into, b"x")))) == [(0, True)]
    assert told
    pool.close()
    os.close(out)
    os.close(into)
