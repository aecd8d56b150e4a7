"""`python -m runner.resume RUN … [key=value …]`: goes on with runs that have not ended."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from runner.answers.answer import print_answer
from runner.commands import CommandParser, apart, run_command
from runner.errors import SettingsError
from runner.experiment.resuming_all import resume_all

EXAMPLES = """\
  python -m runner.resume outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.resume outputs/2026-11-22/15-02-10-9d1f0c2b7e      the unfinished jobs of a sweep
  python -m runner.resume RUN stopping.max_steps=2000000              further than it was to go
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "resume",
        "Goes on with runs from their newest sound snapshots.",
        EXAMPLES,
        plugins=True,
        answers=True,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run or of a sweep")
    parser.add_argument(
        "changes", nargs="*", metavar="key=value", help="new limits, such as stopping.max_steps=…"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Goes on with every run named, and with every unfinished job of a sweep."""
    options = command_parser().parse_intermixed_args(arguments)
    folders, overrides = apart(options.runs)
    if not folders:
        raise SettingsError("no run is named; expected e.g. python -m runner.resume RUN")
    done = resume_all(list(map(Path, folders)), overrides)
    if options.json:
        from runner.experiment.resume_answer import resume_answer  # noqa: PLC0415 - loads pandas

        print_answer(resume_answer(done))
    return done.exit_code


class Resume(ModuleType):
    """This module, which can be called too: `runner.resume(run)` is a function of the same name."""

    def __call__(self, *arguments: Any, **changes: Any) -> Any:
        """Goes on with a run, as `runner.face.resume` says."""
        from runner.face import resume  # noqa: PLC0415 - for those who call it

        return resume(*arguments, **changes)


sys.modules[__name__].__class__ = Resume


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
