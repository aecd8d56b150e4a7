"""Groups of runs, and the measure that they are compared by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.analysis.statistics import ANY, FRACTION, POSITIVE, Scale
from runner.analysis.telling_apart import varying_within
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, printable
from runner.network.arrays import Array
from runner.training.metrics import higher_is_better, metric_in


@dataclass(frozen=True)
class Measure:
    """The column that groups are compared by."""

    name: str
    higher_is_better: bool
    relative: bool
    """Whether groups differ by a factor, as numbers above 0 do, or by an amount."""
    fraction: bool = False
    """Whether all values lie from 0 to 1, as those of an accuracy."""

    @property
    def scale(self) -> Scale:
        """Where intervals of its mean are made, for them to hold nothing that it cannot be."""
        if self.relative:
            return POSITIVE
        return FRACTION if self.fraction else ANY

    def scaled(self, values: Array) -> Array:
        """The values as they are compared, the more the better: logarithms where factors count."""
        scaled = np.log(values) if self.relative else values
        return scaled if self.higher_is_better else -scaled


@dataclass(frozen=True)
class Group:
    """The runs that share the values of the columns that are compared."""

    key: tuple[object, ...]
    values: Array
    """[n] The measure."""
    blocks: Array
    """[n] Which runs of other groups each belongs to: those of the same seed and so on."""


def default_metric(runs: pd.DataFrame, by: Sequence[str] = ()) -> str:
    """`steps` where most runs reached their target; else what stopping watched, on the newest data.

    Of the watched metric the column is taken that the most groups have, and among those `test_`
    before `val_`, and that before training's; where folds validate, theirs before all.
    """
    if (runs["stop_reason"] == "target").mean() > 0.5:  # in what was watched they are all alike
        return "steps"
    watched = "loss"
    if "stopping.metric" in runs:
        watched = str(runs["stopping.metric"].mode(dropna=False)[0])  # what most of them did
    plain = watched.removeprefix("val_")
    order = ["test_", "val_", ""]
    if "dataset.folds" in runs and runs["dataset.folds"].notna().any():
        order.insert(0, "val_")
    found = [f"{prefix}{plain}" for prefix in order if f"{prefix}{plain}" in runs]
    found = [name for name in found if runs[name].notna().any()]
    if not by:
        return found[0] if found else "loss"
    groups = {name: runs.loc[runs[name].notna(), list(by)].drop_duplicates() for name in found}
    return max(found, key=lambda name: len(groups[name]), default="loss")


def measure_of(runs: pd.DataFrame, name: str, better: str | None) -> Measure:
    """The measure that a column is. Raises SettingsError when it holds no numbers.

    better: higher or lower, or None to know: of accuracies and speeds more is better.
    """
    if name not in runs or not pd.api.types.is_numeric_dtype(runs[name].dtype):
        numbers = [str(n) for n in runs if pd.api.types.is_numeric_dtype(runs[n].dtype)]
        raise SettingsError(
            f"--metric={printable(name)} is not a column of numbers; {suggestion(name, numbers)}"
            "expected such as steps, loss or accuracy"
        )
    metric = metric_in(name)
    higher = higher_is_better(name) if better is None else better == "higher"
    values = runs[name].dropna()
    relative = not (metric and metric.higher_is_better) and bool((values > 0).all())
    fraction = name.endswith("accuracy") and bool(values.between(0, 1).all())
    return Measure(name, higher, relative, fraction)


def grouped(
    runs: pd.DataFrame, by: Sequence[str], measure: Measure
) -> tuple[list[Group], list[str]]:
    """The groups, in the order of their values, and in what runs of different groups are alike.

    Runs belong together that have the same seed and all else that varies within the groups.
    """
    inside = varying_within(runs, by)
    blocks: Array = np.arange(len(runs))
    if inside:
        blocks = runs.groupby(inside, dropna=False, sort=False).ngroup().to_numpy()
    values = runs[measure.name].to_numpy(float, na_value=np.nan)
    groups = []
    for key, rows in runs.groupby(list(by), dropna=False).indices.items():
        there = rows[np.isfinite(values[rows])]
        if len(there):
            whole = key if isinstance(key, tuple) else (key,)
            groups.append(Group(whole, values[there], blocks[there]))
    groups.sort(key=lambda group: [natural(value) for value in group.key])
    return groups, inside


def natural(value: object) -> tuple[object, ...]:
    """Sorts numbers by size, those in texts too: 3-4-1 before 3-16-1; missing values last."""
    if value is None or value != value:
        return (2,)
    if isinstance(value, int | float | np.number | np.bool_):
        return (0, float(value))
    parts = re.split(r"([0-9]+)", str(value))
    return (1, [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts])
