"""Writing files so that a crash leaves the old content or the new, never half of either."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from runner.errors import SnapshotError, StorageError, printable


class Syncing(Protocol):
    """When what has been written is forced to the disk, so that it survives a power cut."""

    def written(self, descriptor: int) -> None:
        """A file has its content and is still open."""
        ...

    def placed(self, path: Path) -> None:
        """A file or folder has its name."""
        ...


class AtOnce:
    """Before anything else is done: what a run has reported is never lost."""

    def written(self, descriptor: int) -> None:
        """Waits for the content."""
        os.fsync(descriptor)

    def placed(self, path: Path) -> None:
        """Waits for the folder's entry."""
        sync(path.parent)


class Never:
    """When the system likes: fastest, and a power cut may take the last seconds."""

    def written(self, descriptor: int) -> None:
        """Nothing."""

    def placed(self, path: Path) -> None:
        """Nothing."""


class Together:
    """When `sync` is called, for many short runs at once; the bytes written are the same."""

    def __init__(self) -> None:
        self._waiting: dict[Path, None] = {}

    def written(self, descriptor: int) -> None:
        """Nothing yet: the file is remembered by the name that it gets."""

    def placed(self, path: Path) -> None:
        """Remembers the file, and the folder that names it."""
        self._waiting |= dict.fromkeys((path, path.parent))

    def sync(self) -> None:
        """Waits for everything placed so far that is still there."""
        for path in self._waiting:
            with suppress(FileNotFoundError):  # pruned since
                sync(path)
        self._waiting.clear()


AT_ONCE = AtOnce()


@contextmanager
def storage_errors(path: Path | str) -> Iterator[None]:
    """Turns what the file system refuses into one line that names the file."""
    try:
        yield
    except OSError as error:
        name = printable(error.filename or path)
        raise StorageError(
            f"{name}: {error.strerror or error}; free space or choose another hydra.run.dir"
        ) from error


def write_atomically(path: Path, content: bytes, syncing: Syncing = AT_ONCE) -> None:
    """Writes under a temporary name in the same folder, syncs, renames over `path`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb", buffering=0) as file:
            write_whole(file, content)
            syncing.written(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what counts
            temporary.unlink(missing_ok=True)
        raise
    syncing.placed(path)


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


def sync(path: Path) -> None:
    """Makes a file's content, or the names in a folder, survive a power cut."""
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path, flags: int) -> int:
    """A descriptor of a plain file. Raises OSError for links, pipes and devices."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a plain file")
    return descriptor


def refuse_links(run: Path) -> None:
    """A run's files lie in its own folder: raises SnapshotError where one is a link elsewhere."""
    for folder in (run, run / "snapshots", run / ".hydra", run / "plots"):
        if not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            links = [entry.path for entry in entries if entry.is_symlink()]
        if links:
            raise SnapshotError(
                f"{printable(links[0])} is a symbolic link; a run's files lie in its own folder; "
                "put the file itself there"
            )


def remove_leftovers(run: Path) -> None:
    """Removes temporary files that a killed run left."""
    for folder in (run, run / "snapshots", run / ".hydra"):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
