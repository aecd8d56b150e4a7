"""What a report opens with: groups of runs with their intervals, and which differences are real."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group
from runner.analysis.group_table import Comparison, comparison, is_of_data
from runner.analysis.number_texts import decimals_for, number_text, shown_value
from runner.analysis.telling_apart import telling
from runner.analysis.verdict_sentences import name_of, test_of, words_of
from runner.analysis.verdicts import best_of
from runner.errors import RunnerError, SettingsError, counted, error_line, printable

SEED_LIKE = ("seed", "dataset.fold", "dataset.split_seed")
"""Settings whose values are chances, that groups hold many of rather than differ in."""
MOST_GROUPS = 40
"""That the page makes by itself, and draws of those that it was told to make."""
MOST_SENTENCES = 100
FALLBACK = "topology"
"""Makes one group of runs that differ in nothing but their chances."""


class Groups(NamedTuple):
    """Which groups of runs are compared, by what, and with which of them."""

    by: Sequence[str] = ()
    """Settings; none: those that vary."""
    against: str | None = None
    """None: the best."""
    metric: str | None = None
    """None: what `compare` takes."""
    better: str | None = None
    """higher or lower; None: as the metric is known."""


ANY_GROUPS = Groups()


def conclusion(
    runs: pd.DataFrame, groups: Groups = ANY_GROUPS
) -> tuple[dict[str, Any], Comparison | None]:
    """What the page opens with, and the comparison that it tells; None where there is none.

    Raises SettingsError for settings, groups and metrics that there are not.
    """
    keys, averaged = (groups.by, []) if groups.by else chosen_keys(runs)
    try:
        found = comparison(runs, keys, groups.metric, groups.better, groups.against)
    except RunnerError as error:
        if isinstance(error, SettingsError):
            raise
        return {"by": [], "none": sentence_of(error_line(error)), "rows": []}, None
    return told(found, averaged), found


def chosen_keys(runs: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The settings that tell the runs apart but for chance, and those that were one too many.

    The groups would be more than can be read, or of a run each where some have several.
    """
    completed = runs[runs["status"] == "completed"]
    runs = runs if completed.empty else completed
    names = [name for name in telling(runs) if name not in SEED_LIKE] if len(runs) > 1 else []
    keys: list[str] = []
    for name in names:
        groups = len(runs[[*keys, name]].drop_duplicates())
        if groups <= MOST_GROUPS and (groups < len(runs) or len(runs) <= MOST_GROUPS):
            keys.append(name)
    varying = [name for name in keys if runs[name].nunique(dropna=False) > 1]
    return varying or [FALLBACK], [name for name in names if name not in keys]


def told(found: Comparison, averaged: Sequence[str]) -> dict[str, Any]:
    """A comparison as the page shows it, its rows the best first.

    averaged: settings that vary within the groups because there would be too many.
    """
    base = found.against or best_of(found.groups, found.measure)
    decimals = decimals_for(np.concatenate([group.values for group in found.groups]))
    rows = found.table.assign(place=range(len(found.groups)))
    ranks = [found.measure.scaled(group.values).mean() for group in found.groups]
    best = best_of(found.groups, found.measure)
    places = sorted(
        rows["place"], key=lambda place: (found.groups[place] is not best, -ranks[place])
    )
    remarks = list(found.remarks)
    if len(found.groups) > 1 and any(map(is_of_data, found.by)):
        remarks.insert(0, "groups learn from different data, which alone may make them differ")
    if averaged:
        keys = ", ".join(averaged)
        remarks.insert(0, f"groups are averages over {keys}, of too many values; --by tells apart")
    differences = found.differences
    if len(differences):
        differences = differences.sort_values(
            ["shown", "too_few", "p"], ascending=[False, True, True], kind="stable"
        )
    return {
        "by": list(found.by),
        "metric": found.measure.name,
        "higher": found.measure.higher_is_better,
        "fraction": found.measure.fraction,
        "better": f"{words_of(found.measure)[1]} is better",
        "runs": counted(sum(len(group.values) for group in found.groups), "run"),
        "groups": len(found.groups),
        "headline": headline(found, base, decimals),
        "verdict": verdict(found, base),
        "rows": [
            row_of(found, found.groups[place], rows.iloc[place], decimals)
            for place in places[:MOST_GROUPS]
        ],
        "sentences": [
            {"text": text, "shown": bool(shown)}
            for text, shown in differences[["sentence", "shown"]].head(MOST_SENTENCES).to_numpy()
        ]
        if len(differences)
        else [],
        "test": test_of(found.verdicts, found.paired_by, by_looking=found.against is None)
        if any(one.difference.equal < 1 for one in found.verdicts)
        else "",
        "remarks": [sentence_of(text) for text in [*found.left_out, *remarks]],
    }


