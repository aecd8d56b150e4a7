"""`python -m runner.compare PATH …`: a table of runs; with --by, of groups of them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.analysis.filters import chosen_runs
from runner.analysis.group_table import show_groups
from runner.analysis.run_table import show_runs, write_table
from runner.commands import CommandParser, run_command

EXAMPLES = """\
  python -m runner.compare outputs/2026-11-22/15-02-10-9d1f0c2b7e
  python -m runner.compare outputs --by topology
  python -m runner.compare outputs --by topology,optimizer.learning_rate --metric test_accuracy
  python -m runner.compare outputs --where 'status == "completed" and seed <= 10' --sort=-accuracy

Groups of --by show the mean with its 95 % interval: Student's t, or of ten skewed runs or more
bootstrap-t, on a log scale for what is above 0. Each group is compared with the best, or --against
one that was chosen before, between runs of the same seed (and the same other settings that vary
within the groups) where there are such: by Wilcoxon's tests, or of so few runs that ranks could
show nothing by t-tests. p-values are Holm's, for the comparisons of all groups with all where the
best was chosen by looking: of groups that are alike one is then called worse in at most 5 %.
"""


def main(arguments: Sequence[str]) -> int:
    """Prints the table, and for groups the differences that are real."""
    parser = CommandParser("compare", "Compares runs, in a table or by groups.", EXAMPLES)
    add = parser.add_argument
    add("paths", nargs="*", default=["outputs"], metavar="PATH", help="folders with runs [outputs]")
    add("--by", type=names, default=(), metavar="COLUMN,…", help="settings that make the groups")
    add("--against", metavar="GROUP", help="which of them the others are compared with [the best]")
    what = "what to compare [steps where all reached their target, else what stopping watched: "
    add("--metric", metavar="COLUMN", help=what + "on test data, validation data or in training]")
    add("--better", choices=("higher", "lower"), help="which is better [higher for accuracies]")
    add("--where", metavar="CONDITION", help="which runs, e.g. 'seed <= 10'")
    add("--sort", metavar="COLUMN", help="order of the rows; --sort=-COLUMN: largest first")
    add("--columns", type=names, default=(), metavar="COLUMN,…", help="which are shown, or all")
    add("--rows", type=int, default=50, metavar="N", help="rows shown at most, 0: all [50]")
    add("--csv", type=Path, metavar="FILE", help="write the whole table, every column")
    options = parser.parse_args(arguments)
    runs = chosen_runs(options.paths, options.where)
    asked = (options.metric, options.better, options.sort, options.rows)
    if options.by:
        table = show_groups(runs, options.by, *asked, options.against)
    else:
        table = show_runs(runs, options.columns, *asked)
    if options.csv is not None:
        write_table(options.csv, table)
    return 0


def names(text: str) -> tuple[str, ...]:
    """Columns, separated by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
