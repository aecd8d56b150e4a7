"""A process of a spawned pool: takes tasks from a pipe, one at a time, and sends their results."""

import os
import pickle
import threading
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import IO, Any

from runner.configuration.composing import prepared_hydra
from runner.errors import INTERRUPTED
from runner.raising import Interrupted
from runner.signals import ENDED_BY, SECONDS_TO_END, ask_to_end, listen
from runner.standard_output import outlive_readers, to_nowhere
from runner.system import signal_main_thread
from runner.training.threads import limited

Task = tuple[int, Any]


def main() -> None:
    """Works until there are no more tasks, or the parent has ended."""
    tasks, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    to_nowhere(0)
    os.dup2(2, 1)  # what jobs print is no result
    outlive_readers()
    listen(dict.fromkeys(ENDED_BY, Interrupted()))
    outbox: SimpleQueue[Task | None] = SimpleQueue()
    # No signal, which only the main thread is told of, breaks off a message.
    sender = threading.Thread(target=send, args=(outbox, results), daemon=True)
    sender.start()
    code = 0
    try:
        with prepared_hydra(), limited(1):
            _, work = pickle.load(tasks)  # noqa: S301 - from the parent
            work_through(work, tasks, outbox)
    except Interrupted:  # which is raised once at most
        pass
    except BaseException:
        traceback.print_exc()
        code = 1
    outbox.put(None)
    sender.join()
    os._exit(code)


def work_through(
    work: Callable[[Any], Any], tasks: IO[bytes], outbox: "SimpleQueue[Task | None]"
) -> None:
    """One task after the other, until there are none to come."""
    inbox: SimpleQueue[Task | None] = SimpleQueue()
    threading.Thread(target=receive, args=(tasks, inbox), daemon=True).start()
    while (task := inbox.get()) is not None:
        number, given = task
        outbox.put((number, work(given)))


def receive(tasks: IO[bytes], inbox: "SimpleQueue[Task | None]") -> None:
    """In a thread: passes on what the parent sends; without a parent the process ends in order."""
    try:
        while True:
            kind, *rest = pickle.load(tasks)  # noqa: S301 - from the parent
            if kind == "task":
                inbox.put((rest[0], rest[1]))
                continue
            if kind == "stop":
                inbox.put(None)
            signal_main_thread(rest[0])
    except EOFError:
        inbox.put(None)
        ask_to_end()
        time.sleep(SECONDS_TO_END)
        os._exit(INTERRUPTED["SIGTERM"])


def send(outbox: "SimpleQueue[Task | None]", results: IO[bytes]) -> None:
    """In a thread: sends results as they come."""
    try:
        while (result := outbox.get()) is not None:
            pickle.dump(result, results)
            results.flush()
    except BrokenPipeError:  # the parent has ended, as `receive` finds as well
        return
    except BaseException:  # a process that cannot tell its results is no use
        os._exit(1)
