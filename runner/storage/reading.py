"""Reading files that somebody else may have put there: plain ones only, and a bounded piece."""

import errno
import os
import stat
from pathlib import Path

from runner import system
from runner.errors import SnapshotError, printable

MOST_TEXT = 1 << 26
"""Bytes of a text that describes a run; one of a thousand rows of data has a hundred thousand."""
BLOCK = 1 << 20


def open_regular(path: Path | str, flags: int) -> int:
    """A descriptor of a plain file. Raises OSError for links, pipes and devices."""
    if not system.SEES_LINKS and os.path.lexists(path):  # what changes before it is open is missed
        check_plain(os.lstat(path).st_mode, path)
    try:
        descriptor = os.open(path, flags | system.UNSURPRISED, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "is a symbolic link", str(path)) from error
        raise
    try:
        check_plain(os.fstat(descriptor).st_mode, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_plain(mode: int, path: Path | str) -> None:
    """Raises OSError for the mode of a link, pipe or device."""
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is not a plain file", str(path))


def read_text(path: Path | str, most: int = MOST_TEXT) -> str:
    """The text of a plain file, in UTF-8, at most so many bytes of it.

    Raises OSError for what is no plain file; ValueError for more bytes, NUL, and what is not UTF-8.
    """
    pieces: list[bytes] = []
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        while piece := file.read(min(BLOCK, most + 1)):
            if b"\0" in piece:  # as in the holes of a file that claims to be large
                raise ValueError("it holds NUL bytes")
            pieces.append(piece)
            if sum(map(len, pieces)) > most:
                raise ValueError(f"it holds more than {most:,} bytes")
    return b"".join(pieces).decode()


def check_own_files(folder: Path) -> None:
    """Files of a run or a sweep lie in its own folder.

    Raises SnapshotError where one of them is a link elsewhere, a pipe or a device.
    """
    for place in (folder, folder / "snapshots", folder / ".hydra", folder / "plots"):
        if not place.is_dir():
            continue
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise foreign(entry.path, "a symbolic link")
                if not (entry.is_dir() or entry.is_file()):
                    raise foreign(entry.path, "not a plain file")


def foreign(path: str, kind: str) -> SnapshotError:
    """The one line for what a folder of the runner's does not hold."""
    return SnapshotError(
        f"{printable(path)} is {kind}; a run's files lie in its own folder; "
        "put the file itself there"
    )
