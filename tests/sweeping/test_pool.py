import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.sweeping.forked_pool import ForkedPool
from runner.sweeping.pool import Lost


def results(
    work: Callable[[int], Any], tasks: range, processes: int = 2
) -> Iterator[tuple[int, Any] | Lost]:
    pool = ForkedPool(work, tasks, processes)
    try:
        yield from pool.results()
    finally:
        pool.close()


def test_every_task_gives_its_result() -> None:
    assert dict(results(lambda task: task**2, range(300))) == {n: n**2 for n in range(300)}  # type: ignore[arg-type]


def test_more_tasks_than_the_pipe_holds_are_all_done() -> None:
    assert sum(1 for _ in results(lambda _: None, range(10_000))) == 10_000


def test_a_task_that_is_put_back_comes_before_most_others() -> None:
    pool = ForkedPool(lambda task: task, range(1_000), 2, most_waiting=8)
    came: list[int] = []
    for event in pool.results():
        assert not isinstance(event, Lost)
        came.append(event[0])
        if came == [event[0]]:
            pool.again(came[0])
    pool.close()
    assert len(came) == 1_001
    assert len(came) - came[::-1].index(came[0]) < 900


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
    pool = ForkedPool(lambda task: time.sleep(0.01), range(10_000), 2)
    done = 0
    for _ in pool.results():
        done += 1
        if done == 4:
            pool.stop(signal.SIGTERM)
    pool.close()
    assert 4 <= done < 100


def test_a_signal_may_stop_a_pool_at_any_instant(capfd: pytest.CaptureFixture[str]) -> None:
    for microseconds in range(1, 20_000, 1_000):
        pool = ForkedPool(lambda _: b"x" * 100, range(60_000), 2)
        previous = signal.signal(signal.SIGALRM, lambda *_, p=pool: p.stop(signal.SIGTERM))
        signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
        done = sum(not isinstance(event, Lost) for event in pool.results())
        signal.signal(signal.SIGALRM, previous)
        pool.close()
        assert done < 60_000
    assert capfd.readouterr().err == ""


def test_a_result_does_not_wait_for_the_next_task() -> None:
    out, into = os.pipe()
    pool = ForkedPool(
        lambda task: task == 0 or select.select([out], [], [], 5)[0] == [out], range(2), 1
    )
    for event in pool.results():
        assert not isinstance(event, Lost)
        assert event[1], "the first result came with the second"
        os.write(into, b"x")
    pool.close()
    os.close(out)
    os.close(into)


def test_while_nothing_comes_the_caller_is_told() -> None:
    out, into = os.pipe()
    told: list[int] = []
    pool = ForkedPool(lambda task: select.select([out], [], [], 30)[0] == [out], range(1), 1)
    assert list(pool.results(lambda: told.append(os.write(into, b"x")))) == [(0, True)]
    assert told
    pool.close()
    os.close(out)
    os.close(into)
