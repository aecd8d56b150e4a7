"""Writing files so that a crash leaves the old content or the new, never half of either."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import StorageError, printable


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


def write_atomically(path: Path, content: bytes) -> None:
    """Writes under a temporary name in the same folder, syncs, renames over `path`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut."""
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
