"""A table of runs in the terminal: a row a run, with the columns that tell most."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from runner.analysis.comparing import default_metric, measure_of
from runner.analysis.runs import without_results
from runner.analysis.telling_apart import differs, repeated, telling, worth_showing
from runner.analysis.terminal_tables import fitting, say, show
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, counted, printable
from runner.run_folder.tables import csv_bytes
from runner.storage.files import write_output

ALL = "all"


@dataclass(frozen=True)
class RunTable:
    """Runs in their order, and what of them is compared and shown."""

    runs: pd.DataFrame
    """Every column."""
    columns: Sequence[str]
    """Those that were asked for; none where they are to be chosen."""
    metric: str
    order: Sequence[str]
    """The column that they are sorted by."""

    @property
    def repeats(self) -> int:
        """How many of them repeat others."""
        return int(repeated(self.runs).sum())


def run_table(
    runs: pd.DataFrame,
    columns: Sequence[str],
    metric: str | None = None,
    better: str | None = None,
    sort: str | None = None,
) -> RunTable:
    """The runs with what is asked of them, which is checked.

    columns: those to show, or `all`; none to choose. metric: what is compared, or None to choose.
    better: higher or lower, or None to know. sort: as for `in_order`.
    """
    runs = in_order(runs, sort)
    if metric is None:
        metric = default_metric(runs)
    else:
        measure_of(runs, metric, better)
    for name in set(columns) - {ALL}:
        check_column(runs, "--columns", name)
    everything = [str(name) for name in runs if name != "path"]
    return RunTable(
        runs,
        everything if ALL in columns else columns,
        metric,
        [] if sort is None else [sort.removeprefix("-")],
    )


def show_runs(found: RunTable, most: int) -> None:
    """Prints a row a run, with the columns that tell most. most: as for `show`."""
    runs, columns, order = found.runs, found.columns, found.order
    settings, results = telling(runs), worth_showing(runs, found.metric)
    if columns:
        settings, results = list(columns), []
    table = runs[list(dict.fromkeys([*settings, *results, *order]))].copy()
    if "run" not in table:
        table.insert(0, "run", pd.Series(short_names(runs["path"]), runs.index))
    shown = [str(name) for name in table]
    if not columns:
        important = ["run", *order, *settings[:2], *({found.metric} & set(results)), *shown]
        shown = fitting(table, most, list(dict.fromkeys(important)))
    again = found.repeats
    same = f", {again:,} of which repeat others (same settings and seed)" if again else ""
    print(counted(len(runs), "run") + same)
    for line in without_results(runs):
        say(line)
    show(table[shown], most)
    hidden = sum(differs(runs, str(name)) for name in runs if name not in {*shown, "path"})
    if hidden and not columns:
        which = "column" if hidden == 1 else "columns"
        if len(runs) > 1:
            which += " differs" if hidden == 1 else " differ"
        say(f"{hidden:,} more {which}; --columns NAME,… or --columns all shows them")


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


def write_table(file: Path, table: pd.DataFrame) -> None:
    """Writes a whole table as CSV, and says so."""
    rows = table.astype(object).where(table.notna(), "").itertuples(index=False)
    write_output(file, csv_bytes(map(str, table), rows))
    print(f"Table       {printable(file)}")
