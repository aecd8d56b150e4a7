"""The command `python -m runner`: a run, or with -m a sweep; `runner compare …` and so on, too."""

import atexit
import gc
import sys
from collections.abc import Sequence
from importlib import import_module

from runner.leaving import leave
from runner.signals import note_warnings

COMMANDS = {
    **{
        name: f"runner.{name}"
        for name in (
            *("compare", "expand", "export", "plots", "predict", "replay", "report"),
            *("reproduce", "resume", "sample", "schema", "verify", "watch"),
        )
    },
    "data": "runner.data.__main__",
}
"""The other commands, by what they are called as a first word; each module has a `main`."""
COMPLETION = {"-sc", "--shell-completion"}
"""The option that asks for completion."""


def main() -> int:
    """The command, in a process of its own; its exit code."""
    if sys.argv[1:] and sys.argv[1].isidentifier():
        return other_command(sys.argv[1], sys.argv[2:])
    if COMPLETION & set(sys.argv[1:]):
        return completion(sys.argv[1:])
    gc.set_threshold(300_000)  # modules stay: looking through them for garbage finds none
    atexit.register(gc.freeze)  # nor would it when the process ends
    note_warnings()
    from runner.application.main import main as application  # noqa: PLC0415 - warnings come first

    return leave(application())


def completion(arguments: Sequence[str]) -> int:
    """Completes for a shell; its exit code. It does without what a run imports."""
    from runner.application.options import OPTIONS  # noqa: PLC0415 - a run asks for it later
    from runner.completing.command import complete  # noqa: PLC0415 - a run does without
    from runner.errors import SettingsError, report_error  # noqa: PLC0415 - the same

    names = [(name, how["help"]) for each, how in OPTIONS.items() for name in each]
    options = {name: meaning for name, meaning in names if name.startswith("-")}
    try:
        return complete(arguments, COMMANDS, options)
    except SettingsError as error:
        return report_error(error)


def other_command(name: str, arguments: Sequence[str]) -> int:
    """Runs a command that is called by its name; its exit code."""
    from runner.checking.suggestions import choices  # noqa: PLC0415 - a run does without
    from runner.commands import run_command  # noqa: PLC0415 - the same
    from runner.errors import SettingsError, report_error  # noqa: PLC0415 - the same

    if name not in COMMANDS:
        expected = f"{choices(name, sorted(COMMANDS))}, or key=value such as topology=3-4-1"
        return report_error(SettingsError(f"'{name}' is no command and has no '='; {expected}"))
    return run_command(import_module(COMMANDS[name]).main, arguments)


if __name__ == "__main__":
    sys.exit(main())
