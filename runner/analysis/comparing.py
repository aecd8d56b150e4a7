"""Groups of runs, and the measure that they are compared by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.analysis.csv_tables import Mask
from runner.analysis.number_texts import shown_value
from runner.analysis.statistics import ANY, FRACTION, POSITIVE, Scale
from runner.analysis.telling_apart import varying, varying_within
from runner.analysis.units import Units, units_of
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, SnapshotError, printable
from runner.network.arrays import Array
from runner.settings import OF_LOSS
from runner.training.metrics import PREFIXES, TEST, VALIDATION, higher_is_better, metric_in

ERRORS = ("loss", "mae", "rmse")
"""Metrics in units of their own."""
COMMON = ("accuracy", "r2", "mean_accuracy", "mae")
"""Metrics that say the same of all losses."""


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
    units: Array | None = None
    """[n] Runs of one unit, such as a seed, count once, by their mean; None where each counts."""
    shared: float = 0.0
    """Of units that train on overlapping parts of the same samples `n_test / n_train`, else 0."""

    def averaged(self, values: Array) -> Array:
        """[units] The mean of values [n] over the runs of each unit."""
        return values if self.units is None else means_of(values, self.units)


def means_of(values: Array, units: Array) -> Array:
    """[units] The mean of values [n] over those of each unit."""
    _, places = np.unique(units, return_inverse=True)
    means: Array = np.bincount(places, values) / np.bincount(places)
    return means


def default_metric(runs: pd.DataFrame, by: Sequence[str] = ()) -> str:
    """`steps` where most runs reached one target; else what stopping watched, on held-out data.

    Of the watched metric the column is taken that the most groups have, and among those `val_`
    before `test_`, and that before training's: what the best is chosen by is no measure of it, and
    test data are for that. Where losses of several kinds were watched, it is one that all have.
    """
    reached = (runs["stop_reason"] == "target").mean() > 0.5
    alike = len(targets(runs)) < 2 and not without_target(runs).any()
    if reached and alike:  # in what was watched they are all alike
        return "steps"
    watched = "loss"
    if "stopping.metric" in runs:
        watched = str(runs["stopping.metric"].mode(dropna=False)[0])  # what most of them did
    plain = watched.removeprefix(VALIDATION)
    if unlike_kinds(runs, plain):
        plain = common_metric(runs) or plain
    found = [f"{prefix}{plain}" for prefix in (VALIDATION, TEST, "")]
    found = [name for name in found if name in runs and runs[name].notna().any()]
    if not by:
        return found[0] if found else "loss"
    groups = {name: runs.loc[runs[name].notna(), list(by)].drop_duplicates() for name in found}
    return max(found, key=lambda name: len(groups[name]), default="loss")


def targets(runs: pd.DataFrame) -> pd.DataFrame:
    """What runs were to reach, each once; steps to one target say nothing of those to another."""
    names = ["stopping.metric", "stopping.target"]
    return runs.loc[~without_target(runs)].reindex(columns=names).drop_duplicates()


def without_target(runs: pd.DataFrame) -> Mask:
    """Which runs had no target; none where nothing says so."""
    if "stopping.target" not in runs:
        return pd.Series(False, runs.index)
    return runs["stopping.target"].isna()


def unlike_kinds(runs: pd.DataFrame, metric: str) -> str:
    """What makes values of a metric numbers of different kinds, which no mean or ratio is of.

    Losses are of different functions; errors, some of classes, and others in targets' own units.
    """
    plain = metric.removeprefix(TEST).removeprefix(VALIDATION)
    if plain not in ERRORS:
        return ""
    names = [name for name in varying(runs) if plain == "loss" and name in OF_LOSS]
    if names:
        name = "loss.name" if "loss.name" in names else names[0]
        return f"{name}: {', '.join(map(shown_value, runs[name].drop_duplicates()))}"
    # What regression has no word for.
    classes = runs["mean_accuracy"].notna() if "mean_accuracy" in runs else ()
    return "classification and regression" if len(set(classes)) > 1 else ""


def common_metric(runs: pd.DataFrame) -> str | None:
    """A metric that all runs have, of numbers of one kind."""
    whole = (name for name in COMMON if name in runs and runs[name].notna().all())
    return next((name for name in whole if not unlike_kinds(runs, name)), None)


def check_kinds(runs: pd.DataFrame, metric: str) -> None:
    """Raises SnapshotError for runs whose values of a metric are numbers of different kinds."""
    if kinds := unlike_kinds(runs, metric):
        way = "runner.compare --where compares some of them"
        if common := common_metric(runs):
            prefix = next(filter(metric.startswith, PREFIXES), "")
            held_out = f"{prefix}{common}"
            whole = held_out in runs and runs[held_out].notna().all()
            way = f"--metric {held_out if whole else common} compares"
        raise SnapshotError(
            f"{printable(metric)} is of different kinds in these runs ({printable(kinds)}), so "
            f"which is lower says nothing; {way}"
        )


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


def grouped(runs: pd.DataFrame, by: Sequence[str], measure: Measure) -> tuple[list[Group], Units]:
    """The groups, in the order of their values, and what counts once in them.

    Runs belong together that have the same seed and all else that varies within the groups.
    """
    inside = varying_within(runs, by)
    counting = units_of(runs, by, inside, measure.name)
    blocks: Array = np.arange(len(runs))
    if inside:
        blocks = runs.groupby(inside, dropna=False, sort=False).ngroup().to_numpy()
    values = runs[measure.name].to_numpy(float, na_value=np.nan)
    units = blocks
    if counting.averaged:
        units = runs.groupby(counting.names, dropna=False, sort=False).ngroup().to_numpy()
    groups = []
    for key, rows in runs.groupby(list(by), dropna=False).indices.items():
        there = rows[np.isfinite(values[rows])]
        if len(there):
            whole = key if isinstance(key, tuple) else (key,)
            unit = units[there] if counting.averaged else None
            groups.append(Group(whole, values[there], blocks[there], unit, counting.shared))
    groups.sort(key=lambda group: [natural(value) for value in group.key])
    return groups, counting


def natural(value: object) -> tuple[object, ...]:
    """Sorts numbers by size, those in texts too: 3-4-1 before 3-16-1; missing values last."""
    if value is None or value != value:
        return (2,)
    if isinstance(value, int | float | np.number | np.bool_):
        return (0, float(value))
    parts = re.split(r"([0-9]+)", str(value))
    return (1, [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts])
