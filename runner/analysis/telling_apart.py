"""What tells runs apart: settings and results that differ, and which runs repeat another."""

from collections.abc import Sequence

import pandas as pd

from runner.analysis.csv_tables import Mask
from runner.training.metrics import TEST, VALIDATION

FIRST = (
    "dataset.name",
    "topology",
    "network.activation.hidden",
    "optimizer.name",
    "optimizer.learning_rate",
    "batch_size",
)
"""Settings that are shown before others that tell as much."""
LAST = ("dataset.", "network.", "recording.", "stopping.", "from", "parent", "seed")
"""And after others, in this order: by the beginning of their names."""
ORIGIN = ("from", "parent", "parent_step")
"""Where a run went on from: no setting of its own."""
MEASURES = ("accuracy", "r2", "loss")
SPENT = ("steps", "epochs", "seconds")
"""What a run needs until it stops."""
TIMED = ("seconds", "steps_per_second")
"""Results that differ each time that a run is repeated: each of them tells something."""
FEW = 4
"""So many settings that differ are all shown, such as those of values that were paired."""


def settings_of(runs: pd.DataFrame) -> list[str]:
    """The columns of the configuration, which stand before the results."""
    names = [str(name) for name in runs]
    return names[: names.index("status")]


def varying(runs: pd.DataFrame) -> list[str]:
    """The columns of the configuration in which the runs differ."""
    return [name for name in settings_of(runs) if runs[name].nunique(dropna=False) > 1]


def varying_within(runs: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Those in which runs differ that are equal in the columns `by`."""
    groups = runs.groupby(list(by), dropna=False)
    names = [name for name in varying(runs) if name not in by]
    return [name for name in names if (groups[name].nunique(dropna=False) > 1).any()]


def telling(runs: pd.DataFrame) -> list[str]:
    """The settings that differ, or the fewest of many that tell the runs apart.

    Of many, one is left out where those before it say as much: a data set's name says its kind.
    The topology never is. Of a single run it is those that people look at first.
    """
    if len(runs) == 1:
        return [name for name in FIRST if name in runs and runs[name].notna().all()]
    names = sorted(varying(runs), key=importance)
    if len(names) <= FEW:
        return names
    chosen: list[str] = []
    groups = pd.Series(0, runs.index)
    for name in names:
        split = runs.groupby([groups, runs[name].astype(object)], dropna=False, sort=False).ngroup()
        if split.nunique() > groups.nunique() or name == "topology":
            chosen.append(name)
            groups = split
    return chosen


def importance(name: str) -> tuple[int, int]:
    """Sorts settings: the first ones, all others, the last ones."""
    if name in FIRST:
        return (0, FIRST.index(name))
    places = [place for place, start in enumerate(LAST) if name.startswith(start)]
    return (2, places[0]) if places else (1, 0)


def worth_showing(runs: pd.DataFrame, metric: str) -> list[str]:
    """Results that differ: status and effort, `metric`, and each measure on its newest data."""
    names = ["status", *SPENT, metric, *(newest(runs, measure) for measure in MEASURES)]
    return [name for name in dict.fromkeys(names) if differs(runs, name)]


def newest(runs: pd.DataFrame, measure: str) -> str:
    """The measure on test data where some runs have it, else on validation, else in training."""
    names = (f"{TEST}{measure}", f"{VALIDATION}{measure}", measure)
    return next((name for name in names if name in runs and runs[name].notna().any()), measure)


def differs(runs: pd.DataFrame, name: str) -> bool:
    """Whether there is such a column, and it is not the same in all runs."""
    return name in runs and (len(runs) == 1 or runs[name].nunique(dropna=False) > 1)


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
    """How many of the repeated runs that completed have another result than the one that counts."""
    runs, again = runs[runs["status"] == "completed"], again[runs["status"] == "completed"]
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
