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

import warnings
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
    """Of Wilcoxon's test, two-sided: signed-rank for pairs, rank-sum otherwise."""
    higher: float
    """Share of the pairs, or of all pairings, in which a is above b; half of the equal ones."""
    equal: float = 0.0
    """Share of the pairs in which both are equal."""


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


def paired_difference(a: Array, b: Array) -> Difference:
    """How a differs from b, [n] each, of which a[i] and b[i] belong together."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    away = a - b
    # What differs by rounding only is equal: 0.1 + 0.2 and 0.3.
    away = np.where(np.abs(away) <= ROUNDING * np.maximum(np.abs(a), np.abs(b)), 0.0, away)
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
        with warnings.catch_warnings(action="ignore"):  # of a sample whose values are all equal
            found = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
        interval = Interval(float(found.low), float(found.high))
    higher = float(ranked.statistic) / (len(a) * len(b))
    return Difference(effect, interval, float(ranked.pvalue), higher)


def any_difference(samples: Sequence[Array], *, paired: bool) -> float:
    """The p-value of all samples being alike, whichever of them is looked at afterwards.

    paired: whether those of one place belong together: Friedman's test, else that of Kruskal and
    Wallis.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    values = np.stack(samples) if paired else np.concatenate(samples)
    if np.ptp(values, axis=0).max() <= ROUNDING * np.abs(values).max():  # all are equal
        return 1.0
    test = stats.friedmanchisquare if paired else stats.kruskal
    return float(test(*samples).pvalue)


def holm(p: Sequence[float]) -> list[float]:
    """p-values for all tests together: that any true null hypothesis is rejected at 5 % or less.

    Source: Holm 1979.
    """
    order = np.argsort(p)
    factors = len(p) - np.arange(len(p))
    together = np.empty(len(p))
    together[order] = np.minimum(1, np.maximum.accumulate(np.asarray(p)[order] * factors))
    return [float(value) for value in together]
