"""`python -m runner.compare PATH …`: a table of runs; with --by, of groups of them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from runner.analysis.comparing import (
    SPENT,
    Group,
    Measure,
    Verdict,
    compare_groups,
    default_metric,
    grouped,
    measure_of,
    summary,
)
from runner.analysis.csv_tables import Mask
from runner.analysis.filters import where
from runner.analysis.number_texts import decimals_for, number_text, value_text
from runner.analysis.runs import read_runs
from runner.analysis.telling_apart import (
    TIMED,
    differs,
    otherwise,
    repeated,
    telling,
    varying,
    worth_showing,
)
from runner.analysis.terminal_tables import fitting, say, show
from runner.analysis.verdict_sentences import sentence, shortage, words_of
from runner.checking.suggestions import suggestion
from runner.commands import CommandParser, run_command
from runner.errors import SettingsError, SnapshotError, counted, printable
from runner.run_folder.tables import csv_bytes
from runner.storage.files import write_output

MOST_SENTENCES = 30
MOST_LEFT_OUT = 10
ALL = "all"
DATA_NAME = "dataset.name"
DIVISION = ("dataset.fold", "dataset.split_seed", "dataset.sgd_rate")
"""Settings of data sets that choose no other data."""
MOST_DATA = 4
WHY = "why a run is left out"
EXAMPLES = """\
  python -m runner.compare outputs/2026-11-22/15-02-10-9d1f0c2b7e
  python -m runner.compare outputs --by topology
  python -m runner.compare outputs --by topology,optimizer.learning_rate --metric test_accuracy
  python -m runner.compare outputs --where 'status == "completed" and seed <= 10' --sort=-accuracy

Groups of --by show the mean with its 95 % interval: Student's t, or of ten skewed runs or more
bootstrap-t, on a log scale for what is above 0. Each group is compared with the best, by Wilcoxon's
signed-rank test between runs of the same seed (and the same other settings that vary within the
groups), else by his rank-sum test; p-values are Holm's and none is below that of all groups being
alike, of whom then one is called worse in at most 5 % of such comparisons as a whole.
"""


def parser() -> CommandParser:
    """The command's arguments."""
    found = CommandParser("compare", "Compares runs, in a table or by groups.", EXAMPLES)
    add = found.add_argument
    add("paths", nargs="*", default=["outputs"], metavar="PATH", help="folders with runs [outputs]")
    add("--by", type=names, default=(), metavar="COLUMN,…", help="settings that make the groups")
    add(
        "--metric",
        metavar="COLUMN",
        help="what to compare [steps where all reached their target, "
        "else what stopping watched: on test data, validation data or in training]",
    )
    add("--better", choices=("higher", "lower"), help="which is better [higher for accuracies]")
    add("--where", metavar="CONDITION", help="which runs, e.g. 'seed <= 10'")
    add("--sort", metavar="COLUMN", help="order of the rows; --sort=-COLUMN: largest first")
    add("--columns", type=names, default=(), metavar="COLUMN,…", help="which are shown, or all")
    add("--rows", type=int, default=50, metavar="N", help="rows shown at most, 0: all [50]")
    add("--csv", type=Path, metavar="FILE", help="write the whole table, every column")
    return found


