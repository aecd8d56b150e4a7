"""How well many runs tell classes apart, tidy: a row a class, or a row a pair of classes."""

import pandas as pd

from runner.analysis.histories import Runs, tidy


def load_classes(runs: Runs) -> pd.DataFrame:
    """Of each class, tidy: `run`, `part`, `class`, `samples`, `precision`, `recall` and `f1`.

    runs: as for `load_history`; those that predict numbers have no classes.

    >>> classes = load_classes("outputs/digits")
    >>> worst = classes.groupby("class")["recall"].mean().nsmallest(3)
    >>> len(worst)
    3
    """
    return tidy(runs, "classes.csv", growing=False, texts=("part", "class"))


def load_confusion(runs: Runs) -> pd.DataFrame:
    """Confusion matrices, tidy: `run`, `part`, `class`, `taken_for` and the `count` of samples.

    runs: as for `load_history`. A table of all runs together:

    >>> confusion = load_confusion("outputs/digits")
    >>> together = confusion.pivot_table("count", "class", "taken_for", aggfunc="sum")
    >>> together.shape
    (10, 10)
    """
    wide = tidy(runs, "confusion.csv", growing=False, texts=("part", "class"))
    if wide.empty:
        return wide.reindex(columns=["run", "part", "class", "taken_for", "count"])
    long = wide.melt(["run", "part", "class"], var_name="taken_for", value_name="count")
    found = long.dropna(subset="count").reset_index(drop=True)
    found["taken_for"] = found["taken_for"].astype("string")
    found.attrs["unreadable"] = wide.attrs["unreadable"]
    return found
