"""Groups of runs in the terminal: a row a group, and the differences between them in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from runner.analysis.comparing import (
    Group,
    Measure,
    check_kinds,
    default_metric,
    grouped,
    measure_of,
)
from runner.analysis.csv_tables import Mask
from runner.analysis.number_texts import decimals_for, number_text
from runner.analysis.remarks import (
    MOST_LEFT_OUT,
    averages,
    chosen_by,
    halved,
    mixed_data,
    no_better_than_guessing,
    ranked_by_factors,
    remarks,
)
from runner.analysis.run_table import check_column
from runner.analysis.runs import without_results
from runner.analysis.statistics import all_equal
from runner.analysis.telling_apart import (
    TIMED,
    otherwise,
    repeated,
    telling,
)
from runner.analysis.terminal_tables import fitting, say, show
from runner.analysis.verdict_sentences import (
    name_of,
    name_of_key,
    sentence,
    test_of,
    verdict_table,
    words_of,
)
from runner.analysis.verdicts import (
    Verdict,
    best_of,
    chosen_group,
    compare_groups,
    summary,
)
from runner.errors import SettingsError, SnapshotError, counted, printable
from runner.run_folder.statuses import PRUNED

MOST_SENTENCES = 30
WHY = "why a run is left out"


@dataclass(frozen=True)
class Comparison:
    """What a comparison of groups of runs comes to, for the terminal and for reports."""

    measure: Measure
    by: Sequence[str]
    groups: Sequence[Group]
    against: Group | None
    """Which all are compared with, where one was chosen before looking; else it is the best."""
    verdicts: Sequence[Verdict]
    paired_by: Sequence[str]
    """In what runs of different groups are alike that were compared with each other."""
    left_out: Sequence[str]
    """Which runs do not count, and why."""
    remarks: Sequence[str]
    chosen: str
    """What runs and the best were chosen by, where values are to be taken with that in mind."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a group."""
        return summary(self.groups, self.by, self.verdicts, self.measure, self.against)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """A row a verdict, with its sentence."""
        return verdict_table(self.verdicts, self.by, self.measure, self.paired_by)

    @property
    def test(self) -> str:
        """How differences were tested; empty where there are none."""
        if all(verdict.difference.equal == 1 for verdict in self.verdicts):
            return ""
        return test_of(self.verdicts, self.paired_by, by_looking=self.against is None)


def comparison(
    runs: pd.DataFrame,
    by: Sequence[str],
    metric: str | None = None,
    better: str | None = None,
    against: str | None = None,
) -> Comparison:
    """Compares groups of runs.

    by: settings that make the groups. metric: what is compared, or None to choose. better: higher
    or lower, or None to know. against: the group that others are compared with, or None: the best.
    """
    for name in by:
        check_column(runs, "--by", name)
        if f"{name}.name" in runs:
            raise SettingsError(
                f"--by: '{name}' is a result, which each run has its own of; "
                f"did you mean '{name}.name'?"
            )
    completed = runs[runs["status"] == "completed"]
    if completed.empty:
        raise SnapshotError("none of these runs has completed, so there is nothing to compare")
    measure = measure_of(completed, metric or default_metric(completed, by), better)
    check_kinds(completed[completed[measure.name].notna()], measure.name)
    again = repeated(runs) & (measure.name not in TIMED)
    runs, copies = runs[~again], repeats(runs, again, measure.name)
    completed = runs[runs["status"] == "completed"]
    groups, units = grouped(completed, by, measure)
    if not groups:
        raise SnapshotError(f"none of these runs has a value of {printable(measure.name)}")
    base = None if against is None else chosen_group(groups, by, against)
    there = completed[np.isfinite(completed[measure.name].to_numpy(float, na_value=np.nan))]
    return Comparison(
        measure,
        by,
        groups,
        base,
        compare_groups(groups, measure, base, selected=bool((runs["status"] == PRUNED).any())),
        [name for name in telling(completed) if name in units.names] or units.names,
        [*without_results(runs), *copies, *left_out(runs, by, measure)],
        [
            *remarks(there, measure),
            *ranked_by_factors(groups, by, measure, base),
            *averages(there, by, units),
            *no_better_than_guessing(completed, by, measure),
            *mixed_data(there, by),
        ],
        "; ".join(filter(None, [halved(runs), chosen_by(runs, by, groups, measure, base)])),
    )


def show_groups(found: Comparison, table: pd.DataFrame, most: int) -> None:
    """Prints the groups and their differences.

    table: `found.table` in the order wanted. most: as for `show`.
    """
    several = counted(sum(len(group.values) for group in found.groups), "run")
    better = f"{words_of(found.measure)[1]} is better"
    print(printable(f"{found.measure.name} by {', '.join(found.by)}: {several}, {better}"))
    for line in found.left_out:
        say(line)
    show_rows(table, found.by, found.groups, most)
    for line in (*found.remarks, found.chosen):
        if line:
            say(line)
    if found.verdicts:
        show_differences(found)


def show_rows(table: pd.DataFrame, by: Sequence[str], groups: Sequence[Group], most: int) -> None:
    """Prints the groups; where there is no room for all, the mean and its interval."""
    decimals = decimals_for(np.concatenate([group.values for group in groups]))
    shown = table.drop(columns=["low", "high"]).rename(columns={"best": "", "against": ""})
    intervals = [interval_text(row, decimals) for row in table.to_dict("records")]
    shown.insert(list(shown).index("mean") + 1, "95 % interval", intervals)
    important = [*by, "mean", "95 % interval", "", "n", "median", "sd", "min", "max"]
    numbers = dict.fromkeys(("mean", "sd", "median", "min", "max"), decimals)
    show(shown[fitting(shown, most, important)], most, numbers)


def interval_text(row: Mapping[Any, Any], decimals: int | None) -> str:
    """`[0.95, 0.97]` of a group's row; of equal values that they are; empty of a single run."""
    if row["low"] == row["low"]:
        return f"[{', '.join(number_text(float(row[end]), decimals) for end in ('low', 'high'))}]"
    equal = row["n"] > 1 and all_equal(np.array([row["min"], row["max"]]))
    return f"all {row['n']:,} equal" if equal else ""


def show_differences(found: Comparison) -> None:
    """Prints a sentence for each, those that are shown first, then how they were tested."""
    verdicts, against = found.verdicts, found.against
    base = "the best" if against is None else name_of(against, found.by)
    if against is None and "tied best" in set(found.table["best"]):
        base = f"{name_of(best_of(found.groups, found.measure), found.by)}, tied best"
    print()
    of = " (of geometric means)" if found.measure.relative else ""
    say(f"Differences from {base}{of}:")
    ordered = sorted(verdicts, key=lambda one: (not one.shown, one.too_few, one.p))
    for verdict in ordered[:MOST_SENTENCES]:
        say(f"  {sentence(verdict, found.by, found.measure, found.paired_by)}")
    if len(ordered) > MOST_SENTENCES:
        shown = sum(verdict.shown for verdict in verdicts)
        more = len(ordered) - MOST_SENTENCES
        print(f"  … {more:,} more; of all {len(verdicts):,} differences {shown:,} are shown")
    if test := found.test:
        say(test)


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
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
            name, all_of = name_of_key(key, by), counted(len(group), "run")
            lines.append(f"left out of {name}: {reasons} (of {all_of})")
    if (more := len(lines) - MOST_LEFT_OUT) > 0:
        return [*lines[:MOST_LEFT_OUT], f"… {counted(more, 'more group')}"]
    return lines
