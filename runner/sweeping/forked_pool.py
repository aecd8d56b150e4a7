"""A pool whose processes are forked.

Tasks wait in a pipe, from which each process takes one at a time: none waits for another, and
a process that is killed takes no lock along. Nothing waits for an end of a pipe: whoever else is
forked meanwhile, for another pool or by the host, inherits it and may keep it open.
"""

import fcntl
import mmap
import os
import select
import signal
import struct
import sys
import termios
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Any

from runner.errors import INTERRUPTED
from runner.raising import Interrupted
from runner.signals import WARNINGS, follow_parent, listen, note
from runner.standard_output import forgiving
from runner.sweeping.pool import MOST_WAITING, Lost, itself, never

NUMBER = struct.Struct("q")
SIZE = struct.Struct("i")
IDLE, TAKING = -1, -2
"""Where a process is that is at no task: waiting for one, or about to take one."""
SECONDS_BETWEEN_REPORTS = 0.01
SECONDS_OF_WAIT = 0.2
"""So often a process that waits for a task looks whether there are any to come."""
SIGNALS = tuple(signal.Signals[name] for name in (*INTERRUPTED, *WARNINGS))

FORK = get_context("fork")


@dataclass
class Worker:
    """A process, as its parent sees it."""

    process: BaseProcess
    results: Connection
    slot: int
    told: bool = False
    """Whether it has been sent the signal that stopped the pool."""


class ForkedPool:
    """Some processes for some tasks, as `pool_kinds.start_pool` starts them.

    What their parent knows when they start they share by forking.
    """

    seconds_to_start = 0.0

    def __init__(
        self,
        work: Callable[[Any], Any],
        tasks: Sequence[int],
        processes: int,
        given: Callable[[int], Any] = itself,
        last: Callable[[Any], bool] = never,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._work, self._given, self._last = work, given, last
        self._most_waiting = min(most_waiting, MOST_WAITING)
        self._left = list(reversed(tasks))
        self._open = set(tasks)
        self._parent = os.getpid()
        self._queue_out, self._queue_in = os.pipe()
        os.set_blocking(self._queue_out, False)  # who takes the last task leaves none to wait for
        self._at = mmap.mmap(-1, NUMBER.size * (processes + 1))  # a slot each, and what stops all
        self._fill()
        self._workers: list[Worker] = []
        for slot in range(processes):
            self._start(slot)

    def results(
        self, waiting_on: Callable[[], None] = lambda: None, every: float = 1.0
    ) -> Iterator[tuple[int, Any] | Lost]:
        """Each task's number and result as it comes, and the tasks that were lost."""
        suspicious = False
        while self._workers and (self._open or self._stopped):
            by_channel: dict[Any, Worker] = {}
            for worker in self._workers:
                by_channel |= {worker.results: worker, worker.process.sentinel: worker}
            ready = wait(list(by_channel), timeout=0.2 if suspicious else every)
            if not ready:
                waiting_on()
                if suspicious and self._all_idle():
                    self._left += sorted(self._open, reverse=True)
                    suspicious = False
            heard = {by_channel[channel].slot: by_channel[channel] for channel in ready}
            for worker in heard.values() or list(self._workers):
                yield from self._received(worker)
                if not worker.process.is_alive():
                    yield from self._received(worker)
                    suspicious = True
                    yield from self._buried(worker)
            self._fill()

    def again(self, task: int) -> None:
        """Puts a task that was lost back into the queue."""
        self._open.add(task)
        self._left.append(task)
        self._fill()

    def stop(self, number: int) -> None:
        """Sends a signal to the processes, which take no more tasks; to each of them once."""
        NUMBER.pack_into(self._at, len(self._at) - NUMBER.size, number)
        for worker in self._workers:
            self._tell(worker)

    def signal(self, number: int) -> None:
        """Sends a signal to the processes."""
        for worker in self._workers:
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, number)

    def kill(self) -> None:
        """Ends the processes at once."""
        for worker in self._workers:
            worker.process.kill()

    def close(self) -> None:
        """Ends the processes at once, and frees what the pool holds."""
        self.kill()
        for worker in self._workers:
            worker.process.join()
            worker.results.close()
        os.close(self._queue_out)
        os.close(self._queue_in)

    @property
    def _stopped(self) -> int:
        """The signal that stopped the pool, 0 before; its processes know it too."""
        number: int = NUMBER.unpack_from(self._at, len(self._at) - NUMBER.size)[0]
        return number

    def _tell(self, worker: Worker) -> None:
        """Sends a process the signal that stopped the pool, unless it has been."""
        if not worker.told and worker.process.pid is not None and worker.process.is_alive():
            worker.told = True
            os.kill(worker.process.pid, self._stopped)

    def _start(self, slot: int) -> None:
        NUMBER.pack_into(self._at, slot * NUMBER.size, IDLE)
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=self._live, args=(slot, ours, theirs), daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until it can take them
        try:
            with (
                warnings.catch_warnings(),
                redirect_stdout(forgiving(sys.stdout)),  # flushed first, which a full disk refuses
                redirect_stderr(forgiving(sys.stderr)),
            ):
                # Other threads hold nothing that jobs need; OpenBLAS knows how to be forked.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._workers.append(worker := Worker(process, ours, slot))
        if self._stopped:  # in the meantime
            self._tell(worker)

    def _received(self, worker: Worker) -> Iterator[tuple[int, Any]]:
        try:
            while worker.results.poll():
                for task, result in worker.results.recv():
                    if task in self._open:  # not where it was given out again in the meantime
                        self._open.discard(task)
                        yield task, result
        except (EOFError, OSError):
            return

    def _buried(self, worker: Worker) -> Iterator[Lost]:
        self._workers.remove(worker)
        worker.results.close()
        worker.process.join()
        (task,) = NUMBER.unpack_from(self._at, worker.slot * NUMBER.size)
        lost = task if task in self._open else None
        self._open.discard(task)
        if not self._stopped:
            self._start(worker.slot)
            yield Lost(lost, worker.process.exitcode or 0)

    def _fill(self) -> None:
        """Hands the pipe as many tasks as it may hold."""
        most = self._most_waiting
        while self._left and not self._stopped and waiting(self._queue_out) < most:
            os.write(self._queue_in, NUMBER.pack(self._left.pop()))

    def _all_idle(self) -> bool:
        if waiting(self._queue_out):  # first: who has emptied the pipe since is at its task
            return False
        slots = range(0, NUMBER.size * len(self._workers), NUMBER.size)
        return all(NUMBER.unpack_from(self._at, place)[0] == IDLE for place in slots)

    def _live(self, slot: int, parents: Connection, results: Connection) -> None:
        """What a process does: one task after the other, until there are none to come."""
        os.setpgid(0, 0)  # Ctrl-C reaches the parent, which passes it on once
        listen(dict.fromkeys(INTERRUPTED, Interrupted()))
        for name in WARNINGS:
            signal.signal(signal.Signals[name], note)
        for reader in (parents, *(worker.results for worker in self._workers)):
            reader.close()  # with the parent's gone, who writes is told instead of waiting
        follow_parent(self._parent)
        reports = Reports(results)
        with suppress(Interrupted):  # which is raised once at most
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
                self._work_through(slot, reports)
            finally:
                signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        reports.close()

    def _work_through(self, slot: int, reports: "Reports") -> None:
        result: Any = None
        done = False
        while not self._stopped and not (done and self._last(result)):
            NUMBER.pack_into(self._at, slot * NUMBER.size, TAKING)
            number = self._next()
            if number is None:
                reports.hurry()
                NUMBER.pack_into(self._at, slot * NUMBER.size, IDLE)
                # A signal that comes just before a wait does not end it.
                while not (
                    self._stopped or select.select([self._queue_out], [], [], SECONDS_OF_WAIT)[0]
                ):
                    pass
            else:
                NUMBER.pack_into(self._at, slot * NUMBER.size, *NUMBER.unpack(number))
                task = NUMBER.unpack(number)[0]
                result, done = self._work(self._given(task)), True
                reports.add(task, result)

    def _next(self) -> bytes | None:
        """A task's number from the pipe; None where none waits."""
        try:
            return os.read(self._queue_out, NUMBER.size)
        except BlockingIOError:
            return None


