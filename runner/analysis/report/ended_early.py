"""Of the groups of a report the runs that do not count: which were pruned, and at which rung."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from runner.analysis.comparing import natural
from runner.analysis.group_table import Comparison
from runner.analysis.number_texts import shown_value
from runner.analysis.verdict_sentences import name_of_key
from runner.run_folder.statuses import FINISHED, PRUNED

SAYING = (*FINISHED, PRUNED)
"""Statuses of runs whose settings came to something: others say nothing of theirs."""
RUNG = "rung_"


class Early(NamedTuple):
    """The runs that do not count in a comparison, because they did not complete."""

    left: Mapping[tuple[str, ...], int]
    """How many, by the values that make their groups, as texts."""
    groups: Sequence[Mapping[str, Any]]
    """Those of which no run counts, the last that ended first: name, key, n, left, their fate."""
    pruned: str
    """At which rungs how many were pruned, as a sentence; empty of none."""


def early_groups(runs: pd.DataFrame, found: Comparison) -> Early:
    """The runs of each group that ended before they would have counted."""
    early = runs[runs["status"] != "completed"]
    counting = {texts_of(group.key) for group in found.groups}
    left: dict[tuple[str, ...], int] = {}
    rows = []
    for key, some in early.groupby(list(found.by), dropna=False, sort=False):
        left[texts_of(key)] = len(some)
        if texts_of(key) not in counting and some["status"].isin(SAYING).any():
            far = some["epochs"].max() if "epochs" in some else 0
            rows.append((-far, [natural(value) for value in key], key, some))
    rows.sort(key=lambda row: row[:2])
    groups = [
        {
            "name": name_of_key(key, found.by),
            "key": [None if text == "null" else text for text in texts_of(key)],
            "n": 0,
            "left": len(some),
            "fate": fate(some),
        }
        for *_, key, some in rows
    ]
    return Early(left, groups, pruned_sentence(early[early["status"] == PRUNED]))


def texts_of(key: Sequence[object]) -> tuple[str, ...]:
    """The values that make a group, as they are shown: nothing is like itself, too."""
    return tuple(map(shown_value, key))


def fate(runs: pd.DataFrame) -> str:
    """`1 pruned at rung 0 (epoch 4), 2 diverged`: what became of runs that did not complete."""
    pruned = runs[runs["status"] == PRUNED]
    places = [f"{count:,} pruned {where}" for where, count in rungs_of(pruned).items()]
    others = runs.loc[runs["status"] != PRUNED, "status"].astype(str).value_counts()
    return ", ".join([*places, *(f"{count:,} {status}" for status, count in others.items())])


def rungs_of(pruned: pd.DataFrame) -> dict[str, int]:
    """`at rung 0 (epoch 4)` and how many runs were pruned there, the first rung first."""
    reasons = pruned["stop_reason"].astype(str)
    epochs = pruned["epochs"] if "epochs" in pruned else [None] * len(pruned)
    counts = Counter(
        reason.replace(RUNG, "at rung ") + ("" if pd.isna(epoch) else f" (epoch {epoch:.0f})")
        for reason, epoch in zip(reasons, epochs, strict=True)
    )
    return {place: counts[place] for place in sorted(counts, key=natural)}


def pruned_sentence(pruned: pd.DataFrame) -> str:
    """`Pruned: 20 at rung 0 (epoch 4), 10 at rung 1 (epoch 12).`; empty of none."""
    where = ", ".join(f"{count:,} {place}" for place, count in rungs_of(pruned).items())
    return f"Pruned: {where}." if where else ""
