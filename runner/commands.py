"""What the commands beside `python -m runner` share: arguments, errors in one line, exit codes.

A command module has `command_parser()`, which completion asks too, and
`main(arguments) -> exit code`, and ends with

    if __name__ == "__main__":
        sys.exit(run_command(main, sys.argv[1:]))
"""

import argparse
import atexit
import gc
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from runner.answers.answer import answer_error, stdout_left
from runner.errors import (
    INTERRUPTED,
    SettingsError,
    printable,
    report_error,
    warning_line,
)
from runner.leaving import leave
from runner.plugins.loading import load_installed, load_plugins
from runner.signals import listen
from runner.standard_output import outlive_readers

JSON = "--json"
"""The option that asks for an answer in JSON."""


class CommandParser(argparse.ArgumentParser):
    """Arguments of `python -m runner.NAME`; a bad one raises SettingsError instead of exiting.

    examples: command lines for the end of the help text, each with what it does.
    plugins: whether it may need pieces of a person's own, which `--plugin` imports.
    answers: whether it answers scripts, where `--json` asks for it.
    """

    def __init__(
        self,
        name: str,
        description: str,
        examples: str = "",
        *,
        plugins: bool = False,
        answers: bool = False,
    ) -> None:
        self.taken: list[argparse.Action] = []
        """What it takes, in order."""
        super().__init__(
            prog=f"python -m runner.{name}",
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if answers:
            self.add_argument(
                JSON,
                action="store_true",
                help="for scripts: one JSON document on stdout, what people are told on stderr; "
                f"python -m runner.schema {name} prints its schema",
            )
        if plugins:
            self.add_argument(
                "--plugin",
                action=Importing,
                default=argparse.SUPPRESS,  # it leaves nothing to be asked for
                metavar="MODULE",
                help="import this module, which adds pieces of your own",
            )

    def add_argument(self, *names: Any, **how: Any) -> argparse.Action:
        """As argparse does."""
        self.taken.append(super().add_argument(*names, **how))
        return self.taken[-1]

    def error(self, message: str) -> NoReturn:
        """Called by argparse for what it cannot use."""
        hint = ""
        if message.startswith("argument --") and message.endswith("expected one argument"):
            option = message.split()[1].rstrip(":")
            hint = f"; a value that begins with - is given as {option}=-VALUE"
        raise SettingsError(f"{printable(message)}{hint}; {self.prog} --help shows what it takes")


class Importing(argparse.Action):
    """Imports the module that an option names."""

    def __call__(self, _parser: object, _namespace: object, value: object, *_: object) -> None:
        """Called by argparse for each."""
        load_plugins([str(value)])


def run_command(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """The exit code of a command; an error that a person can cause is one line on stderr.

    A fault of the runner itself, and with HYDRA_FULL_ERROR=1 any error, shows its traceback.
    """
    atexit.register(gc.freeze)  # else garbage is looked for in all modules when the process ends
    to_script = JSON in arguments
    try:
        listen()
        outlive_readers()
        warnings.formatwarning = warning_line
        with stdout_left(to_answer=to_script):
            load_installed()
            code = main(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return leave(INTERRUPTED["SIGINT"])
    except Exception as error:
        if to_script:
            answer_error(error)
        return report_error(error)
    return leave(code)


MOVED = (
    "where its files lie now, if they have moved: dataset.path=…, dataset.root=…, "
    "dataset.validation=…, dataset.test=…, from=…"
)
"""What `key=value` behind a run is, where data are read again."""


def apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a command was given, as folders and as `key=value`; a folder may have such a name."""
    folders = [word for word in words if "=" not in word or Path(word).is_dir()]
    return folders, [word for word in words if word not in folders]


def names(text: str) -> tuple[str, ...]:
    """Columns, separated by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
