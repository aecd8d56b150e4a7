"""Differences of groups: against scipy, by hand, and on simulated data against what they promise.

`python -m pytest -m release tests/analysis` makes 2,000 simulations of each; the suite fewer.
"""

import numpy as np
import pytest
from scipy import stats

from runner.analysis.comparing import Group, Measure
from runner.analysis.differences import (
    LEAST_RUNS,
    Difference,
    least_step,
    needed_runs,
    paired_difference,
    power,
    unpaired_difference,
)
from runner.analysis.verdict_sentences import sentence, verdict_table
from runner.analysis.verdict_sentences import test_of as how_tested
from runner.analysis.verdicts import LEVEL, compare_groups, stepwise, summary
from runner.network.arrays import Array
from tests.analysis.false_alarms import (
    ALIKE,
    DIFFERING,
    METRICS,
    RUNS,
    UNLIKE,
    best_lost,
    simulated,
)

ACCURACY = Measure("accuracy", higher_is_better=True, relative=False, fraction=True)


def samples(n: int, seed: int = 3) -> tuple[Array, Array]:
    a, b = np.random.default_rng(seed).normal(0, 1, (2, n))
    return a, b


@pytest.mark.parametrize("n", [3, 12, 1000])
def test_pairs_have_students_t_and_others_welchs(n: int) -> None:
    a, b = samples(n)
    tests = (
        (paired_difference(a, b), stats.ttest_rel(a, b)),
        (unpaired_difference(a, b[1:] if n > LEAST_RUNS else b), None),
    )
    welch = stats.ttest_ind(a, b[1:] if n > LEAST_RUNS else b, equal_var=False)
    for found, expected in ((tests[0][0], tests[0][1]), (tests[1][0], welch)):
        assert found.p == pytest.approx(expected.pvalue)
        np.testing.assert_allclose(found.interval(0.01), expected.confidence_interval(0.99))
    assert tests[0][0].higher == (a > b).mean()


def test_shares_of_pairings_count_ties_as_halves() -> None:
    found = unpaired_difference(np.array([1.0, 2, 2]), np.array([2.0, 0, 3, 3]))
    pairings = np.array([1.0, 2, 2])[:, None] - np.array([2.0, 0, 3, 3])
    assert found.equal == pytest.approx((pairings == 0).mean())
    assert found.higher == pytest.approx((pairings > 0).mean() + found.equal / 2)


def test_differences_of_rounding_are_none() -> None:
    a, b = np.array([0.1 + 0.2, 0.7, 1.0]), np.array([0.3, 0.7, 1.0])
    for difference in (paired_difference(a, b), unpaired_difference(a, b)):
        assert (difference.effect, difference.p) == (0, 1)
    assert paired_difference(a, b).equal == 1
    assert least_step(np.array([0.1 + 0.2, 0.3])) == 0
    assert least_step(np.array([0.1 + 0.2, 0.3, 0.5, 0.9])) == pytest.approx(0.2)


def test_equal_differences_are_as_sure_as_one_run_a_step_away() -> None:
    for difference in (paired_difference, unpaired_difference):
        found = difference(np.full(4, 0.75), np.full(4, 0.5), 0.25)
        assert found.error == 0.25 / 4
        assert found.p == pytest.approx(2 * stats.t.sf(4, 3))


def test_fewer_than_three_runs_are_not_tested() -> None:
    two, many = np.array([0.9, 0.8]), np.array([0.1, 0.2, 0.3, 0.4])
    for difference in (paired_difference(two, many[:2]), unpaired_difference(two, many)):
        assert np.isnan([difference.p, *difference.interval(LEVEL)]).all()
        assert needed_runs(difference, LEVEL, paired=True) is None


def test_holms_correction_is_that_of_his_paper() -> None:
    # Four tests; worked by hand: 4 * 0.005, 3 * 0.01, 2 * 0.03 and not less than the one before.
    together, levels = stepwise([0.01, 0.04, 0.03, 0.005], by_looking=False)
    assert together == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert levels == pytest.approx([LEVEL / 3, LEVEL / 2, LEVEL / 2, LEVEL / 4])
    assert stepwise([0.9, 0.8], by_looking=False)[0] == [1, 1]
    assert stepwise([], by_looking=False) == ([], [])


def test_the_best_by_looking_counts_all_pairs_of_those_that_are_left() -> None:
    # Four groups: six pairs; three groups: three; then one. What was not tested stays untold.
    together, levels = stepwise([0.01, 0.001, np.nan, 0.04], by_looking=True)
    assert together == pytest.approx([0.03, 0.006, np.nan, 0.04], nan_ok=True)
    assert levels == pytest.approx([LEVEL / 3, LEVEL / 6, np.nan, LEVEL], nan_ok=True)


