"""Which processes a pool has: as the system lets them be.

They are forked where that can be, which takes no time and shares what is known. Elsewhere they are
spawned: each imports the runner anew and is sent what it is to work with.
"""

from collections.abc import Callable, Sequence
from typing import Any

from runner import system
from runner.sweeping.pool import MOST_WAITING, Pool, itself, never


def start_pool(
    work: Callable[[Any], Any],
    tasks: Sequence[int],
    processes: int,
    given: Callable[[int], Any] = itself,
    last: Callable[[Any], bool] = never,
    most_waiting: int = MOST_WAITING,
) -> Pool:
    """Processes that begin to work.

    given: from a task's number to what `work` takes of it. work: from that to its result; called
    in the processes, to which it has to be sent, as `pickle` does it, where they are not forked.
    last: whether a process should end after a result. most_waiting: tasks that are handed out
    before one that is put back.
    """
    # Which of the two can be imported depends on the system.
    if system.FORKS:
        from runner.sweeping.forked_pool import ForkedPool  # noqa: PLC0415

        return ForkedPool(work, tasks, processes, given, last, most_waiting)
    from runner.sweeping.spawned_pool import SpawnedPool  # noqa: PLC0415

    return SpawnedPool(work, tasks, processes, given, last)
