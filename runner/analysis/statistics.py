"""What samples of runs say: intervals of means, differences of groups, and which are real.

Intervals are of 95 %, made on a scale h on which the mean may be any number, so that they hold
nothing that it cannot be. With mean m, standard deviation s and n values they are

    h^-1(h(m) - t * e),   e = |h'(m)| * s / sqrt(n)   (delta method)

at two values of t: Student's, of n - 1 degrees of freedom, or where ten values or more are clearly
skewed those of the bootstrap-t, t* = (h(m*) - h(m)) / e* over resamples, whose coverage holds for
skewed data where that of percentile and BCa intervals does not. On a scale of its own, where little
skewness is left, it is the symmetric one, +-|t*|, which is narrower. Fewer than ten values have too
few different resamples: bootstrap-t intervals of five can be hundreds of times as wide as the mean.
Source: Efron and Tibshirani 1993, chapter 12; Hall 1992, Bootstrap and Edgeworth Expansion, 3.6.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array

CONFIDENCE = 0.95
SKEWED = 0.5
"""Sample skewness from which on the interval is bootstrapped."""
LEAST, MOST = 10, 500
"""Bootstrapped are samples of no fewer, which have enough different resamples, and no more, of
whose mean Student's t is sure."""
LEAST_RUNS = 3
"""So many values have a standard deviation that a test can lean on."""
MOST_NEEDED, POWER = 1000, 0.8
RESAMPLES = 1999
ROUNDING = 1e-12
"""Relative differences that are none."""


class Interval(NamedTuple):
    low: float
    high: float


class Scale(NamedTuple):
    """Where intervals of a mean are made."""

    forward: Callable[[Array], Array]
    """mean -> h"""
    slope: Callable[[Array], Array]
    """mean -> |dh/dmean|"""
    back: Callable[[Array], Array]
    """h -> mean"""


ANY = Scale(np.positive, np.ones_like, np.positive)
POSITIVE = Scale(np.log, np.reciprocal, np.exp)
FRACTION = Scale(  # logit and logistic
    lambda mean: np.log(mean / (1 - mean)),
    lambda mean: 1 / (mean * (1 - mean)),
    lambda values: 1 / (1 + np.exp(-values)),
)


class Difference(NamedTuple):
    """How a sample a differs from a sample b."""

    effect: float
    """mean(a) - mean(b)"""
    interval: Interval
    p: float
    """Two-sided."""
    higher: float
    """Share of the pairs, or of all pairings, in which a is above b; half of the equal ones."""
    equal: float = 0.0
    """Share of the pairs in which both are equal."""
    spread: float = np.nan
    """Standard deviation of the pairs' differences, or of that between any two values."""