def names(text: str) -> tuple[str, ...]:
    """Columns, separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def main(arguments: Sequence[str]) -> int:
    """Prints the table, and for groups the differences that are real."""
    options = parser().parse_args(arguments)
    runs = chosen_runs(options)
    table = compare(runs, options) if options.by else overview(runs, options)
    if options.csv is not None:
        rows = table.astype(object).where(table.notna(), "").itertuples(index=False)
        write_output(options.csv, csv_bytes(map(str, table), rows))
        print(f"Table       {printable(options.csv)}")
    return 0


def chosen_runs(options: argparse.Namespace) -> pd.DataFrame:
    """The runs that the paths and --where name; those that cannot be read are told on stderr."""
    runs = read_runs(options.paths)
    if not runs.empty and options.where is not None:
        runs = where(runs, options.where)
    if runs.empty:
        places = ", ".join(map(printable, options.paths))
        condition = "" if options.where is None else f" for which {printable(options.where)}"
        raise SnapshotError(f"{places}: no runs that have ended{condition}")
    return runs


def compare(runs: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Prints the groups and their differences; gives the groups."""
    for name in options.by:
        check_column(runs, "--by", name)
    completed = runs[runs["status"] == "completed"]
    if completed.empty:
        raise SnapshotError("none of these runs has completed, so there is nothing to compare")
    metric = options.metric or default_metric(completed, options.by)
    measure = measure_of(completed, metric, options.better)
    again = repeated(runs) & (measure.name not in TIMED)
    runs, copies = runs[~again], repeats(runs, again, measure.name)
    completed = runs[runs["status"] == "completed"]
    groups, paired_by = grouped(completed, options.by, measure)
    if not groups:
        raise SnapshotError(f"none of these runs has a value of {printable(measure.name)}")
    verdicts = compare_groups(groups, measure)
    table = in_order(summary(groups, options.by, verdicts, measure), options.sort)
    better = words_of(measure)[1]
    several = counted(sum(len(group.values) for group in groups), "run")
    print(printable(f"{measure.name} by {', '.join(options.by)}: {several}, {better} is better"))
    for line in [*copies, *left_out(runs, options.by, measure)]:
        say(line)
    show_groups(table, options.by, groups, options.rows)
    for line in [*remarks(completed, measure), *mixed_data(completed, options.by)]:
        say(line)
    alike = [name for name in telling(completed) if name in paired_by] or paired_by
    if verdicts:
        show_differences(verdicts, options.by, measure, alike)
    if (advice := shortage(verdicts, alike)) is not None:
        say(advice)
    return table


def show_groups(table: pd.DataFrame, by: Sequence[str], groups: Sequence[Group], most: int) -> None:
    """Prints the groups; where there is no room for all, the mean and its interval."""
    decimals = decimals_for(np.concatenate([group.values for group in groups]))
    ends = zip(table["low"], table["high"], strict=True)
    shown = table.drop(columns=["low", "high"]).rename(columns={"best": ""})
    intervals = [
        f"[{number_text(low, decimals)}, {number_text(high, decimals)}]" if low == low else ""
        for low, high in ends
    ]
    shown.insert(list(shown).index("mean") + 1, "95 % interval", intervals)
    important = [*by, "mean", "95 % interval", "", "n", "median", "sd", "min", "max"]
    numbers = dict.fromkeys(("mean", "sd", "median", "min", "max"), decimals)
    show(shown[fitting(shown, most, important)], most, numbers)


def show_differences(
    verdicts: Sequence[Verdict], by: Sequence[str], measure: Measure, paired_by: Sequence[str]
) -> None:
    """Prints how they were tested, then a sentence for each: those that are real first."""
    paired = any(verdict.pairs for verdict in verdicts)
    alike = " and ".join(filter(None, [", ".join(paired_by[:-1]), *paired_by[-1:]]))
    test = f"paired by {alike}, Wilcoxon signed-rank" if paired else "Wilcoxon rank-sum"
    if len(verdicts) > 1:
        test += f", p with Holm's correction for {len(verdicts):,} comparisons, intervals without"
    print()
    say(f"Differences from the best ({test}):")
    ordered = sorted(verdicts, key=lambda verdict: (not verdict.real, not verdict.leans, verdict.p))
    for verdict in ordered[:MOST_SENTENCES]:
        say(f"  {sentence(verdict, by, measure, paired_by)}")
    if len(ordered) > MOST_SENTENCES:
        real = sum(verdict.real for verdict in verdicts)
        print(f"  … {real:,} of {len(verdicts):,} are real")


def repeats(runs: pd.DataFrame, again: Mask, result: str) -> list[str]:
    """How many runs repeat another, and so are left out."""
    number = int(again.sum())
    if not number:
        return []
    others = otherwise(runs, again, result)
    verb = "repeats another" if number == 1 else "repeat others"
    differing = f", {others:,} of them with another {result}" if others else ""
    return [f"left out: {counted(number, 'run')} that {verb} (same settings and seed){differing}"]


def left_out(runs: pd.DataFrame, by: Sequence[str], measure: Measure) -> list[str]:
    """Of which groups how many runs do not count, and why: those left may be the lucky ones."""
    values = runs[measure.name].to_numpy(float, na_value=np.nan)
    none = f"without a finite {measure.name}"
    why = runs["status"].astype(object).where(runs["status"] != "completed", none)
    out = (why != none) | ~np.isfinite(values)
    lines = []
    groups = runs.assign(**{WHY: why.where(out)}).groupby(list(by), dropna=False, sort=False)
    for key, group in groups:
        counts = group[WHY].value_counts()
        if len(counts):
            name = ", ".join(value_text(value) for value in key)
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
            lines.append(f"left out of {name}: {reasons} (of {counted(len(group), 'run')})")
    more = [f"… {len(lines) - MOST_LEFT_OUT} more groups"] if len(lines) > MOST_LEFT_OUT else []
    return lines[:MOST_LEFT_OUT] + more


