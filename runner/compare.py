"""`python -m runner.compare PATH …`: a table of runs; with --by, of groups of them."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from runner.analysis.compare_answer import compare_answer
from runner.analysis.filters import chosen_runs
from runner.analysis.group_table import Comparison, comparison, show_groups
from runner.analysis.run_table import RunTable, in_order, run_table, show_runs, write_table
from runner.answers.answer import print_answer
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

MOST_ROWS = 50
"""That people are shown."""


def command_parser() -> CommandParser:
    """What it takes."""
    what = "Compares runs, in a table or by groups."
    parser = CommandParser("compare", what, EXAMPLES, answers=True)
    add = parser.add_argument
    add("paths", nargs="*", default=["outputs"], metavar="PATH", help="folders with runs [outputs]")
    add("--by", type=names, default=(), metavar="COLUMN,…", help="settings that make the groups")
    what = "what to compare [steps where most reached one target, else what stopping watched: "
    add("--against", metavar="GROUP", help="which group all are compared with [the best]")
    add("--metric", metavar="COLUMN", help=what + "on validation data, test data or in training]")
    add("--better", choices=("higher", "lower"), help="which is better [higher for accuracies]")
    add("--where", metavar="CONDITION", help="which runs, e.g. 'seed <= 10'")
    add("--sort", metavar="COLUMN", help="order of the rows; --sort=-COLUMN: largest first")
    add("--columns", type=names, default=(), metavar="COLUMN,…", help="which are shown, or all")
    add("--rows", type=int, metavar="N", help="rows at most, 0: all [50; with --json all]")
    add("--csv", type=Path, metavar="FILE", help="write the whole table, every column")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Prints the table, and for groups the differences that are real."""
    options = command_parser().parse_args(arguments)
    if options.against is not None and not options.by:
        raise SettingsError("--against names a group: it goes with --by, which makes them")
    runs = chosen_runs(options.paths, options.where)
    metric, better, sort = options.metric, options.better, options.sort
    found: Comparison | RunTable
    if options.by:
        found = comparison(runs, options.by, metric, better, options.against)
        table = in_order(found.table, sort)
    else:
        found = run_table(runs, options.columns, metric, better, sort)
        table = found.runs
    rows = options.rows if options.rows is not None else 0 if options.json else MOST_ROWS
    if not options.json:
        show(found, table, rows)
    if options.csv is not None:
        write_table(options.csv, table)
    if options.json:
        print_answer(compare_answer(found, table, rows))
    return 0


def show(found: Comparison | RunTable, table: pd.DataFrame, most: int) -> None:
    """Shows people the groups or runs. table: these in the order wanted. most: as for rows."""
    if isinstance(found, RunTable):
        show_runs(found, most)
    else:
        show_groups(found, table, most)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
