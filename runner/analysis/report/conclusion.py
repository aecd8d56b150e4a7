"""What a report opens with: groups of runs with their intervals, and which differences are real."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from runner.analysis.comparing import ERRORS, Group
from runner.analysis.group_table import Comparison, comparison
from runner.analysis.number_texts import shown_value
from runner.analysis.remarks import DATA_NAME, is_of_data, values_of
from runner.analysis.report.ended_early import (
    SAYING,
    Early,
    early_groups,
    texts_of,
)
from runner.analysis.report.selection import counting
from runner.analysis.report.shown_numbers import decimals_of_groups, interval_text, mean_text
from runner.analysis.telling_apart import telling, varying
from runner.analysis.verdict_sentences import name_of, words_of
from runner.analysis.verdicts import best_of, score
from runner.errors import RunnerError, SettingsError, counted, error_line, printable
from runner.settings import SEED_LIKE
from runner.training.metrics import TEST, VALIDATION

MOST_GROUPS = 40
"""That the page makes by itself, and draws of those that it was told to make."""
MOST_SENTENCES = 100
DATA = (DATA_NAME, "dataset.path", "dataset.target")
"""Settings by which errors are of other things."""
UNRANKED = "No group is best: their {} cannot be compared."
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
    keys = groups.by or chosen_keys(runs)
    try:
        found = comparison(runs, keys, groups.metric, groups.better, groups.against)
    except RunnerError as error:
        if isinstance(error, SettingsError):
            raise
        return {"by": [], "none": sentence_of(error_line(error)), "rows": []}, None
    unlike = "" if groups.by else not_ranked(runs, found)
    return told(found, early_groups(runs, found), unlike), found


def chosen_keys(runs: pd.DataFrame) -> list[str]:
    """The settings that tell the runs apart but for chance.

    Those are left out that would make more groups than can be read, or groups of a run each where
    some have several.
    """
    saying = runs[runs["status"].isin(SAYING)]
    runs = runs if saying.empty else saying
    names = [name for name in telling(runs) if name not in SEED_LIKE] if len(runs) > 1 else []
    keys: list[str] = []
    for name in names:
        groups = len(runs[[*keys, name]].drop_duplicates())
        if groups <= MOST_GROUPS and (groups < len(runs) or len(runs) <= MOST_GROUPS):
            keys.append(name)
    varying = [name for name in keys if runs[name].nunique(dropna=False) > 1]
    return varying or [FALLBACK]


def not_ranked(runs: pd.DataFrame, found: Comparison) -> str:
    """Why groups that the page made by itself have no best one: their errors are of other things.

    Empty where they can be ranked.
    """
    error = found.measure.name.removeprefix(TEST).removeprefix(VALIDATION)
    if error not in ERRORS or len(found.groups) < 2:
        return ""
    compared = runs[counting(runs, found.measure.name)]
    differing = [name for name in varying(compared) if name in DATA]
    if not differing:
        return ""
    each = "; ".join(f"{name}: {values_of(compared, name)}" for name in differing)
    return f"They learn from different data ({each}); --metric and --by choose what is compared."


def told(found: Comparison, early: Early, unlike: str = "") -> dict[str, Any]:
    """A comparison as the page shows it, its rows the best first.

    unlike: why they are not to be ranked, where they are not; then there is no best.
    """
    decimals = decimals_of_groups(found.groups)
    ranking = unranked(found, unlike) if unlike else ranked(found, early, decimals)
    best, places = best_of(found.groups, found.measure), list(range(len(found.groups)))
    remarks = list(found.remarks)
    if not unlike:
        ranks = [score(group, found.measure) for group in found.groups]
        places.sort(key=lambda place: (found.groups[place] is not best, -ranks[place]))
        if of_several_data(found):
            remarks.insert(0, "groups learn from different data, which alone may make them differ")
    rows = [
        row_of(found, found.groups[place], found.table.iloc[place], decimals, early)
        for place in places[:MOST_GROUPS]
    ]
    several = sum(len(group.values) for group in found.groups)
    return {
        "by": list(found.by),
        "metric": found.measure.name,
        "higher": found.measure.higher_is_better,
        "fraction": found.measure.fraction,
        **ranking,
        "verdict": " ".join(filter(None, [ranking["verdict"], early.pruned])),
        "runs": of_all(several, sum(early.left.values())),
        "groups": len(found.groups),
        "rows": [row | {"mark": ""} for row in rows] if unlike else rows,
        "early": early.groups[: max(0, MOST_GROUPS - len(places))],
        "early_groups": len(early.groups),
        "left_out": [sentence_of(text) for text in found.left_out],
        "remarks": [sentence_of(text) for text in remarks],
    }


def ranked(found: Comparison, early: Early, decimals: int | None) -> dict[str, Any]:
    """What is said of groups of which one is the best."""
    base = found.against or best_of(found.groups, found.measure)
    said = verdict(found, base, early), sentence_of(found.chosen)
    return {
        "ranked": True,
        "better": f"{words_of(found.measure)[1]} is better",
        "headline": headline(found, base, decimals, early),
        "verdict": " ".join(filter(None, said)),
        **differences_told(found),
    }


def unranked(found: Comparison, why: str) -> dict[str, Any]:
    """The same of groups of which none is the best."""
    return {
        "ranked": False,
        "better": "",
        "headline": UNRANKED.format(metric_of(found)),
        "verdict": why,
        "sentences": [],
        "test": "",
    }


def of_several_data(found: Comparison) -> bool:
    """Whether the groups were made by what they learn from."""
    keys = zip(found.by, zip(*(group.key for group in found.groups), strict=True), strict=True)
    return any(is_of_data(name) and len(set(values)) > 1 for name, values in keys)


def metric_of(found: Comparison) -> str:
    """What is compared, in words."""
    return printable(found.measure.name.replace("_", " "))


def of_all(number: int, early: int) -> str:
    """`5 runs`, `2 of 5 runs`: how many count, of those that there are."""
    of = f"{number:,} of " if early else ""
    return f"{of}{counted(number + early, 'run')}"


def differences_told(found: Comparison) -> dict[str, Any]:
    """What differs, that which is shown first, and how it was tested."""
    differences = found.differences
    if not len(differences):
        return {"sentences": [], "test": ""}
    differences = differences.sort_values(
        ["shown", "too_few", "p"], ascending=[False, True, True], kind="stable"
    )
    told = differences[["sentence", "shown"]].head(MOST_SENTENCES).to_numpy()
    return {"sentences": [{"text": text, "shown": bool(shown)} for text, shown in told]} | {
        "test": found.test
    }


def row_of(
    found: Comparison, group: Group, row: "pd.Series[Any]", decimals: int | None, early: Early
) -> dict[str, Any]:
    """A group: its name and values, its mean with the interval, and how it stands."""
    numbers = {name: float(row[name]) for name in ("mean", "low", "high")}
    known = {name: value if np.isfinite(value) else None for name, value in numbers.items()}
    return {
        "name": label_of(found, group, early),
        "key": [
            None if value is None or value != value else shown_value(value) for value in group.key
        ],
        "n": len(group.values),
        "left": early.left.get(texts_of(group.key), 0),
        **known,
        "text": mean_text(group, numbers["mean"], decimals),
        "interval": interval_text(row, decimals),
        "mark": str(row["best" if found.against is None else "against"]),
    }


def label_of(found: Comparison, group: Group, early: Early) -> str:
    """A group's name; all runs where there is no other."""
    if len(found.groups) == 1 and not early.groups:
        return "all runs"
    return name_of(group, found.by)


