"""Processes that work through numbered tasks in order; one that dies is replaced."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from runner.system import KILL

MOST_WAITING = 2048
"""Tasks that are handed out before one that is put back: 16 KiB, the smallest size of pipes."""


@dataclass(frozen=True)
class Lost:
    """A task whose process died."""

    task: int | None
    """None where it was at none."""
    exit_code: int
    """Minus the signal's number, or what it gave to `exit`."""


class Pool(Protocol):
    """Some processes for some tasks."""

    seconds_to_start: float
    """How long they may take to be there."""

    def results(
        self, waiting_on: Callable[[], None] = lambda: None, every: float = 1.0
    ) -> Iterator[tuple[int, Any] | Lost]:
        """Each task's number and result as it comes, and the tasks that were lost.

        waiting_on: called about `every` so many seconds while nothing comes.
        Ends when all are done, or when `stop` was called and all processes have ended.
        """
        ...

    def again(self, task: int) -> None:
        """Puts a task that was lost back into the queue."""
        ...

    def stop(self, number: int) -> None:
        """Sends a signal to the processes, which take no more tasks; to each of them once.

        A handler of signals may call it at any time: all else is left to `results` and `close`.
        """
        ...

    def signal(self, number: int) -> None:
        """Sends a signal to the processes."""
        ...

    def kill(self) -> None:
        """Ends the processes at once."""
        ...

    def close(self) -> None:
        """Ends the processes at once, and frees what the pool holds."""
        ...


def itself(task: int) -> Any:
    """What a task is where nobody says otherwise: its number."""
    return task


def never(_result: Any) -> bool:
    """No result is a process's last."""
    return False


def in_time(pool: Pool, first: float, later: float) -> Iterator[tuple[int, Any] | Lost]:
    """What comes from a pool until time is up, when its processes are killed.

    first: seconds that all may take where no result comes, else it is `later`; from when the
    processes are there.
    """
    began, limit = time.monotonic() + pool.seconds_to_start, first
    stopped = False

    def check() -> None:
        nonlocal stopped
        if not stopped and time.monotonic() - began > limit:
            stopped = True
            pool.stop(KILL)

    try:
        for event in pool.results(check, every=later / 20):
            if not isinstance(event, Lost):
                limit = later
                began = min(began, time.monotonic())
            yield event
            check()
    finally:
        pool.close()
