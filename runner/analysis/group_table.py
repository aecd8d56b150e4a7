"""Groups of runs in the terminal: a row a group, and the differences between them in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group, Measure, default_metric, grouped, measure_of
from runner.analysis.csv_tables import Mask
from runner.analysis.number_texts import decimals_for, number_text, shown_value
from runner.analysis.run_table import check_column, in_order
from runner.analysis.telling_apart import (
    SPENT,
    TIMED,
    otherwise,
    repeated,
    telling,
    varying,
    varying_within,
)
from runner.analysis.terminal_tables import fitting, say, show
from runner.analysis.verdict_sentences import (
    name_of,
    sentence,
    test_of,
    verdict_table,
    words_of,
)
from runner.analysis.verdicts import Verdict, chosen_group, compare_groups, summary
from runner.errors import SettingsError, SnapshotError, counted, printable

MOST_SENTENCES = 30
MOST_LEFT_OUT = 10
DATA_NAME = "dataset.name"
DIVISION = ("dataset.fold", "dataset.split_seed", "dataset.sgd_rate")
"""Settings of data sets that choose no other data."""
MOST_DATA = 4
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

    @property
    def table(self) -> pd.DataFrame:
        """A row a group."""
        return summary(self.groups, self.by, self.verdicts, self.measure, self.against)

    @property
    def differences(self) -> pd.DataFrame:
        """A row a verdict, with its sentence."""
        return verdict_table(self.verdicts, self.by, self.measure, self.paired_by)


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
    again = repeated(runs) & (measure.name not in TIMED)
    runs, copies = runs[~again], repeats(runs, again, measure.name)
    completed = runs[runs["status"] == "completed"]
    groups, inside = grouped(completed, by, measure)
    if not groups:
        raise SnapshotError(f"none of these runs has a value of {printable(measure.name)}")
    base = None if against is None else chosen_group(groups, by, against)
    return Comparison(
        measure,
        by,
        groups,
        base,
        compare_groups(groups, measure, base),
        [name for name in telling(completed) if name in inside] or inside,
        [*copies, *left_out(runs, by, measure)],
        [*remarks(completed, measure), *mixed_data(completed, by)],
    )


def show_groups(found: Comparison, sort: str | None, most: int) -> pd.DataFrame:
    """Prints the groups and their differences; gives the groups.

    sort, most: as for `in_order` and `show`.
    """
    table = in_order(found.table, sort)
    several = counted(sum(len(group.values) for group in found.groups), "run")
    better = f"{words_of(found.measure)[1]} is better"
    print(printable(f"{found.measure.name} by {', '.join(found.by)}: {several}, {better}"))
    for line in found.left_out:
        say(line)
    show_rows(table, found.by, found.groups, most)
    for line in found.remarks:
        say(line)
    if found.verdicts:
        show_differences(found)
    return table


def show_rows(table: pd.DataFrame, by: Sequence[str], groups: Sequence[Group], most: int) -> None:
    """Prints the groups; where there is no room for all, the mean and its interval."""
    decimals = decimals_for(np.concatenate([group.values for group in groups]))
    ends = zip(table["low"], table["high"], strict=True)
    shown = table.drop(columns=["low", "high"]).rename(columns={"best": "", "against": ""})
    intervals = [
        f"[{number_text(low, decimals)}, {number_text(high, decimals)}]" if low == low else ""
        for low, high in ends
    ]
    shown.insert(list(shown).index("mean") + 1, "95 % interval", intervals)
    important = [*by, "mean", "95 % interval", "", "n", "median", "sd", "min", "max"]
    numbers = dict.fromkeys(("mean", "sd", "median", "min", "max"), decimals)
    show(shown[fitting(shown, most, important)], most, numbers)


def show_differences(found: Comparison) -> None:
    """Prints a sentence for each, those that are shown first, then how they were tested."""
    verdicts, against = found.verdicts, found.against
    base = "the best" if against is None else name_of(against, found.by)
    print()
    say(f"Differences from {base}:")
    ordered = sorted(verdicts, key=lambda one: (not one.shown, one.too_few, one.p))
    for verdict in ordered[:MOST_SENTENCES]:
        say(f"  {sentence(verdict, found.by, found.measure, found.paired_by)}")
    if len(ordered) > MOST_SENTENCES:
        shown = sum(verdict.shown for verdict in verdicts)
        more = len(ordered) - MOST_SENTENCES
        print(f"  … {more:,} more; of all {len(verdicts):,} differences {shown:,} are shown")
    if any(verdict.difference.equal < 1 for verdict in verdicts):
        say(test_of(verdicts, found.paired_by, by_looking=against is None))


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
            name = ", ".join(shown_value(value) for value in key)
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
    watched = runs.get("stopping.metric", pd.Series(dtype=object))
    if reached.any() and (watched[reached] == measure.name).all():
        found.append(
            f"{int(reached.sum()):,} of {counted(len(runs), 'run')} stopped where "
            f"{measure.name} reached its target: in it they differ by their last step "
            "alone; --metric steps tells how long they took"
        )
    if "dataset.fold" in varying(runs):
        found.append(
            "folds share most of what they train on: intervals and p-values are somewhat too sure"
        )
    return found


def mixed_data(runs: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Whether groups are of several data sets each, or each of another: a mean of unlike things."""
    differing = [name for name in varying(runs) if is_of_data(name) and name not in by]
    within = [name for name in varying_within(runs, by) if is_of_data(name)]
    told = within or ([] if any(map(is_of_data, by)) else differing)
    if not told:
        return []
    name = DATA_NAME if DATA_NAME in told else told[0]
    values = [shown_value(value) for value in runs[name].drop_duplicates()]
    more = f" and {len(values) - MOST_DATA:,} more" if len(values) > MOST_DATA else ""
    of = f"different data ({name}: {', '.join(values[:MOST_DATA])}{more})"
    if within:
        return [f"groups are averages over {of}; --by {','.join([*by, name])} tells them apart"]
    return [f"groups are of {of}: what differs between them may be the data's doing"]


def is_of_data(name: str) -> bool:
    """Whether a setting says which data a run learns from, not how they are divided."""
    return name.startswith("dataset.") and name not in DIVISION
