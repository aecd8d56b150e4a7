"""One writer a run: the folder is locked while a process writes it."""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from runner import system
from runner.errors import ConflictError, printable
from runner.storage.reading import read_text
from runner.system import process_start


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a folder as its one writer; the system lets go however the process ends.

    Processes that are forked from it do not hold it.

    Raises ConflictError while another process holds it.
    """
    descriptor = hold(folder)
    try:
        yield
    finally:
        let_go_of(descriptor)


@contextmanager
def locked_to_go(folder: Path) -> Iterator[None]:
    """As `locked`, for who removes the folder if it is empty.

    A lock that is a file in it is let go before, or it would not be empty; who begins there in the
    meantime either keeps it from going or finds it gone, and makes it again.
    """
    with ExitStack() as stack:
        stack.enter_context(locked(folder))
        if not system.LOCKS_FOLDERS:
            stack.close()
        yield


def hold(folder: Path) -> int:
    """The descriptor that holds a folder. Raises ConflictError while another process holds it."""
    descriptor = system.open_lock(folder)
    try:
        try:
            system.lock(descriptor)
        except BlockingIOError as error:
            raise in_use(folder) from error
        except OSError as error:  # some network file systems cannot lock a folder
            if writer_lives(recorded_writer(folder)):
                raise in_use(folder) from error
    except BaseException:
        os.close(descriptor)
        raise
    held[descriptor] = folder
    return descriptor


def let_go_of(descriptor: int) -> None:
    """Closes what `hold` gave."""
    system.close_lock(descriptor, held.pop(descriptor, None))


held: dict[int, Path] = {}
"""What this process has open of the folders that it holds."""


def let_go() -> None:
    """Closes in a forked process what its parent holds."""
    while held:
        os.close(held.popitem()[0])


system.after_fork(let_go)


def in_use(folder: Path) -> ConflictError:
    """The one line for a folder that another process writes."""
    writer = recorded_writer(folder)
    who = f" by process {printable(writer['id'])} on {printable(writer['host'])}" if writer else ""
    return ConflictError(f"{printable(folder)} is in use{who}; wait until that has ended")


@cache
def this_process() -> dict[str, Any]:
    """What tells this process from every other: id, machine, and when it started."""
    return {"id": os.getpid(), "host": platform.node(), "started": process_start(os.getpid())}


system.after_fork(this_process.cache_clear)


def recorded_writer(folder: Path) -> Mapping[str, Any] | None:
    """The process that run.json names, where it says that the run goes on."""
    try:
        about = json.loads(read_text(folder / "run.json"))
        process = about["process"] if about["status"] == "running" else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return process if isinstance(process, dict) and {"id", "host"} <= set(process) else None


def writer_lives(writer: Mapping[str, Any] | None) -> bool:
    """Whether a recorded process may still be at work; of another machine's one cannot know."""
    if writer is None:
        return False
    if writer["host"] != platform.node():
        return True
    return process_start(writer["id"]) == writer.get("started") is not None
