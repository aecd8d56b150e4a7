"""Intervals and tests on simulated data, against scipy and against what they promise.

`python -m pytest -m release tests/analysis` makes 2,000 simulations of each; the suite fewer.
"""

from collections.abc import Callable
from math import exp

import numpy as np
import pytest
from scipy import stats

from runner.analysis.comparing import Group, Measure, compare_groups
from runner.analysis.statistics import (
    ANY,
    FRACTION,
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


ALIKE = DISTRIBUTIONS | NEAR_ONE
ALIKE["near 1, of 100 samples"] = (lambda g, n: g.binomial(100, 1 - g.beta(2, 98, n)) / 100, 0.98)


def false_alarms(name: str, n: int, *, paired: bool, other: bool, simulations: int) -> float:
    """How often one of four groups that are alike is said to be worse.

    other: whether a fifth group is far worse than they, which hides nothing of it.
    """
    generator, (draw, _) = np.random.default_rng(1), ALIKE[name]
    measure = Measure("loss", higher_is_better=False, relative=False)
    wrong = 0
    for _ in range(simulations):
        seeds = draw(generator, n)  # what runs of the same seed have in common
        groups = []
        for number in range(4 + other):
            values = draw(generator, n) + (seeds if paired else 0) + 100 * (number == 4)
            groups.append(Group((number,), values, np.arange(n) + (0 if paired else n * number)))
        verdicts = compare_groups(groups, measure)
        assert all((verdict.pairs == n) == paired for verdict in verdicts)
        wrong += any(verdict.real and groups[-1] is not verdict.worse for verdict in verdicts[:3])
    return wrong / simulations


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_chance_is_rarely_called_a_difference(
    n: int, paired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_intervals(monkeypatch)
    name = "near 1, of 100 samples"
    assert false_alarms(name, n, paired=paired, other=False, simulations=60) <= 0.15


@pytest.mark.release
@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [3, 5, 10, 20])
@pytest.mark.parametrize("name", ALIKE)
def test_chance_is_called_a_difference_in_5_percent_at_most(
    name: str, n: int, paired: bool, other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_intervals(monkeypatch)
    # 2,000 simulations of 5 % are 100 ± 10.
    assert false_alarms(name, n, paired=paired, other=other, simulations=MANY) <= 0.0645


def without_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares bootstrapping what is not looked at."""
    monkeypatch.setattr("runner.analysis.statistics.SKEWED", np.inf)


def test_true_differences_are_found() -> None:
    generator = np.random.default_rng(1)
    seeds = generator.normal(0, 1, 10)
    a, b = seeds + generator.normal(0, 0.1, 10), seeds + generator.normal(1, 0.1, 10)
    for ranks in (True, False):
        assert paired_difference(a, b, ranks=ranks).p < 0.01
        assert unpaired_difference(a, b + 2, ranks=ranks).p < 0.01


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
    assert 0.969 < low < np.mean(TIES) < high < 0.979


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


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300])
def test_equal_values_have_an_interval_without_width(value: float) -> None:
    low, high = mean_interval(np.full(7, value))
    assert low == high == pytest.approx(value)


def test_one_value_has_no_interval() -> None:
    assert np.isnan(mean_interval(np.ones(1))).all()


def test_few_are_tested_by_students_and_welchs_t() -> None:
    a, b = np.array([0.91, 0.95, 0.94, 0.9]), np.array([0.9, 0.93, 0.91, 0.88])
    paired = paired_difference(a, b, ranks=False)
    unpaired = unpaired_difference(a, b, ranks=False)
    assert paired.p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert unpaired.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert paired_difference(a[:2], b[:2], ranks=False).p == 1


def test_few_differences_that_are_all_the_same_are_taken_for_rounded() -> None:
    a = np.array([0.5, 0.6, 0.7])
    three = paired_difference(a, a - 0.1, ranks=False).p
    assert three == pytest.approx(2 * stats.t.sf(2 * 3**0.5, 2))
    a = np.linspace(0.5, 0.9, 5)
    five = paired_difference(a, a - 0.1, ranks=False).p
    assert five == pytest.approx(2 * stats.t.sf(2 * 5**0.5, 4))
    assert three > 0.05 > five


def test_so_many_pairs_as_are_said_to_be_needed_find_a_difference_in_four_of_five() -> None:
    generator = np.random.default_rng(1)
    sample = Difference(0.5, Interval(0, 1), 0.3, 0.7, 0.0, 1.0)
    n = needed_pairs(sample, 0.05)
    assert n == 34  # Cohen 1988, table 2.4.1, d = 0.5 of one sample
    away = generator.normal(0.5, 1, (2000, n))
    assert (stats.ttest_1samp(away, 0, axis=1).pvalue < 0.05).mean() == pytest.approx(0.8, abs=0.03)
    assert needed_pairs(sample._replace(effect=1e-3), 0.05) is None


def test_pairs_are_tested_by_signed_ranks_and_others_by_rank_sums() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.normal(0, 1, (2, 12))
    paired, unpaired = (each(a, b, ranks=True) for each in (paired_difference, unpaired_difference))
    assert paired.p == stats.wilcoxon(a, b).pvalue
    assert unpaired.p == stats.mannwhitneyu(a, b).pvalue
    assert paired.effect == pytest.approx(unpaired.effect) == a.mean() - b.mean()
    assert paired.higher == (a > b).mean()
    assert unpaired.higher == pytest.approx((a[:, None] > b).mean())
    welch = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose(unpaired.interval, welch)


def test_differences_of_rounding_are_none() -> None:
    a = np.array([0.1 + 0.2, 0.7, 1.0])
    difference = paired_difference(a, np.array([0.3, 0.7, 1.0]), ranks=False)
    assert (difference.effect, difference.p, difference.higher) == (0, 1, 0.5)


def test_holms_correction_is_that_of_his_paper() -> None:
    # Four tests; worked by hand: 4 * 0.005, 3 * 0.01, 2 * 0.03 and not less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005], 4) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8], 2) == [1, 1]
    assert holm([], 0) == []


def test_holms_correction_of_some_of_many_is_no_less_than_that_of_all() -> None:
    generator = np.random.default_rng(1)
    for _ in range(100):
        p = (generator.random(15) ** 3).tolist()
        of_all, of_some = holm(p, 15)[:4], holm(p[:4], 15)
        assert all(some >= each for some, each in zip(of_some, of_all, strict=True))


def test_a_sample_of_equal_values_has_a_difference_from_others_without_a_warning() -> None:
    found = unpaired_difference(np.array([0.9, 0.9, 0.9]), np.array([0.8, 0.85, 0.7]), ranks=False)
    assert found.effect == pytest.approx(0.35 / 3)
    assert found.interval.low < found.effect < found.interval.high
