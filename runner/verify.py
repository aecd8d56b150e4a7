"""`python -m runner.verify RUN …`: repeats runs and says whether they come out the same."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import CommandParser, run_command
from runner.experiment.verifying_all import verify_all

EXAMPLES = """\
  python -m runner.verify outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.verify outputs/2026-11-22/15-02-10-9d1f0c2b7e      a sweep's jobs that have ended
"""


def main(arguments: Sequence[str]) -> int:
    """Verifies every run named, and every job of a sweep that has ended.

    The exit code is 1 where one comes out otherwise.
    """
    parser = CommandParser(
        "verify",
        "Repeats runs from their recorded configuration and compares their weights, history, "
        "results and predictions.",
        EXAMPLES,
        plugins=True,
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", type=Path, help="folder of a run or of a sweep"
    )
    return verify_all(parser.parse_args(arguments).runs)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
