"""Errors that a person can cause, each with the exit code of its kind."""

import contextlib
import errno
import inspect
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from shutil import disk_usage
from typing import Any


class RunnerError(Exception):
    """One line that names the key, what was found, what was expected and a way out."""

    exit_code = 1
    kind = "other"
    """What scripts are told that it is."""
    details: Sequence[str] = ()
    """Where it is about many things, a line for each of them."""


class SettingsError(RunnerError):
    """A bad option or configuration value."""

    exit_code = 2
    kind = "settings"


class DataError(RunnerError):
    """A data file or table that cannot be used."""

    exit_code = 3
    kind = "data"

    def __init__(self, line: str, path: str | None = None) -> None:
        super().__init__(line)
        self.path = path
        """The file or folder, as it was named, that is not to be had; None for other faults."""


class SnapshotError(RunnerError):
    """A bad snapshot or run directory."""

    exit_code = 4
    kind = "snapshot"


class ConflictError(RunnerError):
    """A run directory that is in use or already holds a run."""

    exit_code = 5
    kind = "conflict"


class StorageError(RunnerError):
    """The file system refused: disk full, no permission, too many open files."""

    exit_code = 6
    kind = "storage"


class DivergedError(RunnerError):
    """The weights or the loss are no longer finite."""

    exit_code = 7
    kind = "diverged"


class Stop(BaseException):
    """Carries an error or exit code past Hydra, which would print errors its own way."""

    def __init__(self, error: Exception | None, code: int) -> None:
        self.error = error
        self.code = code


INTERRUPTED = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
"""Exit codes of a run ended by a signal: 128 + the signal's number."""


def error_line(error: BaseException) -> str:
    """An error on one line, with its kind where it is a fault of the runner itself."""
    kind = "" if isinstance(error, RunnerError) else f"{type(error).__name__}: "
    return printable(f"{kind}{error}")


def counted(number: int, noun: str) -> str:
    """`1 run`, `12 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Iterable[object], most: int = 20) -> str:
    """`a, b, c`, on one line; of more than `most` names the first so many, then `…`."""
    shown = [printable(name) for name in islice(names, most + 1)]
    return ", ".join([*shown[:most], "…"] if len(shown) > most else shown)


def are(number: int, noun: str) -> str:
    """`1 run is`, `12 runs are`."""
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'}"


def printable(text: object) -> str:
    """`text` on one line, with control characters escaped so that it cannot steer a terminal."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def warn_caller(text: str) -> None:
    """Warns a person, whose own line of code is shown with it, not one of the runner's."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith((INSIDE, contextlib.__file__)):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


INSIDE = os.path.join(os.path.dirname(__file__), "")  # noqa: PTH118, PTH120 - as frames have it


def warning_line(message: Warning | str, *_: Any, **__: Any) -> str:
    """A warning as one line for people, without the place in the code that it comes from."""
    return f"warning: {printable(message)}\n"


def report_error(error: Exception, folder: Path | None = None) -> int:
    """Prints the error in one line and gives its exit code.

    Raises it where it is a fault of the runner itself, and with HYDRA_FULL_ERROR=1.
    folder: where the command writes, for the system does not always name the file.
    """
    whole = os.environ.get("HYDRA_FULL_ERROR") == "1"
    if whole or not isinstance(error, RunnerError | OSError | MemoryError):
        raise error
    if not isinstance(error, RunnerError):
        error = refused_by_system(error, folder)
    print(
        f"error: {error_line(error)}", *map(printable, error.details), sep="\n  ", file=sys.stderr
    )
    return error.exit_code


class ReportsOnce:
    """Tells the errors of many runs, each text once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def report(self, error: RunnerError) -> int:
        """As `report_error`."""
        if str(error) in self._told:
            return error.exit_code
        self._told.add(str(error))
        return report_error(error)


def refused_by_system(error: OSError | MemoryError, folder: Path | None = None) -> StorageError:
    """The one line for what the system did not give.

    folder: where the command writes, for the system does not always name the file.
    """
    if isinstance(error, MemoryError) or error.errno in (None, errno.ENOMEM):
        return StorageError(
            f"there is not enough memory, or a library is missing ({error_line(error)[:120]}); "
            "end other programs, raise the limit (ulimit -v), or take a smaller net or batch"
        )
    name = printable(error.filename or where(folder))
    return StorageError(f"{name}: {error.strerror}; free space or choose another place")


@contextlib.contextmanager
def system_errors() -> Iterator[None]:
    """What the system does not give to whoever calls from Python is told as a StorageError."""
    try:
        yield
    except (OSError, MemoryError) as error:
        raise refused_by_system(error) from error


def where(folder: Path | None) -> str:
    """What was refused, where the system names no file."""
    try:
        os.getcwd()  # noqa: PTH109 - only whether there is one
    except OSError:
        return "the working folder"
    with contextlib.suppress(OSError):
        if folder is not None and disk_usage(folder).free < LITTLE:
            return str(folder)
    return "standard output"


LITTLE = 1 << 20
"""Bytes left on a disk that is as good as full."""
