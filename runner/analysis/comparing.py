"""Groups of runs: what each comes to, and which of their differences are real."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import comb

import numpy as np
import pandas as pd

from runner.analysis.statistics import (
    ANY,
    FRACTION,
    LEAST_RUNS,
    MOST_NEEDED,
    POSITIVE,
    Difference,
    Interval,
    Scale,
    holm,
    mean_interval,
    needed_pairs,
    paired_difference,
    unpaired_difference,
)
from runner.analysis.telling_apart import varying_within
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, printable
from runner.network.arrays import Array
from runner.training.metrics import higher_is_better, metric_in

LEVEL = 0.05


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


@dataclass(frozen=True)
class Verdict:
    """How a group differs from the best; `better` is it on average over what was compared."""

    better: Group
    worse: Group
    difference: Difference
    """better - worse, of values as they are compared: 0 or more."""
    pairs: int
    """How many runs were compared with one of the same seed and so on; 0: all with all."""
    p: float
    """For all comparisons together."""
    ranks: bool
    """Whether ranks were tested, for which nothing is assumed, or means by Student's t."""
    comparisons: int
    """For how many p was corrected."""
    too_few: bool
    """Whether so few runs cannot show any difference."""
    needed: int | None
    """How many pairs, or runs of each, would show it, were it real and so large."""

    @property
    def turned(self) -> "Verdict":
        """The same, told of the other group."""
        effect, (low, high), p, higher, equal, spread = self.difference
        difference = Difference(-effect, Interval(-high, -low), p, 1 - higher, equal, spread)
        return replace(self, better=self.worse, worse=self.better, difference=difference)

    @property
    def real(self) -> bool:
        """Whether chance is ruled out, at 5 % for all comparisons together, and most runs agree.

        A few extreme ones can turn an average around.
        """
        return self.p <= LEVEL and self.difference.higher > 0.5

    @property
    def leans(self) -> bool:
        """Whether the interval of the difference leaves out 0, be it real or not."""
        low, high = self.difference.interval
        return low > 0 or high < 0


def default_metric(runs: pd.DataFrame, by: Sequence[str] = ()) -> str:
    """`steps` where every run reached its target; else what stopping watched, on the newest data.

    Of the watched metric the column is taken that the most groups have, and among those `test_`
    before `val_`, and that before training's; where folds validate, theirs before all.
    """
    if (runs["stop_reason"] == "target").all():
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


def compare_groups(
    groups: Sequence[Group], measure: Measure, against: Group | None = None
) -> list[Verdict]:
    """How each group differs from the best, or from one that was chosen before looking.

    The best is chosen by what is tested, which by chance alone makes the others look worse: its
    p-values are corrected for the comparisons of all groups with all.
    """
    base = against or best_of(groups, measure)
    others = [group for group in groups if group is not base]
    comparisons = comb(len(groups), 2) if against is None else len(others)
    ranks = all(least_by_ranks(base, group) * comparisons <= LEVEL for group in others)
    found = [difference_of(base, group, measure, ranks=ranks) for group in others]
    together = holm([difference.p for difference in found], comparisons)
    return [
        verdict_of(base, group, difference, p, comparisons, ranks=ranks)
        for group, difference, p in zip(others, found, together, strict=True)
    ]


def best_of(groups: Sequence[Group], measure: Measure) -> Group:
    """The group with the best mean, where factors count the geometric one."""
    return max(groups, key=lambda group: measure.scaled(group.values).mean())


def least_by_ranks(a: Group, b: Group) -> float:
    """The smallest p-value that Wilcoxon's test of two groups can come to."""
    places, n, m = paired_places([a, b]), len(a.values), len(b.values)
    return 2 / comb(n + m, n) if places is None else 2.0 ** (1 - len(places[0]))


def difference_of(a: Group, b: Group, measure: Measure, *, ranks: bool) -> Difference:
    """How two groups differ, by their own test alone."""
    x, y = (measure.scaled(group.values) for group in (a, b))
    places = paired_places([a, b])
    if places is not None:
        return paired_difference(x[places[0]], y[places[1]], ranks=ranks)
    if min(len(x), len(y)) < 2:
        return Difference(float(x.mean() - y.mean()), Interval(np.nan, np.nan), 1.0, np.nan)
    return unpaired_difference(x, y, ranks=ranks)


def verdict_of(
    base: Group, other: Group, found: Difference, p: float, comparisons: int, *, ranks: bool
) -> Verdict:
    """The same in view of all comparisons, the better group first."""
    places = paired_places([base, other])
    pairs = 0 if places is None else len(places[0])
    fewest = pairs or min(len(base.values), len(other.values))
    needed = None
    if p > LEVEL and found.effect and found.spread > 0:
        needed = needed_pairs(found, LEVEL / comparisons) or MOST_NEEDED + 1
    too_few = fewest < LEAST_RUNS
    verdict = Verdict(base, other, found, pairs, p, ranks, comparisons, too_few, needed)
    return verdict if found.effect >= 0 else verdict.turned


def paired_places(groups: Sequence[Group]) -> list[Array] | None:
    """Of each group the runs that have a partner in all others; None where most have none.

    Else a comparison of the few that do would pass for one of all.
    """
    common = reduce(np.intersect1d, (group.blocks for group in groups))
    unique = all(len(np.unique(group.blocks)) == len(group.blocks) for group in groups)
    most = max(len(group.blocks) for group in groups)
    if not unique or len(common) < 2 or 2 * len(common) < most:
        return None
    return [np.intersect1d(common, group.blocks, return_indices=True)[2] for group in groups]


def summary(
    groups: Sequence[Group], by: Sequence[str], verdicts: Sequence[Verdict], measure: Measure
) -> pd.DataFrame:
    """A row a group: n, mean, sd, the mean's 95 % interval, median, min, max, and the best.

    `best` marks the group of the best mean, geometric where factors count; nothing those that are
    shown to be worse, `seems worse` those of whose difference the interval leaves out 0, and
    `may be best` the others.
    """
    best = best_of(groups, measure)
    marks = {
        id(verdict.worse): "" if verdict.real else "seems worse"
        for verdict in verdicts
        if verdict.better is best and (verdict.real or verdict.leans)
    }
    rows = []
    for group in groups:
        values, interval = group.values, mean_interval(group.values, measure.scale)
        rows.append(
            {
                **dict(zip(by, group.key, strict=True)),
                "n": len(values),
                "mean": values.mean(),
                "sd": values.std(ddof=1) if len(values) > 1 else np.nan,
                "low": interval.low,
                "high": interval.high,
                "median": np.median(values),
                "min": values.min(),
                "max": values.max(),
                "best": "best" if group is best else marks.get(id(group), "may be best"),
            }
        )
    return pd.DataFrame(rows)
