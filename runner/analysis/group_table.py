"""Groups of runs in the terminal: a row a group, and the differences between them in words."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from runner.analysis.comparing import (
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
from runner.analysis.verdict_sentences import name_of, sentence, shortage, test_of, words_of
from runner.checking.suggestions import choices
from runner.errors import SettingsError, SnapshotError, counted, printable

MOST_SENTENCES = 30
MOST_LEFT_OUT = 10
DATA_NAME = "dataset.name"
DIVISION = ("dataset.fold", "dataset.split_seed", "dataset.sgd_rate")
"""Settings of data sets that choose no other data."""
MOST_DATA = 4
WHY = "why a run is left out"


def show_groups(
    runs: pd.DataFrame,
    by: Sequence[str],
    metric: str | None,
    better: str | None,
    sort: str | None,
    most: int,
    against: str | None = None,
) -> pd.DataFrame:
    """Prints the groups and their differences; gives the groups.

    by: settings that make the groups. metric: what is compared, or None to choose. better: higher
    or lower, or None to know. sort, most: as for `in_order` and `show`. against: the group that the
    others are compared with, as `chosen_group` takes it; None for the best.
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
    groups, paired_by = grouped(completed, by, measure)
    if not groups:
        raise SnapshotError(f"none of these runs has a value of {printable(measure.name)}")
    base = None if against is None else chosen_group(groups, by, against)
    verdicts = compare_groups(groups, measure, base)
    table = in_order(summary(groups, by, verdicts, measure), sort)
    several = counted(sum(len(group.values) for group in groups), "run")
    title = f"{measure.name} by {', '.join(by)}: {several}, {words_of(measure)[1]} is better"
    print(printable(title))
    for line in [*copies, *left_out(runs, by, measure)]:
        say(line)
    show_rows(table, by, groups, most)
    for line in [*remarks(completed, measure), *mixed_data(completed, by)]:
        say(line)
    alike = [name for name in telling(completed) if name in paired_by] or paired_by
    if verdicts:
        show_differences(verdicts, by, measure, alike, against=base is not None)
    if (advice := shortage(verdicts, alike)) is not None:
        say(advice)
    return table


def chosen_group(groups: Sequence[Group], by: Sequence[str], text: str) -> Group:
    """The group that a text names: its values, or its name as sentences have it.

    Raises SettingsError where there is none.
    """
    wanted = [part.strip() for part in text.split(",")]
    for group in groups:
        values = [shown_value(value) for value in group.key]
        named = [f"{name}={value}" for name, value in zip(by, values, strict=True)]
        if text == name_of(group, by) or wanted in (values, named):
            return group
    names = [",".join(shown_value(value) for value in group.key) for group in groups]
    raise SettingsError(
        f"--against={printable(text)} is no group of --by={','.join(by)}; {choices(text, names)}"
    )


def show_rows(table: pd.DataFrame, by: Sequence[str], groups: Sequence[Group], most: int) -> None:
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
    verdicts: Sequence[Verdict],
    by: Sequence[str],
    measure: Measure,
    paired_by: Sequence[str],
    *,
    against: bool,
) -> None:
    """Prints how they were tested, then a sentence for each: those that are real first.

    against: whether they are from a group that was chosen before looking.
    """
    test, compared = test_of(verdicts, paired_by), verdicts[0].comparisons
    if compared > 1:
        why = "" if against else " of all with all, for the best was chosen by looking"
        test += f"; p with Holm's correction for {compared:,} comparisons{why}; intervals without"
    print()
    say(f"Differences from {'the chosen group' if against else 'the best'} ({test}):")
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
