"""Intervals on simulated data, against scipy and against what they promise.

`python -m pytest -m release tests/analysis` makes 2,000 simulations of each; the suite fewer.
"""

from collections.abc import Callable
from math import exp

import numpy as np
import pytest
from scipy import stats

from runner.analysis.statistics import ANY, FRACTION, POSITIVE, Scale, mean_interval
from runner.network.arrays import Array

Draw = Callable[[np.random.Generator, int], Array]

DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda g, n: g.normal(3, 2, n), 3),
    "uniform": (lambda g, n: g.random(n), 0.5),
    "log-normal, skewed": (lambda g, n: g.lognormal(0, 0.5, n), exp(0.125)),
    "exponential, very skewed": (lambda g, n: g.exponential(1, n), 1),
}
NEAR_ONE: dict[str, tuple[Draw, float]] = {"near 1": (lambda g, n: 1 - g.beta(2, 98, n), 0.98)}
FEW, MANY = 200, 2000
SCALES: dict[str, tuple[Scale, str]] = {
    **{f"{name}, any": (ANY, name) for name in DISTRIBUTIONS},
    **{f"{name}, above 0": (POSITIVE, name) for name in DISTRIBUTIONS if name != "normal"},
    "near 1, fraction": (FRACTION, "near 1"),
}


def coverage(case: str, n: int, simulations: int) -> float:
    """How often the interval of a sample's mean holds the true one."""
    scale, name = SCALES[case]
    draw, mean = (DISTRIBUTIONS | NEAR_ONE)[name]
    generator = np.random.default_rng(1)
    intervals = (mean_interval(draw(generator, n), scale) for _ in range(simulations))
    return float(np.mean([low <= mean <= high for low, high in intervals]))


@pytest.mark.parametrize("case", SCALES)
def test_intervals_hold_the_true_mean_about_as_often_as_they_say(case: str) -> None:
    # 200 simulations of 95 % are 190 ± 3.1: within three deviations.
    assert 0.90 <= coverage(case, 20, FEW) <= 0.996


@pytest.mark.release
@pytest.mark.parametrize("n", [10, 20, 50])
@pytest.mark.parametrize("case", SCALES)
def test_intervals_hold_the_true_mean_in_93_to_97_percent(case: str, n: int) -> None:
    assert 0.93 <= coverage(case, n, MANY) <= 0.97


@pytest.mark.release
@pytest.mark.parametrize("case", SCALES)
def test_intervals_of_five_hold_it_less_often_where_data_are_skewed(case: str) -> None:
    least = {"exponential, very skewed, any": 0.86}.get(case, 0.90)
    assert least <= coverage(case, 5, MANY) <= 0.97


def test_a_sample_that_is_not_skewed_has_the_t_interval() -> None:
    sample = np.array([1.0, 2, 3, 4, 5, 6])
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    np.testing.assert_allclose(mean_interval(sample), expected)


def test_few_numbers_above_0_have_the_t_interval_of_their_mean_on_a_log_scale() -> None:
    sample = np.array([900.0, 1200, 4000, 1100, 950])
    mean, error = sample.mean(), sample.std(ddof=1) / np.sqrt(5)
    reach = 2.776445 * error / mean  # the table's t for 4 degrees of freedom
    expected = mean * np.exp([-reach, reach])
    np.testing.assert_allclose(mean_interval(sample, POSITIVE), expected, rtol=1e-6)


SAMPLES: dict[str, list[float]] = {
    "five, one of them far off": [900, 1200, 40000, 1100, 950],
    "eleven, one of them far off": [3, 4, 100, 2, 5, 3, 3, 9, 800, 4, 5],
    "two": [1, 100],
    "a long tail": list(np.exp(np.linspace(-3, 3, 30))),
    "very small ones": [1e-9, 2e-9, 8e-8, 1e-9, 3e-9, 1e-9],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_mean_of_numbers_above_0_is_above_0_and_not_beyond_reason(name: str) -> None:
    sample = np.array(SAMPLES[name])
    low, high = mean_interval(sample, POSITIVE)
    assert 0 < low < sample.mean() < high
    assert len(sample) == 2 or high < 20 * sample.mean()
    assert mean_interval(1000 * sample, POSITIVE) == pytest.approx((1000 * low, 1000 * high))


TIES = [103 / 106] * 8 + [104 / 106, 105 / 106]
"""Accuracies as a small test part gives them."""


@pytest.mark.parametrize("scale", [ANY, POSITIVE, FRACTION])
def test_the_interval_of_tied_accuracies_is_as_narrow_as_they_are(scale: Scale) -> None:
    low, high = mean_interval(np.array(TIES), scale)
    assert 0.969 < low < np.mean(TIES) < high < 0.980


@pytest.mark.parametrize("sample", [[0.99, 1, 1, 1, 0.98, 1], [0.0, 0, 0.1, 0], [0.1, 0.9]])
def test_the_mean_of_fractions_is_one(sample: list[float]) -> None:
    low, high = mean_interval(np.array(sample), FRACTION)
    assert 0 < low < np.mean(sample) < high < 1
    ends = mean_interval(1 - np.array(sample), FRACTION)
    assert ends == pytest.approx((1 - high, 1 - low))


def test_a_skewed_sample_has_a_wider_interval_that_leans_to_the_tail() -> None:
    sample = np.exp(np.linspace(-3, 3, 20))
    low, high = mean_interval(sample, POSITIVE)
    assert high - sample.mean() > 1.2 * (sample.mean() - low)
    reach = stats.t.ppf(0.975, 19) * sample.std(ddof=1) / np.sqrt(20) / sample.mean()
    assert np.log(high / low) > 2.1 * reach
    assert mean_interval(sample, POSITIVE) == (low, high)  # the same resamples every time
    low, high = mean_interval(sample)
    assert high - sample.mean() > 1.2 * (sample.mean() - low)


A_FEW_FAR_OFF: dict[str, list[float]] = {
    "two of twenty runs, as of 3-2-1": [1.13, 1.36, 1.39, 1.46, *[1.5] * 14, 3.69, 3.69],
    "three of thirty": [*np.linspace(1, 1.02, 27), 9, 9.1, 9.2],
    "one of ten": [2.3, 2.301, 2.302, 2.299, 2.3, 2.3, 2.301, 2.3, 2.3, 9.1],
}


@pytest.mark.parametrize("scale", [ANY, POSITIVE])
@pytest.mark.parametrize("case", A_FEW_FAR_OFF)
def test_a_few_values_far_off_make_no_interval_beyond_all_of_them(case: str, scale: Scale) -> None:
    sample = np.array(A_FEW_FAR_OFF[case])
    low, high = mean_interval(sample, scale)
    assert low < sample.mean() < high < sample.max()
    reach = 2.3 * sample.std(ddof=1) / np.sqrt(len(sample))
    expected = scale.back(scale.forward(sample.mean()) + reach * scale.slope(sample.mean()))
    assert high <= expected  # Student's


@pytest.mark.parametrize("values", [[0.0] * 7, [0.1] * 7, [1e300] * 2, [0.1 + 0.2, 0.3, 0.3]])
def test_equal_values_have_no_interval(values: list[float]) -> None:
    assert np.isnan(mean_interval(np.array(values))).all()


def test_one_value_has_no_interval() -> None:
    assert np.isnan(mean_interval(np.ones(1))).all()
