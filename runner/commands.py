"""What the commands beside `python -m runner` share: arguments, errors in one line, exit codes.

A command module has `main(arguments) -> exit code` and ends with

    if __name__ == "__main__":
        sys.exit(run_command(main, sys.argv[1:]))
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
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
    except (RunnerError, OSError) as error:
        return report_error(error)
    return code


def warning_line(message: Warning | str, *_: Any, **__: Any) -> str:
    """A warning as one line for people, without the place in the code that it comes from."""
    return f"warning: {printable(message)}\n"


def report_error(error: RunnerError | OSError) -> int:
    """Prints the error in one line and gives its exit code; raises it with HYDRA_FULL_ERROR=1."""
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    if isinstance(error, OSError):
        place = error.filename or "standard output"
        error = StorageError(f"{place}: {error.strerror or error}; choose another place")
    print(f"error: {error_line(error)}", file=sys.stderr)
    return error.exit_code


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