@pytest.mark.parametrize("runs", [5, 20, 100])
def test_power_is_that_of_the_noncentral_t(runs: int) -> None:
    away = Difference(0.5, 1.0, 4, 3, 0.5, 0.0, 0.9, 0.0)
    critical = stats.t.isf(0.005, runs - 1)
    expected = stats.nct.sf(critical, runs - 1, 0.5 * runs**0.5)
    assert power(away, runs, 0.01, paired=True) == pytest.approx(expected, abs=0.005)


def test_so_many_runs_as_are_needed_show_a_difference_in_four_of_five_cases() -> None:
    away = Difference(0.5, 1.0, 4, 3, 0.5, 0.0, 0.9, 0.0)
    assert needed_runs(away, LEVEL, paired=True) == 34  # as tables of power say: d = 0.5, 80 %
    assert needed_runs(away._replace(spread=2**0.5), LEVEL, paired=False) == 64
    assert needed_runs(away._replace(effect=0.01), LEVEL, paired=True) == 1001


@pytest.mark.parametrize("paired", [True, False])
def test_an_interval_holds_0_just_where_no_difference_is_shown(paired: bool) -> None:
    generator = np.random.default_rng(5)
    shown = []
    for _ in range(100):
        groups = [
            Group((at,), 0.9 - generator.random() * generator.random(4) / 5, np.arange(4) + start)
            for at in range(5)
            for start in [0 if paired else 4 * at]
        ]
        verdicts = compare_groups(groups, ACCURACY, groups[0] if generator.random() < 0.5 else None)
        for verdict in verdicts:
            low, high = verdict.interval
            assert verdict.shown == (low > 0 or high < 0)
            assert low <= verdict.difference.effect <= high
            shown.append(verdict.shown)
        table = verdict_table(verdicts, ["topology"], ACCURACY, ["seed"])
        assert (table["shown"] == (table["low"] > 0)).all()
        assert table["needed"].isna().tolist() == table["shown"].tolist()
    assert 0.02 < np.mean(shown) < 0.98


def test_a_few_lucky_runs_are_not_the_best_group() -> None:
    few = Group(("few",), np.array([0.99]), np.arange(1))
    groups = [
        few,
        *(Group((at,), 0.5 + 0.1 * at + np.arange(3) / 99, np.arange(3)) for at in (1, 2)),
    ]
    verdicts = compare_groups(groups, ACCURACY)
    assert [verdict.too_few for verdict in verdicts] == [True, False]
    assert verdicts[0].better is few
    assert verdicts[1].shown


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("metric", METRICS)
def test_chance_is_rarely_called_a_difference(metric: str, paired: bool) -> None:
    found = simulated(metric, 5, ALIKE, paired=paired, simulations=200)
    # 5 % of 200 are 10 +- 3.1: within three deviations.
    assert found.alarms <= 0.095


def test_a_group_far_below_the_best_loses_its_mark_before_its_difference_is_shown() -> None:
    far = Group(("far",), np.array([0.55, 0.82, 0.75, 0.62, 0.62]), np.arange(5))
    generator = np.random.default_rng(1)
    near = [Group((at,), generator.normal(0.97, 0.003, 5), np.arange(5)) for at in range(8)]
    verdicts = compare_groups([far, *near], ACCURACY)
    table = summary([far, *near], ["topology"], verdicts, ACCURACY)
    (verdict,) = (each for each in verdicts if each.worse is far)
    assert not verdict.shown
    assert table["best"].iloc[0] == "not best"
    told = sentence(verdict, ["topology"], ACCURACY, ["seed"])
    assert "is not shown to differ from far, though far is shown not to be best: " in told
    assert "asked to one side only" in how_tested(verdicts, ["seed"], by_looking=True)


@pytest.mark.release
@pytest.mark.parametrize("n", RUNS)
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("metric", METRICS)
def test_chance_is_called_a_difference_in_5_percent_at_most(
    metric: str, paired: bool, n: int
) -> None:
    # 5 % of 2,000 are 100 +- 9.7: within two deviations.
    assert simulated(metric, n, ALIKE, paired=paired).alarms <= 0.06
    assert simulated(metric, n, ALIKE[:2], paired=paired).alarms <= 0.06
    differing = simulated(metric, n, DIFFERING, paired=paired)
    assert differing.alarms <= 0.06
    assert differing.coverage >= 0.95
    assert best_lost(metric, n, paired=paired, simulations=500) <= 0.07
    # Of one skewed group that varies three times as much as the other, fewer: docs/comparing.md.
    assert simulated(metric, n, UNLIKE, paired=paired).coverage >= 0.85
