"""`python -m runner.plots RUN …`: draws the pictures of runs that have ended."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import CommandParser, run_command
from runner.data.dataset import Dataset
from runner.errors import SnapshotError, printable

EXAMPLES = """\
  python -m runner.plots outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.plots outputs/2026-11-22/15-02-10-9d1f0c2b7e      every job of a sweep
"""


def main(arguments: Sequence[str]) -> int:
    """Draws into `plots/` of each run; 1 when something could not be drawn, named on stderr."""
    parser = CommandParser("plots", "Draws the pictures of runs that have ended.", EXAMPLES)
    parser.add_argument("paths", nargs="+", metavar="RUN", help="runs, sweeps or folders of those")
    options = parser.parse_args(arguments)
    from runner.analysis.runs import read_runs  # noqa: PLC0415 - loads pandas
    from runner.experiment.drawing import drawn  # noqa: PLC0415 - loads matplotlib

    runs = read_runs(options.paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(options.paths))}: no run has ended; expected folders of runs"
        )
    datasets: dict[str, Dataset] = {}
    failed = False
    for path in map(Path, runs["path"]):
        problems = list(drawn(path, datasets))
        for problem in problems:
            print(f"warning: {printable(path)}: {problem}", file=sys.stderr)
        failed |= bool(problems)
        print(printable(path / "plots"))
    return int(failed)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
