"""What samples of runs say: intervals of means, differences of groups, and which are real.

Intervals are of 95 %. A sample that is not clearly skewed has Student's t interval; a skewed one
the bootstrap-t interval, whose coverage holds for skewed data where that of percentile and BCa
intervals does not (Efron and Tibshirani 1993, chapter 12.5).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from runner.network.topology import Array

CONFIDENCE = 0.95
SKEWED = 0.5
"""Sample skewness from which on the interval is bootstrapped."""
LEAST, MOST = 5, 500
"""Bootstrapped are samples of no fewer, which have enough different resamples, and no more, of
whose mean Student's t is sure."""
RESAMPLES = 4999


class Interval(NamedTuple):
    low: float
    high: float


class Difference(NamedTuple):
    """How a sample a differs from a sample b."""

    effect: float
    """mean(a) - mean(b)"""
    interval: Interval
    p: float
    """Of Wilcoxon's test, two-sided: signed-rank for pairs, rank-sum otherwise."""
    higher: float
    """Share of the pairs, or of all pairings, in which a is above b; half of the equal ones."""
    equal: float = 0.0
    """Share of the pairs in which both are equal."""


def mean_interval(values: Array) -> Interval:
    """The 95 % interval of the mean of a sample [n]; NaN for fewer than two."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    n = len(values)
    if n < 2:
        return Interval(np.nan, np.nan)
    mean = float(values.mean())
    if np.ptp(values) <= 1e-12 * abs(mean):  # all are equal, but for rounding
        return Interval(mean, mean)
    error = values.std(ddof=1) / np.sqrt(n)
    skewed = LEAST <= n <= MOST and abs(stats.skew(values, bias=False)) > SKEWED
    if skewed and not hangs_on_one(values):
        low, high = bootstrapped_t(values, mean)
        return Interval(mean - high * error, mean - low * error)
    low, high = stats.t.interval(CONFIDENCE, n - 1)
    return Interval(mean + low * error, mean + high * error)


def hangs_on_one(values: Array) -> bool:
    """Whether a single value makes the spread: resamples without it have none to divide by."""
    others = np.delete(values, np.abs(values - np.median(values)).argmax())
    return bool(others.std() < 0.1 * values.std())


def bootstrapped_t(values: Array, mean: float) -> tuple[float, float]:
    """The quantiles of t = (mean* - mean) / error* over resamples; the same every time."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    def t(resamples: Array, axis: int) -> Array:
        spread = resamples.std(axis, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            away = (resamples.mean(axis) - mean) / (spread / np.sqrt(resamples.shape[axis]))
        return np.where(spread > 0, away, 0.0)  # resamples of one value over and over

    found = stats.bootstrap(
        (values,),
        t,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(1),
    ).confidence_interval
    return float(found.low), float(found.high)


def paired_difference(a: Array, b: Array) -> Difference:
    """How a differs from b, [n] each, of which a[i] and b[i] belong together."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    away = a - b
    # What differs by rounding only is equal: 0.1 + 0.2 and 0.3.
    away = np.where(np.abs(away) <= 1e-12 * np.maximum(np.abs(a), np.abs(b)), 0.0, away)
    p = float(stats.wilcoxon(away).pvalue) if away.any() else 1.0
    equal = float((away == 0).mean())
    higher = float((away > 0).mean()) + equal / 2
    return Difference(float(away.mean()), mean_interval(away), p, higher, equal)


def unpaired_difference(a: Array, b: Array) -> Difference:
    """How a [n] differs from b [m]; the interval is Welch's."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    effect = float(a.mean() - b.mean())
    ranked = stats.mannwhitneyu(a, b)
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        interval = Interval(effect, effect)
    else:
        found = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
        interval = Interval(float(found.low), float(found.high))
    higher = float(ranked.statistic) / (len(a) * len(b))
    return Difference(effect, interval, float(ranked.pvalue), higher)


def holm(p: Sequence[float], tests: int | None = None) -> list[float]:
    """p-values for all tests together: that any true null hypothesis is rejected at 5 % or less.

    tests: how many there were, when `p` are those of some. Source: Holm 1979.
    """
    order = np.argsort(p)
    factors = (tests or len(p)) - np.arange(len(p))
    together = np.empty(len(p))
    together[order] = np.minimum(1, np.maximum.accumulate(np.asarray(p)[order] * factors))
    return [float(value) for value in together]