def remarks(runs: pd.DataFrame, measure: Measure) -> list[str]:
    """What is to be kept in mind of the measure, and of the runs."""
    found = []
    reached = runs["stop_reason"] == "target"
    if measure.name in SPENT and reached.any() and not reached.all():
        others = int((~reached).sum())
        several = counted(others, "run")
        found.append(f"{several} stopped before the target: more would have been needed")
    if "dataset.fold" in varying(runs):
        found.append(
            "folds share most of what they train on: intervals and p-values are somewhat too sure"
        )
    return found


def mixed_data(runs: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Whether groups are of several data sets each, or each of another: a mean of unlike things."""
    differing = [name for name in varying(runs) if is_of_data(name) and name not in by]
    within = [
        name
        for name in differing
        if (runs.groupby(list(by), dropna=False)[name].nunique(dropna=False) > 1).any()
    ]
    told = within or ([] if any(map(is_of_data, by)) else differing)
    if not told:
        return []
    name = DATA_NAME if DATA_NAME in told else told[0]
    values = [value_text(value) for value in runs[name].drop_duplicates()]
    more = f" and {len(values) - MOST_DATA:,} more" if len(values) > MOST_DATA else ""
    of = f"different data ({name}: {', '.join(values[:MOST_DATA])}{more})"
    if within:
        return [f"groups are averages over {of}; --by {','.join([*by, name])} tells them apart"]
    return [f"groups are of {of}: what differs between them may be the data's doing"]


def is_of_data(name: str) -> bool:
    """Whether a setting says which data a run learns from, not how they are divided."""
    return name.startswith("dataset.") and name not in DIVISION


def overview(runs: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Prints a row a run, with the columns that tell most; gives all columns."""
    runs = in_order(runs, options.sort)
    metric = options.metric or default_metric(runs)
    if options.metric is not None:
        measure_of(runs, metric, options.better)
    for name in set(options.columns) - {ALL}:
        check_column(runs, "--columns", name)
    settings, results = telling(runs), worth_showing(runs, metric)
    if ALL in options.columns:
        settings, results = [str(name) for name in runs if name != "path"], []
    elif options.columns:
        settings, results = list(options.columns), []
    order = [] if options.sort is None else [options.sort.removeprefix("-")]
    table = runs[list(dict.fromkeys([*settings, *results, *order]))].copy()
    if "run" not in table:
        table.insert(0, "run", pd.Series(short_names(runs["path"]), runs.index))
    shown = [str(name) for name in table]
    if not options.columns:
        important = ["run", *order, *settings[:2], *({metric} & set(results)), *shown]
        shown = fitting(table, options.rows, list(dict.fromkeys(important)))
    again = int(repeated(runs).sum())
    same = f", {again:,} of which repeat others (same settings and seed)" if again else ""
    print(counted(len(runs), "run") + same)
    show(table[shown], options.rows)
    hidden = sum(differs(runs, str(name)) for name in runs if name not in {*shown, "path"})
    if hidden and not options.columns:
        which = "column" if hidden == 1 else "columns"
        if len(runs) > 1:
            which += " differs" if hidden == 1 else " differ"
        say(f"{hidden:,} more {which}; --columns NAME,… or --columns all shows them")
    return runs


def short_names(paths: "pd.Series[str]") -> list[str]:
    """Each run's folder, below the one that holds all of them."""
    whole = [Path(path) for path in paths]
    above = Path(os.path.commonpath([path.parent for path in whole]))
    return [str(path.relative_to(above)) for path in whole]


def in_order(table: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The rows sorted by a column; `-` before its name: the largest first."""
    if column is None:
        return table
    name = column.removeprefix("-")
    check_column(table, "--sort", name)
    return table.sort_values(name, ascending=not column.startswith("-"), kind="stable")


def check_column(table: pd.DataFrame, option: str, name: str) -> None:
    """Refuses a name that no column has."""
    if name not in table:
        near = suggestion(name, [str(column) for column in table])
        raise SettingsError(
            f"{option}: '{printable(name)}' is not a column; {near}"
            "columns are named as on the command line, then come the results"
        )


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
