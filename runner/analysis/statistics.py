"""The interval of the mean of a sample of runs.

It is of 95 %, made on a scale h on which the mean may be any number, so that it holds nothing that
the mean cannot be. With mean m, standard deviation s and n values it is

    h^-1(h(m) - t * e),   e = |h'(m)| * s / sqrt(n)   (delta method)

at two values of t: Student's, of n - 1 degrees of freedom, or where ten values or more are clearly
skewed those of the bootstrap-t, t* = (h(m*) - h(m)) / e* over resamples, whose coverage holds for
skewed data where that of percentile and BCa intervals does not. On a scale of its own, where little
skewness is left, it is the symmetric one, +-|t*|, which is narrower. Fewer than ten values have too
few different resamples: bootstrap-t intervals of five can be hundreds of times as wide as the mean.
So can those of any number of values where a few make most of the spread, such as two runs of twenty
that took twice as long as the others: one resample in eight has neither of the two, and next to no
spread to divide by. Where that is so in more resamples than lie beyond the interval, they would be
what its ends are made of, and it is Student's. Values that are all equal tell nothing of how the
mean of others would spread: they have no interval.
Source: Efron and Tibshirani 1993, chapter 12, who warn of bootstrap-t and a few outlying values;
Hall 1992, Bootstrap and Edgeworth Expansion, 3.6; when Student's serves instead is ours.
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
SPREADLESS = 0.2
"""Resamples of less of the sample's own spread have next to none."""
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


def mean_interval(values: Array, scale: Scale = ANY, shared: float = 0.0) -> Interval:
    """The 95 % interval of the mean of a sample [n]; NaN for fewer than two, or all equal ones.

    shared: of values that come of overlapping parts of the same samples, `n_test / n_train`; the
    variance of their mean is then s^2 (1 / n + shared) (Nadeau and Bengio 2003).
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    n = len(values)
    if n < 2 or all_equal(values):
        return Interval(np.nan, np.nan)
    mean = values.mean()
    skewed = LEAST <= n <= MOST and abs(stats.skew(values, bias=False)) > SKEWED
    quantiles = bootstrapped_t(values, scale) if skewed else None
    low, high = quantiles or stats.t.interval(CONFIDENCE, n - 1)
    error = scale.slope(mean) * values.std(ddof=1) * np.sqrt(1 / n + shared)
    ends = scale.back(scale.forward(mean) - error * np.array([high, low]))
    return Interval(float(ends[0]), float(ends[1]))


def all_equal(values: Array) -> bool:
    """Whether they are, but for rounding."""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def bootstrapped_t(values: Array, scale: Scale) -> tuple[float, float] | None:
    """The quantiles of t = (h(mean*) - h(mean)) / error* over resamples; the same every time.

    None where so many resamples have next to no spread that these would be the quantiles.
    """
    n, tail = len(values), (1 - CONFIDENCE) / 2
    resamples = values[np.random.default_rng(1).integers(0, n, (RESAMPLES, n))]
    means, spreads = resamples.mean(1), resamples.std(1, ddof=1)
    spreadless = spreads < SPREADLESS * values.std(ddof=1)
    if spreadless.mean() > tail:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = scale.slope(means) * spreads / np.sqrt(n)
        found = (scale.forward(means) - scale.forward(values.mean())) / errors
    # Resamples of one value over and over have no spread, but for rounding.
    found = np.where(spreads > ROUNDING * np.abs(means), found, 0.0)
    if scale is ANY:
        low, high = np.quantile(found, [tail, 1 - tail])
        return float(low), float(high)
    reach = float(np.quantile(np.abs(found), CONFIDENCE))
    return -reach, reach
