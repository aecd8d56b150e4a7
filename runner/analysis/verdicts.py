"""Which groups of runs differ from the best one, or from one that was chosen before looking."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group, Measure, means_of
from runner.analysis.differences import (
    LEAST_RUNS,
    Difference,
    least_step,
    needed_runs,
    paired_difference,
    unpaired_difference,
)
from runner.analysis.number_texts import shown_value
from runner.analysis.statistics import Interval, all_equal, mean_interval
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, printable
from runner.network.arrays import Array

LEVEL = 0.05
MOST_NAMED = 10


@dataclass(frozen=True)
class Verdict:
    """How a group differs from the one that all are compared with."""

    better: Group
    """On average over what was compared."""
    worse: Group
    difference: Difference
    """better - worse, of values as they are compared: 0 or more."""
    pairs: int
    """How many units, such as seeds, both groups have that were compared; 0: all with all."""
    p: float
    """For all comparisons together; NaN of too few runs for a test."""
    level: float
    """That this difference was tested at, for all together to be tested at `LEVEL`."""
    outdone: bool = False
    """Whether the worse group is shown to be no better than the best of the others.

    At 5 % for all groups together. That is less than being shown to be worse than the best one, and
    takes fewer runs: an error it is only where the group that truly is best is called so, which has
    to seem worse than one of k - 1 others for that. So p is one-sided and counts k - 1 times,
    whichever group has the best mean. Of two groups, not to be best is to differ, and asks as much.
    Source: Hsu 1984, by Bonferroni's bound here.
    """
    selected: bool = False
    """Whether the runs were chosen by their results: more of them are not to be had."""

    @property
    def shown(self) -> bool:
        """Whether chance is ruled out, at 5 % for all comparisons together."""
        return self.p <= LEVEL

    @property
    def too_few(self) -> bool:
        """Whether there are too few runs for a test."""
        return bool(np.isnan(self.p))

    @property
    def interval(self) -> Interval:
        """Of the difference, at the level of its test: without 0 just where it is shown."""
        return self.difference.interval(self.level)

    @cached_property
    def needed(self) -> int | None:
        """How many pairs, or units of each group, would show it, were it truly of this size.

        None where it is shown, nothing is known of its spread, or runs were chosen by results.
        """
        if self.shown or self.selected:
            return None
        return needed_runs(self.difference, self.level, paired=self.pairs > 0)


def compare_groups(
    groups: Sequence[Group],
    measure: Measure,
    against: Group | None = None,
    *,
    selected: bool = False,
) -> list[Verdict]:
    """How each group differs from the best, or from one that was chosen before looking.

    selected: as of `Verdict`.
    """
    base = against or best_of(groups, measure)
    others = [group for group in groups if group is not base]
    if not others:
        return []
    step = least_step(np.concatenate([measure.scaled(group.values) for group in groups]))
    found = [difference_of(base, group, measure, step) for group in others]
    together, levels = stepwise([one.p for one, _ in found], by_looking=against is None)
    tested = sum(not np.isnan(p) for p in together)
    verdicts = []
    for group, (one, pairs), p, level in zip(others, found, together, levels, strict=True):
        better, worse = (base, group) if one.effect >= 0 else (group, base)
        difference = one if one.effect >= 0 else one.turned
        one_sided = difference.p / 2 * tested if tested > 1 else p
        outdone = against is None and better is base and min(p, one_sided) <= LEVEL
        verdicts.append(Verdict(better, worse, difference, pairs, p, level, outdone, selected))
    return verdicts


def best_of(groups: Sequence[Group], measure: Measure) -> Group:
    """The group with the best mean, where factors count the geometric one.

    A few lucky units, such as seeds, are no best group where others have enough for a test.
    """
    enough = [group for group in groups if len(group.averaged(group.values)) >= LEAST_RUNS]
    return max(enough or groups, key=lambda group: score(group, measure))


def tied_with(best: Group, groups: Sequence[Group], measure: Measure) -> list[Group]:
    """The other groups of the same mean, but for rounding; not a few lucky units, as there."""
    least = min(LEAST_RUNS, len(best.averaged(best.values)))
    return [
        group
        for group in groups
        if group is not best
        and len(group.averaged(group.values)) >= least
        and all_equal(np.array([score(group, measure), score(best, measure)]))
    ]


def score(group: Group, measure: Measure) -> float:
    """The mean that groups are ranked by, the more the better."""
    return float(group.averaged(measure.scaled(group.values)).mean())


def difference_of(a: Group, b: Group, measure: Measure, step: float) -> tuple[Difference, int]:
    """How two groups differ, and in how many pairs; 0 where all runs are compared with all.

    Pairs of one unit, such as a seed, are one: the mean of theirs.
    """
    x, y = (measure.scaled(group.values) for group in (a, b))
    places, shared = paired_places([a, b]), max(a.shared, b.shared)
    runs = min(len(x), len(y)) if places is None else len(places[0])
    if places is None:
        x, y = a.averaged(x), b.averaged(y)
    else:
        x, y = x[places[0]], y[places[1]]
        if a.units is not None:
            x, y = (means_of(values, a.units[places[0]]) for values in (x, y))
    # A run that is a step away moves the mean of all by step / runs.
    step *= min(len(x), len(y)) / runs
    if places is None:
        return unpaired_difference(x, y, step, shared), 0
    return paired_difference(x, y, step, shared), len(x)


def paired_places(groups: Sequence[Group]) -> list[Array] | None:
    """Of each group the runs that have a partner in all others; None where most have none.

    Else a comparison of the few that do would pass for one of all.
    """
    common = reduce(np.intersect1d, (group.blocks for group in groups))
    unique = all(len(np.unique(group.blocks)) == len(group.blocks) for group in groups)
    sizes = [len(group.blocks) for group in groups]
    least = max(2, min(LEAST_RUNS, *sizes))
    if not unique or len(common) < least or 2 * len(common) < max(sizes):
        return None
    return [np.intersect1d(common, group.blocks, return_indices=True)[2] for group in groups]


def stepwise(p: Sequence[float], *, by_looking: bool) -> tuple[list[float], list[float]]:
    """p-values for all comparisons of a group with others, and the level that each is tested at.

    The smallest is multiplied first, by the number of comparisons, then the next by that of those
    which are left (Holm 1979): a false alarm anywhere has a probability of at most `LEVEL`. Where
    the group is the best because it was looked for, any of the k(k - 1) / 2 differences of those k
    that are left could have been its own, and so many comparisons count (Shaffer 1986 is alike).
    Those that no longer are tested have the level of the first that was not shown.
    """
    together, levels = np.full(len(p), np.nan), np.full(len(p), np.nan)
    tested = [place for place in np.argsort(p, kind="stable") if not np.isnan(p[place])]
    highest, level, refused = 0.0, LEVEL, False
    for left, place in zip(range(len(tested), 0, -1), tested, strict=True):
        count = left * (left + 1) // 2 if by_looking else left
        level = level if refused else LEVEL / count
        highest = max(highest, min(1.0, p[place] * count))
        together[place], levels[place] = highest, level
        refused = refused or highest > LEVEL
    return together.tolist(), levels.tolist()


def chosen_group(groups: Sequence[Group], by: Sequence[str], text: str) -> Group:
    """The group that `3-4-1` or `topology=3-4-1,optimizer.learning_rate=0.1` is.

    Raises SettingsError where none is, or several are, naming those that there are.
    """
    wanted = [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]
    found = [group for group in groups if text == full_name(group, by)] or [
        group for group in groups if wanted and all(has(group, by, part) for part in wanted)
    ]
    if len(found) == 1:
        return found[0]
    names = [full_name(group, by) for group in found or groups]
    what = f"any of {len(found):,} groups: " if found else "none of the groups: "
    hint = "" if found else suggestion(text, names)
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    raise SettingsError(
        f"--against={printable(text)} is {what}{hint}{' | '.join(names[:MOST_NAMED])}{more}"
    )


def full_name(group: Group, by: Sequence[str]) -> str:
    """`3-4-1`, or of several columns `topology=3-4-1,optimizer.learning_rate=0.1`."""
    values = [shown_value(value) for value in group.key]
    if len(by) == 1:
        return values[0]
    return ",".join(f"{name}={value}" for name, value in zip(by, values, strict=True))


def has(group: Group, by: Sequence[str], part: str) -> bool:
    """Whether `3-4-1`, `topology=3-4-1` or `learning_rate=1e-1` is true of a group."""
    name, equals, text = part.rpartition("=")
    return any(
        shown_value(value) == text or shown_value(value) == shown_value(number_in(text))
        for column, value in zip(by, group.key, strict=True)
        if not equals or name in (column, column.rpartition(".")[2])
    )


def number_in(text: str) -> float | str:
    """The number that a text is, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def summary(
    groups: Sequence[Group],
    by: Sequence[str],
    verdicts: Sequence[Verdict],
    measure: Measure,
    against: Group | None = None,
) -> pd.DataFrame:
    """A row a group: n, mean, sd, the mean's 95 % interval, median, min, max, and how it stands.

    The column `best` marks the group of the best mean, geometric where factors count, or those that
    are tied best; others that `may be best`, or are outdone and `not best`. A group without others
    has no mark. `against` in its place says which are shown to be better or worse than a group that
    was chosen.
    """
    base = against or best_of(groups, measure)
    ties = [] if against is not None else tied_with(base, groups, measure)
    first = "compared with" if against is not None else "tied best" if ties else "best"
    marks = {id(base): first if len(groups) > 1 else ""}
    for verdict in verdicts:
        is_worse = verdict.better is base
        mark = "not best" if verdict.outdone else "may be best"
        if against is not None:
            mark = "" if not verdict.shown else "worse" if is_worse else "better"
        other = verdict.worse if is_worse else verdict.better
        marks[id(other)] = "too few runs" if verdict.too_few else mark
    marks |= {id(group): "tied best" for group in ties}
    rows = []
    for group in groups:
        values, means = group.values, group.averaged(group.values)
        interval = mean_interval(means, measure.scale, group.shared)
        rows.append(
            {
                **dict(zip(by, group.key, strict=True)),
                "n": len(values),
                "mean": means.mean(),
                "sd": values.std(ddof=1) if len(values) > 1 else np.nan,
                "low": interval.low,
                "high": interval.high,
                "median": np.median(values),
                "min": values.min(),
                "max": values.max(),
                "best" if against is None else "against": marks[id(group)],
            }
        )
    return pd.DataFrame(rows)
