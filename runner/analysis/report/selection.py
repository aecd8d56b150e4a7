"""Which runs a page shows one by one where there are too many, and what it tells of all."""

import numpy as np
import pandas as pd

from runner.errors import counted
from runner.network.arrays import Array
from runner.training.metrics import higher_is_better

MOST_RUNS = 5000
"""On a page: 15 MB, and answers within a second."""
EXTREMES = 50
"""Of the best, and of the worst, that are shown in any case: so few that medians and bands of the
charts stay those of runs drawn by chance."""
SEED = 1
"""Of the draw of the others: the same page every time."""


def shown_places(runs: pd.DataFrame, metric: str) -> Array:
    """The places of the runs that a page shows: all, or the best, the worst and some by chance."""
    count = len(runs)
    if count <= MOST_RUNS:
        return np.arange(count)
    known = np.flatnonzero(counting(runs, metric))
    if len(known):
        values = runs[metric].to_numpy(float, na_value=np.nan)[known]
        known = known[np.argsort(values, kind="stable")]
    edges = np.unique([*known[:EXTREMES], *known[-EXTREMES:]]).astype(int)
    others = np.setdiff1d(np.arange(count), edges)
    drawn = np.random.default_rng(SEED).choice(others, MOST_RUNS - len(edges), replace=False)
    return np.sort(np.concatenate([edges, drawn]).astype(int))


def counting(runs: pd.DataFrame, metric: str) -> Array:
    """Which runs have completed with a finite value of the metric, [runs] of truth values."""
    if metric not in runs:
        return np.zeros(len(runs), bool)
    values = runs[metric].to_numpy(float, na_value=np.nan)
    found: Array = np.isfinite(values) & (runs["status"] == "completed").to_numpy(bool)
    return found


def sentence(runs: pd.DataFrame, metric: str) -> str:
    """How many of how many runs a page shows; empty where it shows all."""
    if len(runs) <= MOST_RUNS:
        return ""
    known = min(2 * EXTREMES, int(counting(runs, metric).sum()))
    which = "highest" if higher_is_better(metric) else "lowest"
    return (
        f"Table and charts show {MOST_RUNS:,} of the {len(runs):,} runs: "
        f"the {known // 2:,} best ({which} {metric}), the {known - known // 2:,} worst and "
        f"{MOST_RUNS - known:,} others drawn by chance. What is said of groups is of all runs."
    )


def statuses(runs: pd.DataFrame) -> str:
    """How many runs there are, and what has become of them."""
    counts = runs["status"].value_counts().sort_index()
    told = ", ".join(f"{number:,} {status}" for status, number in counts.items() if number)
    return f"{counted(len(runs), 'run')}: {told}."
