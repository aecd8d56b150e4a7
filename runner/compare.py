"""`python -m runner.compare PATH …`: a table of runs; with --by, of groups of them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.analysis.filters import chosen_runs
from runner.analysis.group_table import comparison, show_groups
from runner.analysis.run_table import show_runs, write_table
from runner.commands import CommandParser, names, run_command
from runner.errors import SettingsError

EXAMPLES = """\
  python -m runner.compare outputs/2026-11-22/15-02-10-9d1f0c2b7e
  python -m runner.compare outputs --by topology
  python -m runner.compare outputs --by topology,optimizer.learning_rate --metric test_accuracy
  python -m runner.compare outputs --where 'status == "completed" and seed <= 10' --sort=-accuracy
  python -m runner.compare outputs --by topology --against 3-4-1

Groups of --by show the mean with its 95 % interval: Student's t, or of ten skewed runs or more
bootstrap-t, on a log scale for what is above 0. Each group is compared with the best, or with the
one of --against, from three runs each on: by the paired t-test between runs of the same seed (and
the same other settings that vary within the groups), else by Welch's t-test. p-values and intervals
of differences allow for all comparisons and for the best having been chosen by its results: with no
true difference, one is called shown in about 5 % of such comparisons as a whole, or less.
"""


def main(arguments: Sequence[str]) -> int:
    """Prints the table, and for groups the differences that are real."""
    parser = CommandParser("compare", "Compares runs, in a table or by groups.", EXAMPLES)
    add = parser.add_argument
    add("paths", nargs="*", default=["outputs"], metavar="PATH", help="folders with runs [outputs]")
    add("--by", type=names, default=(), metavar="COLUMN,…", help="settings that make the groups")
    what = "what to compare [steps where most reached their target, else what stopping watched: "
    add("--against", metavar="GROUP", help="which group all are compared with [the best]")
    add("--metric", metavar="COLUMN", help=what + "on test data, validation data or in training]")
    add("--better", choices=("higher", "lower"), help="which is better [higher for accuracies]")
    add("--where", metavar="CONDITION", help="which runs, e.g. 'seed <= 10'")
    add("--sort", metavar="COLUMN", help="order of the rows; --sort=-COLUMN: largest first")
    add("--columns", type=names, default=(), metavar="COLUMN,…", help="which are shown, or all")
    add("--rows", type=int, default=50, metavar="N", help="rows shown at most, 0: all [50]")
    add("--csv", type=Path, metavar="FILE", help="write the whole table, every column")
    options = parser.parse_args(arguments)
    if options.against is not None and not options.by:
        raise SettingsError("--against names a group: it goes with --by, which makes them")
    runs = chosen_runs(options.paths, options.where)
    metric, better, sort, rows = options.metric, options.better, options.sort, options.rows
    if options.by:
        found = comparison(runs, options.by, metric, better, options.against)
        table = show_groups(found, sort, rows)
    else:
        table = show_runs(runs, options.columns, metric, better, sort, rows)
    if options.csv is not None:
        write_table(options.csv, table)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
