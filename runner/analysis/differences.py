"""How much two samples of runs differ on average: Student's t of pairs, Welch's t of others.

One value t = effect / error gives the p-value and the interval, so that they never contradict.
Runs that differ by chance alone differ by numbers that are as likely below 0 as above, whatever the
distribution of each: t then keeps its level from three pairs on, where Wilcoxon's test of five
cannot come below p = 0.06 (tests/analysis/false_alarms.py has the figures).

n values do not tell of what happens less often than once in n. That matters where all are equal, as
accuracies that only have a few values can be: their standard deviation of 0 would make t infinite.
So the error of a mean has one more part, that of one run being a step away:

    error^2 = s^2 / n + (step / n)^2

with the step the least distance of two values that were seen in any group. Of losses it is nothing.

Pairs that are divisions of the same samples train on much of the same and are not independent: the
variance of their mean is larger than s^2 / n, which calls far too much shown (Dietterich 1998). It
is taken for s^2 (1 / n + n_test / n_train), whatever n: the corrected resampled t-test.
Source: Student 1908; Welch 1947; Nadeau and Bengio 2003, of folds Bouckaert and Frank 2004; the
step is ours.
"""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from runner.analysis.statistics import ROUNDING, Interval
from runner.network.arrays import Array

LEAST_RUNS = 3
"""Fewer have no standard deviation that a test could lean on."""
POWER = 0.8
MOST_NEEDED = 1000


class Difference(NamedTuple):
    """How a sample a differs from a sample b."""

    effect: float
    """mean(a) - mean(b)"""
    spread: float
    """Standard deviation of the pairs' differences, or of a run of a less one of b."""
    runs: int
    """Pairs, or runs in the smaller sample."""
    degrees: float
    """Of freedom."""
    error: float
    """Standard error of the effect; NaN of fewer than `LEAST_RUNS`."""
    step: float
    """The least distance of two values."""
    higher: float
    """Share of the pairs, or of all pairings, in which a is above b; half of the equal ones."""
    equal: float
    """Share of the pairs or pairings in which both are equal."""
    shared: float = 0.0
    """`n_test / n_train` of pairs that train on overlapping samples; else 0."""

    @property
    def turned(self) -> "Difference":
        """How b differs from a."""
        return self._replace(effect=-self.effect, higher=1 - self.higher)

    @property
    def p(self) -> float:
        """Two-sided; NaN of too few runs."""
        from scipy import special  # noqa: PLC0415 - slow to import

        if np.isnan(self.error) or self.effect == 0:
            return self.error if np.isnan(self.error) else 1.0
        return float(2 * special.stdtr(self.degrees, -abs(self.effect) / self.error))

    def interval(self, level: float) -> Interval:
        """What effects a two-sided test at this level does not reject; NaN of too few runs."""
        reach = self.error * quantile(self.degrees, level)
        return Interval(self.effect - reach, self.effect + reach)


def paired_difference(a: Array, b: Array, step: float = 0.0, shared: float = 0.0) -> Difference:
    """How a differs from b, [n] each, of which a[i] and b[i] belong together.

    shared: as of `Difference`; the variance of their mean is then s^2 (1 / n + shared).
    """
    away = a - b
    # What differs by rounding only is equal: 0.1 + 0.2 and 0.3.
    away = np.where(np.abs(away) <= ROUNDING * np.maximum(np.abs(a), np.abs(b)), 0.0, away)
    n, equal = len(away), float((away == 0).mean())
    few = n < LEAST_RUNS
    spread = np.nan if few else float(away.std(ddof=1))
    error = float(np.hypot(spread * (1 / n + shared) ** 0.5, step / n))
    higher = float((away > 0).mean()) + equal / 2
    effect = float(away.mean())
    return Difference(effect, spread, n, n - 1, error, step, higher, equal, shared)


def unpaired_difference(a: Array, b: Array, step: float = 0.0, shared: float = 0.0) -> Difference:
    """How a [n] differs from b [m], in whatever order; shared: as of `paired_difference`."""
    effect, n = float(a.mean() - b.mean()), min(len(a), len(b))
    if abs(effect) <= ROUNDING * max(np.abs(a).max(), np.abs(b).max()):
        effect = 0.0
    ranked, places = (
        np.sort(b),
        [np.searchsorted(np.sort(b), a, side) for side in ("left", "right")],
    )
    below, upto = (float(np.mean(place)) / len(ranked) for place in places)
    higher, equal = (below + upto) / 2, upto - below
    if n < LEAST_RUNS:
        return Difference(effect, np.nan, n, np.nan, np.nan, step, higher, equal)
    variances = [float(x.var(ddof=1)) for x in (a, b)]
    squares = [variance / len(x) for variance, x in zip(variances, (a, b), strict=True)]
    free = sum(s**2 / (len(x) - 1) for s, x in zip(squares, (a, b), strict=True))
    degrees = sum(squares) ** 2 / free if free > 0 else n - 1.0
    error = float(np.hypot((sum(squares) + shared * sum(variances)) ** 0.5, step / n))
    spread = sum(variances) ** 0.5
    return Difference(effect, spread, n, degrees, error, step, higher, equal, shared)


def quantile(degrees: float, level: float) -> float:
    """What |t| exceeds with this probability."""
    from scipy import special  # noqa: PLC0415 - slow to import

    return float(-special.stdtrit(degrees, level / 2))


def least_step(samples: Array) -> float:
    """The least distance of two different values; 0 where all are equal but for rounding."""
    steps = np.diff(np.unique(samples))
    real = steps[steps > ROUNDING * np.abs(samples).max(initial=0)]
    return float(real.min(initial=np.inf)) if len(real) else 0.0


def needed_runs(difference: Difference, level: float, *, paired: bool) -> int | None:
    """How many pairs, or runs of each, show a true difference of this size in 80 % of cases.

    More than `MOST_NEEDED` where those do not; None where nothing is known of the spread, and where
    more would share more of what they train on.
    """
    if np.isnan(difference.error) or difference.effect == 0 or difference.shared:
        return None
    counts = range(difference.runs + 1, MOST_NEEDED + 1)
    place = bisect_left(
        counts, POWER, key=lambda count: power(difference, count, level, paired=paired)
    )
    return difference.runs + 1 + place


def power(difference: Difference, runs: int, level: float, *, paired: bool) -> float:
    """How likely so many pairs, or runs of each, are to show a true difference of this size.

    P(|t| > c) = E[P(Z > c * sqrt(V / f) - effect / error)], V of the chi-squared distribution of
    the f degrees of freedom, at 200 of its quantiles; on the other side there is next to nothing.
    """
    from scipy import special  # noqa: PLC0415 - slow to import

    degrees = runs - 1 if paired else 2 * runs - 2
    error = np.hypot(difference.spread / runs**0.5, difference.step / runs)
    shares = (np.arange(200) + 0.5) / 200
    spreads = np.sqrt(special.chdtri(degrees, shares) / degrees)
    beyond = abs(difference.effect) / error - quantile(degrees, level) * spreads
    return float(special.ndtr(beyond).mean())
