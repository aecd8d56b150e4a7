"""Writing files so that a crash leaves the old content or the new, never half of either."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from runner import system
from runner.errors import ConflictError, StorageError, printable
from runner.system import sync_content, sync_place


class Syncing(Protocol):
    """When what has been written is forced to the disk, so that it survives a power cut."""

    def written(self, descriptor: int) -> None:
        """A file has its content and is still open."""
        ...

    def placed(self, path: Path) -> None:
        """A file or folder has its name."""
        ...

    def appended(self, path: Path) -> None:
        """A file has grown; a crash may take its end."""
        ...

    def settle(self, *, wait: bool = False) -> None:
        """A good moment to catch up with what has been put off; `wait`: not to be put off more."""
        ...

    @property
    def vital(self) -> "Syncing":
        """For the file that a run cannot do without."""
        ...


class AtOnce:
    """Before anything else is done."""

    def written(self, descriptor: int) -> None:
        """Waits for the content."""
        sync_content(descriptor)

    def placed(self, path: Path) -> None:
        """Waits for the folder's entry."""
        sync_place(path.parent)

    def appended(self, path: Path) -> None:
        """Waits for the content."""
        sync_place(path)

    def settle(self, *, wait: bool = False) -> None:
        """Nothing is put off."""

    @property
    def vital(self) -> Syncing:
        """The same."""
        return self


class Never:
    """When the system likes: a power cut may take the last seconds, or tear what was written."""

    def written(self, descriptor: int) -> None:
        """Nothing."""

    def placed(self, path: Path) -> None:
        """Nothing."""

    def appended(self, path: Path) -> None:
        """Nothing."""

    def settle(self, *, wait: bool = False) -> None:
        """Nothing."""

    @property
    def vital(self) -> Syncing:
        """The same."""
        return self


class BySecond(Never):
    """Contents before they get their names; names and what is appended at most once a second.

    So a power cut leaves a file's old content or its new one, never half, and takes no more than a
    second of what a run has written.
    """

    vital: Syncing = AtOnce()

    def __init__(self) -> None:
        self._placed: list[Path] = []
        self._appended: list[Path] = []
        self._settled = time.monotonic()

    def written(self, descriptor: int) -> None:
        """Waits for the content: a name must not outlive it."""
        sync_content(descriptor)

    def placed(self, path: Path) -> None:
        """Remembers it: the folder that names it is to be synced."""
        self._placed.append(path)

    def appended(self, path: Path) -> None:
        """Remembers the file."""
        self._appended.append(path)

    def settle(self, *, wait: bool = False) -> None:
        """Waits for all, if it has been a second or `wait` says so."""
        if wait or time.monotonic() >= self._settled + 1:
            for path in dict.fromkeys((*self._appended, *(path.parent for path in self._placed))):
                sync_if_there(path)
            self._appended.clear()
            self._placed.clear()
            self._settled = time.monotonic()


class BySweep(BySecond):
    """As `BySecond`, but nothing waits in a run's first second and at its end.

    The sweep forces all to the disk before it takes the run into its results. A power cut may tear
    what a job has written in its first second; then the sweep, launched again, runs it anew.
    """

    vital: Syncing = Never()

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def written(self, descriptor: int) -> None:
        """Waits for the content, once the run has lasted a second."""
        if time.monotonic() >= self._began + 1:
            super().written(descriptor)

    def settle(self, *, wait: bool = False) -> None:
        """Waits for all, if it has been a second."""
        super().settle()


AT_ONCE = AtOnce()


@contextmanager
def storage_errors(path: Path | str) -> Iterator[None]:
    """Turns what the file system refuses into one line that names the file."""
    try:
        yield
    except OSError as error:
        name = printable(error.filename or path)
        raise StorageError(
            f"{name}: {error.strerror or error}; free space or choose another place"
        ) from error


def write_atomically(path: Path, content: bytes, syncing: Syncing = AT_ONCE) -> None:
    """Writes under a temporary name in the same folder, syncs, renames over `path`."""
    temporary = f"{path.parent}/.{path.name}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb", buffering=0) as file:
            write_whole(file, content)
            syncing.written(file.fileno())
        system.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what counts
            Path(temporary).unlink(missing_ok=True)
        raise
    syncing.placed(path)


WRITTEN = (
    "run.json",
    "results.csv",
    "history.csv",
    "predictions.csv",
    "classes.csv",
    "confusion.csv",
    "snapshots",
    "plots",
)
"""What only a run that has its folder writes there; its texts and log Hydra may have begun."""
OF_SWEEPS = ("multirun.yaml", "sweep.log", "jobs.sqlite", "jobs.sqlite.damaged", "halving.csv")
BESIDE = (*WRITTEN, "run.log", ".hydra", *OF_SWEEPS)
"""What else a run or a sweep keeps in its folder."""


def is_record(path: Path) -> bool:
    """Whether a path is of what a run or a sweep has recorded."""
    inside = path.absolute()
    for folder, name in zip(inside.parents[:2], (inside.name, inside.parent.name), strict=False):
        marks = (folder / "run.json", folder / "multirun.yaml")
        if name in BESIDE and any(map(os.path.lexists, marks)):
            return True
    return False


def write_output(path: Path, content: bytes) -> None:
    """Writes a file that a person named, whole or not at all.

    Raises ConflictError where a run's own record would go; StorageError where it cannot be, and
    where a link, folder, pipe or device would go.
    """
    if os.path.lexists(path) and is_record(path):
        raise ConflictError(f"{printable(path)} is what a run has recorded; choose another place")
    try:
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(errno.EINVAL, "is there and not a plain file")
        write_atomically(path, content)
    except OSError as error:
        raise StorageError(
            f"{printable(path)}: {error.strerror or error}; choose another place"
        ) from error


def write_whole(file: BinaryIO, content: bytes) -> None:
    """Writes all of it, however little the system takes at once."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def make_folder(path: Path, syncing: Syncing = AT_ONCE) -> None:
    """Makes a folder in one that exists, unless it is there."""
    with suppress(FileExistsError):
        path.mkdir()
        syncing.placed(path)


def make_folders(path: Path) -> list[Path]:
    """Makes a folder and those above it; gives those that were not there, the outermost first."""
    made: list[Path] = []
    for tries_left in reversed(range(MOST_TRIES)):
        missing = [path]
        while not os.path.lexists(missing[-1].parent):
            missing.append(missing[-1].parent)
        try:
            made.extend(place for place in reversed(missing) if made_now(place))
        except FileNotFoundError:  # another command takes away what it has made in vain
            if not tries_left:
                raise
        else:
            break
    return made


MOST_TRIES = 10


def made_now(path: Path) -> bool:
    """Whether a folder was not there and has been made."""
    try:
        path.mkdir()
    except FileExistsError:
        if not path.is_dir():
            raise
        return False
    return True


def sync_if_there(path: Path) -> None:
    """The same, unless the file has been removed since."""
    with suppress(FileNotFoundError):
        sync_place(path)


def remove_leftovers(run: Path) -> None:
    """Removes temporary files that a killed run left."""
    for folder in (run, run / "snapshots", run / ".hydra"):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
