"""The interval of the mean of a sample of runs.

It is of 95 %, made on a scale h on which the mean may be any number, so that it holds nothing that
the mean cannot be. With mean m, standard deviation s and n values it is

    h^-1(h(m) - t * e),   e = |h'(m)| * s / sqrt(n)   (delta method)

at two values of t: Student's, of n - 1 degrees of freedom, or where ten values or more are clearly
skewed those of the bootstrap-t, t* = (h(m*) - h(m)) / e* over resamples, whose coverage holds for
skewed data where that of percentile and BCa intervals does not. On a scale of its own, where little
skewness is left, it is the symmetric one, +-|t*|, which is narrower. Fewer than ten values have too
few different resamples: bootstrap-t intervals of five can be hundreds of times as wide as the mean.
Source: Efron and Tibshirani 1993, chapter 12; Hall 1992, Bootstrap and Edgeworth Expansion, 3.6.
"""

from collections.abc import Callable
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
