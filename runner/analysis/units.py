"""What counts once in a comparison, for runs that share a division or a seed are not independent.

What varies within groups is of three kinds, and the first that has three values or more counts: a
division of the data, else a seed, else a combination of other settings. A unit's runs are averaged.
Divisions come first because learners that are equally good over all of them differ on each, which
seeds do not tell; what overlaps of their training parts is allowed for. Where fewer than three
vary, what is shown is shown for just these.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from runner.analysis.differences import LEAST_RUNS
from runner.settings import DIVIDING, FOLD, SEED, SEED_LIKE
from runner.training.metrics import TEST, VALIDATION


class Units(NamedTuple):
    """What counts once."""

    names: list[str]
    """Settings: runs that are alike in them are of one unit."""
    averaged: list[str]
    """Settings that vary within units."""
    shared: float = 0.0
    """`n_test / n_train` where units train on overlapping parts of the same samples; else 0."""
    remarks: tuple[str, ...] = ()


def units_of(runs: pd.DataFrame, by: Sequence[str], inside: Sequence[str], metric: str) -> Units:
    """What counts once in groups of runs.

    inside: the settings that vary within the groups. metric: the column that is compared.
    """
    divisions = [name for name in inside if name in DIVIDING]
    others = [name for name in inside if name not in SEED_LIKE]
    kinds = [kind for kind in (divisions, [SEED] if SEED in inside else [], others) if kind]
    if not kinds:
        return Units([], [])
    counts = [len(runs[kind].drop_duplicates()) for kind in kinds]
    enough = [kind for kind, count in zip(kinds, counts, strict=True) if count >= LEAST_RUNS]
    names = enough[0] if enough else kinds[counts.index(max(counts))]
    groups = runs.groupby([*by, *names], dropna=False)
    averaged = [
        name
        for name in inside
        if name not in names and (groups[name].nunique(dropna=False) > 1).any()
    ]
    if not divisions:
        return Units(names, averaged)
    if names != divisions:
        count = len(runs[divisions].drop_duplicates())
        return Units(names, averaged, 0.0, (told_of_fixed(names, divisions, count),))
    ratio = share_of(runs, metric)
    what = "folds" if divisions == [FOLD] else "divisions of the same data"
    text = f"{what} share most of what they train on: intervals and p-values "
    allowed = "allow for it (Nadeau and Bengio 2003)"
    return Units(names, averaged, ratio or 0.0, (text + (allowed if ratio else TOO_SURE),))


TOO_SURE = "are somewhat too sure"


def told_of_fixed(names: Sequence[str], divisions: Sequence[str], count: int) -> str:
    """What averages over divisions mean."""
    unit = "a seed" if list(names) == [SEED] else "the same " + " and ".join(names)
    return (
        f"runs of {unit} on {count:,} divisions of the data ({', '.join(divisions)}) count once, "
        "by their mean: what is shown is shown for these divisions"
    )


def share_of(runs: pd.DataFrame, metric: str) -> float | None:
    """How many samples measure a division for each that trains; None where that is not known."""

    def said(name: str) -> float | None:
        """A share that all runs have; 0 where they have no such part, None where it is unknown."""
        if name not in runs or runs[name].isna().all():
            return 0.0
        values = pd.to_numeric(runs[name], errors="coerce").unique()
        return float(values[0]) if len(values) == 1 and pd.notna(values[0]) else None

    folds, validation, test = (said(f"dataset.{name}") for name in ("folds", "validation", "test"))
    if folds:
        return 1 / (folds - 1) if metric.startswith(VALIDATION) and folds > 1 else None
    measured = validation if metric.startswith(VALIDATION) else test
    parts = (validation, test, measured)
    if not metric.startswith((VALIDATION, TEST)) or any(part is None for part in parts):
        return None
    left = 1 - (validation or 0) - (test or 0)  # counts of samples leave no share
    return measured / left if measured and 0 < left < 1 else None
