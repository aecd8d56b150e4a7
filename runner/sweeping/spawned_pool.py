"""A pool whose processes are spawned, for systems that cannot fork, or not safely.

A process is sent its tasks one at a time and sends each result; what they go through are pipes,
of which every system has the same kind. `spawned_process` is the other end.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from runner.sweeping.pool import Lost, itself, never
from runner.system import KILL, own_group

BEGIN = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from runner.sweeping.spawned_process import main; main()"
)
"""Finds modules where this process does; what it runs as `__main__` is not run again."""


@dataclass(eq=False)
class Worker:
    """A process, as its parent sees it."""

    process: subprocess.Popen[bytes]
    task: int | None = None
    """What it is at."""
    ending: bool = False
    """Whether it takes no more tasks."""

    def send(self, message: tuple[Any, ...]) -> None:
        """Sends a message, unless it has ended."""
        assert self.process.stdin is not None
        with suppress(OSError):  # its results then end, too
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()

    def hang_up(self) -> None:
        """Sends no more, at which it ends."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()


class SpawnedPool:
    """Some processes for some tasks, as `pool_kinds.start_pool` starts them."""

    seconds_to_start = 10.0

    def __init__(
        self,
        work: Callable[[Any], Any],
        tasks: Sequence[int],
        processes: int,
        given: Callable[[int], Any] = itself,
        last: Callable[[Any], bool] = never,
    ) -> None:
        self._work, self._given, self._last = work, given, last
        self._most = processes
        self._left = list(reversed(tasks))
        self._open = set(tasks)
        self._stopped = 0
        self._signals: list[int] = []
        self._workers: list[Worker] = []
        # From threads that read results, None at their end; and None to be woken.
        self._events: SimpleQueue[tuple[Worker, tuple[int, Any] | None] | None] = SimpleQueue()
        self._fill()

    def results(
        self, waiting_on: Callable[[], None] = lambda: None, every: float = 1.0
    ) -> Iterator[tuple[int, Any] | Lost]:
        """Each task's number and result as it comes, and the tasks that were lost."""
        while self._workers and (self._open or self._stopped):
            self._pass_signals_on()
            try:
                event = self._events.get(timeout=every)
            except Empty:
                waiting_on()
                continue
            if event is None:
                continue
            worker, found = event
            if found is None:
                yield from self._buried(worker)
                continue
            worker.task = None
            if self._last(found[1]):
                worker.ending = True
                worker.hang_up()
            self._fill()
            if found[0] in self._open:
                self._open.discard(found[0])
                yield found

    def again(self, task: int) -> None:
        """Puts a task that was lost back into the queue."""
        self._open.add(task)
        self._left.append(task)
        self._fill()

    def stop(self, number: int) -> None:
        """Sends a signal to the processes, which take no more tasks; to each of them once."""
        self._stopped = number
        self._events.put(None)  # a handler may do no more: it may have broken off a message

    def signal(self, number: int) -> None:
        """Sends a signal to the processes."""
        self._signals.append(number)
        self._events.put(None)

    def kill(self) -> None:
        """Ends the processes at once."""
        for worker in self._workers:
            worker.process.kill()

    def close(self) -> None:
        """Ends the processes at once, and frees what the pool holds."""
        self.kill()
        for worker in self._workers:
            self._free(worker)

    def _fill(self) -> None:
        """Hands tasks to processes that wait for one; starts some while there may be more."""
        while self._left and not self._stopped:
            waiting = [each for each in self._workers if each.task is None and not each.ending]
            if not waiting and len(self._workers) == self._most:
                return
            worker = waiting[0] if waiting else self._started()
            worker.task = self._left.pop()
            worker.send(("task", worker.task, self._given(worker.task)))

    def _started(self) -> Worker:
        said = [f"-W{each}" for each in sys.warnoptions]
        process = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-P", *said, "-c", BEGIN, *map(os.fspath, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **own_group(),
        )
        worker = Worker(process)
        self._workers.append(worker)
        threading.Thread(target=self._listen, args=[worker], daemon=True).start()
        worker.send(("work", self._work))
        return worker

    def _listen(self, worker: Worker) -> None:
        """In a thread: takes in a process's results."""
        assert worker.process.stdout is not None
        with worker.process.stdout as results, suppress(Exception):  # in the midst of one or not
            while True:
                self._events.put((worker, pickle.load(results)))  # noqa: S301 - our own process
        self._events.put((worker, None))

    def _pass_signals_on(self) -> None:
        signals, self._signals = self._signals, []
        for worker in self._workers:
            for number in signals:
                worker.send(("signal", number))
            if self._stopped and not worker.ending:
                worker.ending = True
                worker.send(("stop", self._stopped))
                if self._stopped == KILL:
                    worker.process.kill()

    def _buried(self, worker: Worker) -> Iterator[Lost]:
        self._workers.remove(worker)
        code = self._free(worker)
        lost = worker.task if worker.task in self._open else None
        if lost is not None:
            self._open.discard(lost)
        self._fill()
        if not self._stopped:
            yield Lost(lost, code)

    @staticmethod
    def _free(worker: Worker) -> int:
        worker.hang_up()
        return worker.process.wait()
