"""`python -m runner.verify RUN …`: repeats runs and says whether they come out the same."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.answers.answer import print_answer
from runner.commands import MOVED, CommandParser, apart, run_command
from runner.errors import SettingsError
from runner.experiment.moved_files import places_in
from runner.experiment.verify_answer import verify_answer
from runner.experiment.verifying_all import verify_all

EXAMPLES = """\
  python -m runner.verify outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.verify outputs/2026-11-22/15-02-10-9d1f0c2b7e      a sweep's jobs that have ended
  python -m runner.verify RUN dataset.path=data/table.csv      its table has moved since
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "verify",
        "Repeats runs from their recorded configuration and compares their weights, history, "
        "results and predictions.",
        EXAMPLES,
        plugins=True,
        answers=True,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run or of a sweep")
    parser.add_argument("places", nargs="*", metavar="key=value", help=MOVED)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Verifies every run named, and every job of a sweep that has ended.

    The exit code is 1 where one comes out otherwise.
    """
    options = command_parser().parse_intermixed_args(arguments)
    folders, places = apart(options.runs)
    if not folders:
        raise SettingsError("no run is named; expected e.g. python -m runner.verify RUN")
    done = verify_all(list(map(Path, folders)), places_in(places))
    if options.json:
        print_answer(verify_answer(done))
    return done.exit_code


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
