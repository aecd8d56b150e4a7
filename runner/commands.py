"""What the commands beside `python -m runner` share: arguments, errors in one line, exit codes.

A command module has `main(arguments) -> exit code` and ends with

    if __name__ == "__main__":
        sys.exit(run_command(main, sys.argv[1:]))
"""

import argparse
import errno
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from shutil import disk_usage
from types import ModuleType
from typing import Any, NoReturn

from runner.errors import (
    INTERRUPTED,
    RunnerError,
    SettingsError,
    StorageError,
    error_line,
    installing,
    printable,
)
from runner.signals import listen
from runner.standard_output import outlive_readers


class CommandParser(argparse.ArgumentParser):
    """Arguments of `python -m runner.NAME`; a bad one raises SettingsError instead of exiting.

    examples: command lines for the end of the help text, each with what it does.
    """

    def __init__(self, name: str, description: str, examples: str = "") -> None:
        super().__init__(
            prog=f"python -m runner.{name}",
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Called by argparse for what it cannot use."""
        hint = ""
        if message.startswith("argument --") and message.endswith("expected one argument"):
            option = message.split()[1].rstrip(":")
            hint = f"; a value that begins with - is given as {option}=-VALUE"
        raise SettingsError(f"{printable(message)}{hint}; {self.prog} --help shows what it takes")


def run_command(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """The exit code of a command; an error that a person can cause is one line on stderr.

    A fault of the runner itself, and with HYDRA_FULL_ERROR=1 any error, shows its traceback.
    """
    try:
        listen()
        outlive_readers()
        warnings.formatwarning = warning_line
        code = main(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED["SIGINT"]
    except (RunnerError, OSError, MemoryError) as error:
        return report_error(error)
    return code


def warning_line(message: Warning | str, *_: Any, **__: Any) -> str:
    """A warning as one line for people, without the place in the code that it comes from."""
    return f"warning: {printable(message)}\n"


def report_error(error: RunnerError | OSError | MemoryError) -> int:
    """Prints the error in one line and gives its exit code; raises it with HYDRA_FULL_ERROR=1."""
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    if not isinstance(error, RunnerError):
        error = refused_by_system(error)
    print(f"error: {error_line(error)}", file=sys.stderr)
    return error.exit_code


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


def where(folder: Path | None) -> str:
    """What was refused, where the system names no file."""
    try:
        os.getcwd()  # noqa: PTH109 - only whether there is one
    except OSError:
        return "the working folder"
    with suppress(OSError):
        if folder is not None and disk_usage(folder).free < LITTLE:
            return str(folder)
    return "standard output"


LITTLE = 1 << 20
"""Bytes left on a disk that is as good as full."""


def extra(module: str, name: str) -> ModuleType:
    """A module that an extra of the package brings. Raises SettingsError that says which."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"this needs {error.name}, which is not installed; {installing(name)}"
        ) from error


def console(**options: Any) -> Any:
    """A rich console for tables, as wide as they need where nobody watches."""
    from rich.console import Console  # noqa: PLC0415 - slow, and only for those who print tables

    if not sys.stdout.isatty():
        options.setdefault("width", 10_000)
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, **options)