def mean_interval(values: Array, scale: Scale = ANY) -> Interval:
    """The 95 % interval of the mean of a sample [n]; NaN for fewer than two."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    n = len(values)
    if n < 2:
        return Interval(np.nan, np.nan)
    mean = values.mean()
    if np.ptp(values) <= ROUNDING * abs(mean):  # all are equal, but for rounding
        return Interval(float(mean), float(mean))
    skewed = LEAST <= n <= MOST and abs(stats.skew(values, bias=False)) > SKEWED
    if skewed and not hangs_on_one(values):
        low, high = bootstrapped_t(values, scale)
    else:
        low, high = stats.t.interval(CONFIDENCE, n - 1)
    error = scale.slope(mean) * values.std(ddof=1) / np.sqrt(n)
    ends = scale.back(scale.forward(mean) - error * np.array([high, low]))
    return Interval(float(ends[0]), float(ends[1]))


def hangs_on_one(values: Array) -> bool:
    """Whether a single value makes most of the spread: resamples without it have little of it."""
    others = np.delete(values, np.abs(values - np.median(values)).argmax())
    return bool(others.std() < 0.3 * values.std())


def bootstrapped_t(values: Array, scale: Scale) -> tuple[float, float]:
    """The quantiles of t = (h(mean*) - h(mean)) / error* over resamples; the same every time."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    center = scale.forward(values.mean())

    def t(resamples: Array, axis: int) -> Array:
        mean, spread = resamples.mean(axis), resamples.std(axis, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = scale.slope(mean) * spread / np.sqrt(resamples.shape[axis])
            away = (scale.forward(mean) - center) / error
        # Resamples of one value over and over have no spread, but for rounding.
        return np.where(spread > ROUNDING * np.abs(mean), away, 0.0)

    found = stats.bootstrap(
        (values,),
        t,
        n_resamples=RESAMPLES,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(1),
    ).bootstrap_distribution
    if scale is ANY:
        low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return float(low), float(high)
    reach = float(np.quantile(np.abs(found), CONFIDENCE))
    return -reach, reach


def difference_of_pairs(a: Array, b: Array) -> Array:
    """a - b, [n] each; what differs by rounding only, as 0.1 + 0.2 and 0.3, is equal."""
    away = a - b
    return np.where(np.abs(away) <= ROUNDING * np.maximum(np.abs(a), np.abs(b)), 0.0, away)


def paired_difference(a: Array, b: Array, *, ranks: bool) -> Difference:
    """How a differs from b, [n] each, of which a[i] and b[i] belong together.

    ranks: tested by Wilcoxon's signed ranks, else by Student's t, from three pairs on.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    away = difference_of_pairs(a, b)
    n, p = len(away), 1.0
    if ranks and away.any():
        p = float(stats.wilcoxon(away).pvalue)
    elif n >= LEAST_RUNS and away.any():
        p = two_sided(away.mean(), away.var(ddof=1) / n, n - 1)
    equal = float((away == 0).mean())
    higher = float((away > 0).mean()) + equal / 2
    spread = float(away.std(ddof=1)) if n > 1 else np.nan
    return Difference(float(away.mean()), mean_interval(away), p, higher, equal, spread)


def unpaired_difference(a: Array, b: Array, *, ranks: bool) -> Difference:
    """How a [n] differs from b [m], two values or more each; the interval is Welch's.

    ranks: tested by Wilcoxon's rank sums, else by Welch's t, from three values each on.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    effect, errors = float(a.mean() - b.mean()), [x.var(ddof=1) / len(x) for x in (a, b)]
    error = sum(errors)
    free = [square**2 / (len(x) - 1) for square, x in zip(errors, (a, b), strict=True)]
    degrees = error**2 / sum(free) if error else len(a) + len(b) - 2
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees)) * error**0.5
    ranked = stats.mannwhitneyu(a, b)
    p = float(ranked.pvalue) if ranks else 1.0
    if not ranks and min(len(a), len(b)) >= LEAST_RUNS and effect:
        p = two_sided(effect, error, degrees)
    higher = float(ranked.statistic) / (len(a) * len(b))
    spread = float(np.sqrt(a.var(ddof=1) + b.var(ddof=1)))
    return Difference(effect, Interval(effect - reach, effect + reach), p, higher, 0.0, spread)


def two_sided(effect: float, square: float, degrees: float) -> float:
    """The p-value of Student's t of an effect whose squared standard error is this.

    Values that all differ by the same are taken for rounded: the error is then at least that of
    differences that vary by half of their size.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    least = (effect / 2) ** 2 / (degrees + 1) if square <= (ROUNDING * effect) ** 2 else 0.0
    return float(2 * stats.t.sf(abs(effect) / max(square, least) ** 0.5, degrees))


def needed_pairs(difference: Difference, level: float) -> int | None:
    """How many pairs show a true difference of this size in 80 % of cases, by Student's t.

    As many runs of each group where they are not paired. None for more than `MOST_NEEDED`.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    counts = np.arange(LEAST_RUNS, MOST_NEEDED + 1)
    away = abs(difference.effect) / difference.spread * np.sqrt(counts)
    power = stats.nct.sf(stats.t.isf(level / 2, counts - 1), counts - 1, np.minimum(away, 30.0))
    enough = np.flatnonzero(power >= POWER)
    return int(counts[enough[0]]) if len(enough) else None


def holm(p: Sequence[float], comparisons: int) -> list[float]:
    """p-values for all tests together: that any true null hypothesis is rejected at 5 % or less.

    comparisons: how many tests there are; of those whose p-values are not given, none is taken to
    be smaller, which makes these larger, if anything. Source: Holm 1979.
    """
    order = np.argsort(p)
    factors = comparisons - np.arange(len(p))
    together = np.empty(len(p))
    together[order] = np.minimum(1, np.maximum.accumulate(np.asarray(p)[order] * factors))
    return [float(value) for value in together]
