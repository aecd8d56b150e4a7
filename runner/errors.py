"""Errors that a person can cause, each with the exit code of its kind."""

from collections.abc import Iterable
from itertools import islice


class RunnerError(Exception):
    """One line that names the key, what was found, what was expected and a way out."""

    exit_code = 1


class SettingsError(RunnerError):
    """A bad option or configuration value."""

    exit_code = 2


class DataError(RunnerError):
    """A data file or table that cannot be used."""

    exit_code = 3


class SnapshotError(RunnerError):
    """A bad snapshot or run directory."""

    exit_code = 4


class ConflictError(RunnerError):
    """A run directory that is in use or already holds a run."""

    exit_code = 5


class StorageError(RunnerError):
    """The file system refused: disk full, no permission, too many open files."""

    exit_code = 6


class DivergedError(RunnerError):
    """The weights or the loss are no longer finite."""

    exit_code = 7


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


def installing(extra: str) -> str:
    """How to get what is missing. The package index has another project of the name runner."""
    return f"in a clone of runner: pip install '.[{extra}]'"


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