def row_of(
    found: Comparison, group: Group, row: "pd.Series[Any]", decimals: int | None
) -> dict[str, Any]:
    """A group: its name and values, its mean with the interval, and how it stands."""
    numbers = {name: float(row[name]) for name in ("mean", "low", "high")}
    known = {name: value if np.isfinite(value) else None for name, value in numbers.items()}
    return {
        "name": label_of(found, group),
        "key": [
            None if value is None or value != value else shown_value(value) for value in group.key
        ],
        "n": len(group.values),
        **known,
        "text": number_text(numbers["mean"], decimals),
        "interval": interval_text(row, decimals),
        "mark": str(row["best" if found.against is None else "against"]),
    }


def label_of(found: Comparison, group: Group) -> str:
    """A group's name; all runs where there is no other."""
    if len(found.groups) == 1:
        return "all runs"
    name = name_of(group, found.by)
    bare = len(found.by) == 1 and not isinstance(group.key[0], str)
    return f"{found.by[0].rpartition('.')[2]}={name}" if bare else name


def interval_text(row: "pd.Series[Any]", decimals: int | None) -> str:
    """`[0.95, 0.97]`; empty of a single run."""
    ends = [float(row["low"]), float(row["high"])]
    if any(end != end for end in ends):
        return ""
    return f"[{', '.join(number_text(end, decimals) for end in ends)}]"


def headline(found: Comparison, base: Group, decimals: int | None) -> str:
    """`64-32-10 has the best mean test accuracy: 0.951 [0.944, 0.957], over 5 runs.`"""
    best = best_of(found.groups, found.measure)
    row = found.table.iloc[[group is best for group in found.groups].index(True)]
    interval = interval_text(row, decimals)
    value = f"{number_text(float(row['mean']), decimals)}{f' {interval}' if interval else ''}"
    count = len(best.values)
    of = f", over {count:,} runs" if count > 1 else ", a single run"
    metric = printable(found.measure.name.replace("_", " "))
    if len(found.groups) == 1:
        return f"{metric[:1].upper()}{metric[1:]}: {value}{of}."
    least = "" if base is best else f" (compared with {label_of(found, base)})"
    return f"{label_of(found, best)} has the best mean {metric}: {value}{of}{least}."


def verdict(found: Comparison, base: Group) -> str:
    """How many of the other groups are shown to differ, in a sentence or two."""
    others = found.verdicts
    if not others:
        return "" if len(found.groups[0].values) > 1 else "A single run tells nothing of chance."
    few = sum(one.too_few for one in others)
    better = sum(one.shown and one.better is base for one in others)
    worse = sum(one.shown and one.worse is base for one in others)
    name, several = label_of(found, base), f"the {len(others):,} others"
    if few == len(others):
        which = "the other" if few == 1 else f"any of {several}"
        return (
            f"Which is really best cannot be told: {name} cannot be tested against {which}, "
            "for want of runs. sweep.repeats=5 gives each setting five seeds."
        )
    parts = [f"{name} is shown to be better than {better:,} of {several}, worse than {worse:,}"]
    if found.against is None or len(others) == 1:
        which = "the other" if len(others) == 1 else f"{better:,} of {several}"
        which = f"all {several[4:]}" if better == len(others) > 1 else which
        parts = [f"It is shown to be {'worse' if worse else 'better'} than {which}"]
        if not better + worse:
            which = "the other" if len(others) == 1 else f"any of {several}"
            parts = [f"It is not shown to be better than {which}"]
    still = len(others) - better - worse - few
    if found.against is not None and still:
        parts.append(f"{still:,} not shown to differ")
    elif found.against is None and (rivals := list(found.table["best"]).count("may be best")):
        rest = f"of the others {rivals:,}" if better else f"{rivals:,} of them"
        parts.append(f"{rest} may be best" if len(others) > 1 else "which may be best, too")
    if few:
        parts.append(f"{few:,} cannot be tested, for want of runs")
    return "; ".join(parts) + "."


def sentence_of(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."
