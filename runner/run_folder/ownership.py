"""Whose a folder is: a run begins in one that is new or empty, and touches nothing of others."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from runner import system
from runner.checking.rules import shown
from runner.errors import ConflictError, printable
from runner.storage.files import WRITTEN, make_folders, storage_errors
from runner.storage.locks import (
    hold,
    in_use,
    let_go_of,
    locked_to_go,
    recorded_writer,
    writer_lives,
)

LEFTOVER = re.compile(rf"\.run\.json\.\d+\.tmp|{re.escape(system.LOCK)}")
"""What a run leaves that is killed before it has begun."""
SECONDS_OF_RIVALS = 2.0
"""So long who has a folder may take to write run.json, or who was refused to take it away."""


def names_in(folder: Path) -> set[str]:
    """What a folder holds that is no leftover; nothing where there is none."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if not LEFTOVER.fullmatch(entry.name)}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def check_empty(folder: Path, setting: str) -> None:
    """Raises ConflictError where a folder holds anything, and StorageError where it cannot be read.

    setting: what another folder is given by.
    """
    with storage_errors(folder):
        names = names_in(folder)
    if "run.json" in names:
        living = writer_lives(recorded_writer(folder))
        raise in_use(folder) if living else has_run(folder, setting)
    if names:
        raise ConflictError(
            f"{printable(folder)} holds {shown(min(names))}, which is not of this command; "
            f"expected a new or an empty folder, e.g. {setting}={printable(folder / 'new')}"
        )


def has_run(folder: Path, setting: str) -> ConflictError:
    """The one line for a folder that is another run's."""
    return ConflictError(f"{printable(folder)} already holds a run; give another {setting}")


@contextmanager
def beginning(folder: Path) -> Iterator[None]:
    """Makes a folder where there is none, and holds it for the run that begins there.

    Of those that begin there at one instant one has it. Raises ConflictError for all others, and
    where anything is there already that a run writes.
    """
    last = time.monotonic() + SECONDS_OF_RIVALS
    while (descriptor := first_to_hold(folder)) is None:
        if os.path.lexists(folder / "run.json") or time.monotonic() > last:
            raise in_use(folder)
        time.sleep(0.005)
    try:
        if os.path.lexists(folder / "run.json"):
            raise has_run(folder, "hydra.run.dir")
        for name in WRITTEN:
            if os.path.lexists(folder / name):
                raise ConflictError(
                    f"{printable(folder / name)} is there already and not of this run; "
                    "give another hydra.run.dir"
                )
        yield
    finally:
        let_go_of(descriptor)


def first_to_hold(folder: Path) -> int | None:
    """A descriptor that holds the folder, made where it is missing; None while others hold it."""
    with storage_errors(folder):
        make_folders(folder)
        with suppress(FileNotFoundError, ConflictError):  # taken away again, or held by a rival
            descriptor = hold(folder)
            if is_still(folder, descriptor):
                return descriptor
            let_go_of(descriptor)
    return None


def is_still(folder: Path, descriptor: int) -> bool:
    """Whether a folder's name still means what is held."""
    try:
        return os.path.samestat(os.stat(system.lock_place(folder)), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def take_away(made: Sequence[Path]) -> None:
    """Removes the folders that a command has made, outermost first, as far as they are empty.

    The innermost is held meanwhile: nobody begins a run in a folder that is about to go.
    """
    if made:
        with suppress(OSError, ConflictError), locked_to_go(made[-1]):
            for folder in reversed(made):
                folder.rmdir()
