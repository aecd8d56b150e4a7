"""One writer a run: the folder is locked while a process writes it."""

import fcntl
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from runner.errors import ConflictError, printable
from runner.storage.reading import read_text


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


def hold(folder: Path) -> int:
    """The descriptor that holds a folder. Raises ConflictError while another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise in_use(folder) from error
        except OSError as error:  # some network file systems cannot lock a folder
            if writer_lives(recorded_writer(folder)):
                raise in_use(folder) from error
    except BaseException:
        os.close(descriptor)
        raise
    held.add(descriptor)
    return descriptor


def let_go_of(descriptor: int) -> None:
    """Closes what `hold` gave."""
    held.discard(descriptor)
    os.close(descriptor)


held: set[int] = set()
"""What this process has open of the folders that it holds."""


def let_go() -> None:
    """Closes in a forked process what its parent holds."""
    while held:
        os.close(held.pop())


os.register_at_fork(after_in_child=let_go)


def in_use(folder: Path) -> ConflictError:
    """The one line for a folder that another process writes."""
    writer = recorded_writer(folder)
    who = f" by process {printable(writer['id'])} on {printable(writer['host'])}" if writer else ""
    return ConflictError(f"{printable(folder)} is in use{who}; wait until that has ended")


@cache
def this_process() -> dict[str, Any]:
    """What tells this process from every other: id, machine, and when it started."""
    return {"id": os.getpid(), "host": platform.node(), "started": start_time(os.getpid())}


os.register_at_fork(after_in_child=this_process.cache_clear)


def start_time(process: int) -> str | None:
    """When a process of this machine started, in clock ticks since boot; None if it is gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


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
    return start_time(writer["id"]) == writer.get("started") is not None
