"""Runs that repeat another: the same settings and seed give the same result, and count once."""

import pandas as pd

from runner.analysis.columns import Mask
from runner.analysis.comparing import varying

TIMED = ("seconds", "steps_per_second")
"""Results that differ each time that a run is repeated: each of them tells something."""


def repeated(runs: pd.DataFrame) -> Mask:
    """Which runs repeat another one of equal settings: all but the one of each that counts.

    That is the last that completed, or the last of all where none did.
    """
    kept = "the run that counts comes last"
    order = runs.assign(**{kept: runs["status"] == "completed"})
    by = [kept, *(["finished"] if "finished" in runs else [])]
    order = order.sort_values(by, kind="stable", na_position="first")
    return alike(order).duplicated(keep="last").reindex(runs.index)


def otherwise(runs: pd.DataFrame, again: Mask, result: str) -> int:
    """How many of the repeated runs have another result than the one that counts."""
    groups = alike(runs)
    counting = runs.loc[~again, result].groupby(groups[~again]).first()
    expected, found = groups[again].map(counting), runs.loc[again, result]
    return int(((expected != found) & expected.notna() & found.notna()).sum())


def alike(runs: pd.DataFrame) -> "pd.Series[int]":
    """Of each run a number that only runs of the same settings share."""
    names = varying(runs)
    if not names:
        return pd.Series(0, runs.index)
    return runs.groupby(names, dropna=False, sort=False).ngroup()