class Reports:
    """Sends a process's results, the first at once and those that follow about each 10 ms.

    From a thread of its own: a long task does not keep back the result of the one before, and no
    signal, which only the main thread is told of, breaks off a message.
    """

    def __init__(self, results: Connection) -> None:
        self._results = results
        self._waiting: SimpleQueue[tuple[int, Any] | None] = SimpleQueue()
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def add(self, task: int, result: Any) -> None:
        """Sends a task's result soon."""
        self._waiting.put((task, result))

    def hurry(self) -> None:
        """Sends what waits now: nothing will follow for a while."""
        self._hurry.put(None)

    def close(self) -> None:
        """Sends what waits, and no more."""
        self._waiting.put(None)
        self.hurry()
        self._thread.join()

    def _send(self) -> None:
        try:
            while (result := self._waiting.get()) is not None:
                results = [result]
                while not self._waiting.empty() and (result := self._waiting.get()) is not None:
                    results.append(result)
                self._results.send(results)
                if result is None:
                    return
                with suppress(Empty):
                    self._hurry.get(timeout=SECONDS_BETWEEN_REPORTS)
        except BrokenPipeError:  # its parent has ended, as `follow_parent` finds as well
            return
        except BaseException:  # a process that cannot tell its results is no use
            os._exit(1)


def waiting(pipe: int) -> int:
    """Tasks in a pipe."""
    size = fcntl.ioctl(pipe, termios.FIONREAD, SIZE.pack(0))
    return int(SIZE.unpack(size)[0]) // NUMBER.size