def headline(found: Comparison, base: Group, decimals: int | None, early: Early) -> str:
    """`64-32-10 has the best mean test accuracy: 0.951 [0.944, 0.957], over 5 runs.`

    Where factors count `… has the best geometric mean of val loss; its mean: 0.204, over 5 runs.`
    Where of several groups one alone has runs that count, it says so.
    """
    best = best_of(found.groups, found.measure)
    row = found.table.iloc[[group is best for group in found.groups].index(True)]
    interval = interval_text(row, decimals)
    apart = "" if not interval else " " if interval.startswith("[") else ", "
    value = f"{mean_text(best, float(row['mean']), decimals)}{apart}{interval}"
    count, left = len(best.values), early.left.get(texts_of(best.key), 0)
    of = f", over {of_all(count, left)}" if count > 1 else ", a single run"
    of += f" of {count + left:,}" if count == 1 and left else ""
    if interval.startswith("all") and not left:
        of = ""  # is said
    metric = metric_of(found)
    if len(found.groups) == 1:
        several = f"Of {len(early.groups) + 1:,} groups only {label_of(found, best, early)} came to"
        alone = f"{several} its end: {metric}" if early.groups else metric
        return f"{alone[:1].upper()}{alone[1:]}{'' if early.groups else ':'} {value}{of}."
    least = "" if base is best else f" (compared with {label_of(found, base, early)})"
    # Ranked by logarithms, where the mean of another group may be better.
    what = f"geometric mean of {metric}; its mean" if found.measure.relative else f"mean {metric}"
    ties = list(found.table["best"]).count("tied best") - 1 if found.against is None else 0
    like = f", like {counted(ties, 'other group')}," if ties > 0 else ""
    return f"{label_of(found, best, early)}{like} has the best {what}: {value}{of}{least}."


def verdict(found: Comparison, base: Group, early: Early) -> str:
    """How many of the other groups are shown to differ, in a sentence or two."""
    others = found.verdicts
    if not others:
        return "" if len(found.groups[0].values) > 1 else "A single run tells nothing of chance."
    few = sum(one.too_few for one in others)
    better = sum(one.shown and one.better is base for one in others)
    worse = sum(one.shown and one.worse is base for one in others)
    name, several = label_of(found, base, early), f"the {len(others):,} others"
    if few == len(others):
        which = "the other" if few == 1 else f"any of {several}"
        more = "" if others[0].selected else " sweep.repeats=5 gives each setting five seeds."
        return (
            f"Which is really best cannot be told: {name} cannot be tested against {which}, "
            f"for want of runs.{more}"
        )
    pair = ""
    parts = [f"{name} is shown to be better than {better:,} of {several}, worse than {worse:,}"]
    if found.against is None or len(others) == 1:
        which = "the other" if len(others) == 1 else f"{better:,} of {several}"
        every = "both others" if len(others) == 2 else f"all {several[4:]}"
        which = every if better == len(others) > 1 else which
        parts = [f"It is shown to be {'worse' if worse else 'better'} than {which}"]
        if not better + worse:
            which = "the other" if len(others) == 1 else f"any of {several}"
            parts = [f"It is not shown to be better than {which}"]
    still = len(others) - better - worse - few
    if found.against is not None and still:
        parts.append(f"{still:,} not shown to differ")
    elif found.against is None and (rivals := list(found.table["best"]).count("may be best")):
        rest = f"of the others {rivals:,}" if better else f"{rivals:,} of them"
        if len(others) > 1:
            parts.append(f"{rest} may be best")
        else:
            pair = ", which may be best, too"
    if few:
        parts.append(f"{few:,} cannot be tested, for want of runs")
    return f"{'; '.join(parts)}{pair}."


def sentence_of(text: str) -> str:
    """With a capital letter and a full stop; nothing of nothing."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
