"""`python -m runner.expand SWEEP N …`: gives jobs that are rows the folders of whole runs."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import MOVED, CommandParser, apart, run_command
from runner.errors import SettingsError, printable
from runner.run_folder.layout import is_job_number

EXAMPLES = """\
  python -m runner.expand outputs/2026-11-22/15-02-10-9d1f0c2b7e 17
  python -m runner.expand outputs/2026-11-22/15-02-10-9d1f0c2b7e --where 'accuracy < 0.9'

A sweep with sweep.record=rows keeps a row a job. What else a run leaves is computed anew here, into
SWEEP/N, and the weights are held against those of the row.
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "expand", "Gives jobs that are rows the folders of runs.", EXAMPLES, plugins=True
    )
    parser.add_argument("sweep", type=Path, metavar="SWEEP", help="folder of a sweep")
    parser.add_argument("jobs", nargs="*", metavar="N", help="numbers of jobs")
    parser.add_argument("places", nargs="*", metavar="key=value", help=MOVED)
    parser.add_argument("--where", metavar="CONDITION", help="which jobs, e.g. 'seed <= 10'")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Computes the jobs named, or those that a condition holds for; 1 where bytes are others."""
    options = command_parser().parse_intermixed_args(arguments)
    jobs, places = apart(options.jobs)
    if strange := [word for word in jobs if not is_job_number(word)]:
        raise SettingsError(f"{printable(strange[0])} is not the number of a job; expected e.g. 17")
    if bool(jobs) == (options.where is not None):
        raise SettingsError(
            f"{printable(options.sweep)}: expected numbers of jobs, or --where CONDITION"
        )
    from runner.experiment.expanding import expand_all  # noqa: PLC0415 - loads the engines
    from runner.experiment.moved_files import places_in  # noqa: PLC0415 - the same

    runs = [options.sweep / number for number in jobs]
    if options.where is not None:
        from runner.analysis.filters import chosen_runs  # noqa: PLC0415 - loads pandas

        runs = list(map(Path, chosen_runs([str(options.sweep)], options.where)["path"]))
    return expand_all(runs, places_in(places))


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
