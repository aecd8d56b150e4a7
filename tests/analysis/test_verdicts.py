"""What is said of two groups of runs: ties, few runs, other seeds, missing and wild values."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from runner.analysis.comparing import Group, Measure
from runner.analysis.statistics import mean_interval
from runner.analysis.verdict_sentences import sentence
from runner.analysis.verdicts import compare_groups
from tests.analysis.test_compare import HEADER, results, said, write_runs

STEPS = Measure("steps", higher_is_better=False, relative=True)
ACCURACY = Measure("accuracy", higher_is_better=True, relative=False)
TEN = range(10)


def group(name: str, values: Sequence[float], first: int = 0) -> Group:
    """A group with seeds from `first` on."""
    return Group((name,), np.array(values, float), np.arange(first, first + len(values)))


VERDICTS: dict[str, tuple[Measure, Group, Group, str]] = {
    "all equal": (STEPS, group("a", [100] * 10), group("b", [100] * 10), "equal in all 10 seeds"),
    "some equal": (
        STEPS,
        group("a", [100] * 10),
        group("b", [100] * 4 + [150] * 6),
        "a needs fewer steps than b: 22 % fewer [7, 34], 6 of 10 seeds, 4 equal (p = 0.012)",
    ),
    "one run each": (
        STEPS,
        group("a", [100]),
        group("b", [120]),
        "a cannot be tested against b with a single run in one of them: 16.7 % fewer",
    ),
    "two runs each": (
        ACCURACY,
        group("a", [0.5, 0.6]),
        group("b", [0.7, 0.9]),
        "b cannot be tested against a with 2 seeds: 25 points higher, 2 of 2 seeds",
    ),
    "fewer seeds of one": (
        ACCURACY,
        group("a", [0.5 + 0.01 * seed for seed in TEN]),
        group("b", [0.7 + 0.02 * seed for seed in range(7)]),
        "b has a higher accuracy than a: 23.0 points higher [21.0, 25.0], 7 of 7 seeds",
    ),
    "no common seed": (
        ACCURACY,
        group("a", [0.5 + 0.01 * seed for seed in TEN]),
        group("b", [0.7 + 0.01 * seed for seed in TEN], first=50),
        "20.0 points higher [17.1, 22.9], better in 100 % of pairings (p < 0.0001)",
    ),
    "a difference that is small beside its interval": (
        ACCURACY,
        group("a", [0.50, 0.60, 0.70]),
        group("b", [0.555, 0.55, 0.701]),
        "b is not shown to differ from a: 0.2 points higher [-13, 13], 2 of 3 seeds (p = 0.95)",
    ),
    "a spread of nothing": (
        STEPS,
        group("a", [100] * 10),
        group("b", [150] * 10),
        "a needs fewer steps than b: 33 % fewer [27, 39], 10 of 10 seeds (p < 0.0001)",
    ),
    "a large one, of five seeds": (
        ACCURACY,
        group("a", [0.10, 0.101, 0.102, 0.101, 0.1]),
        group("b", [0.97, 0.972, 0.974, 0.975, 0.973]),
        "b has a higher accuracy than a: 87.20 points higher [87.00, 87.40], 5 of 5 seeds",
    ),
    "a large one, of three other seeds each": (
        ACCURACY,
        group("a", [0.1, 0.101, 0.102]),
        group("b", [0.97, 0.972, 0.974], first=50),
        "b has a higher accuracy than a: 87.10 points higher [86.67, 87.53], better in 100 %",
    ),
    "chance not ruled out": (
        ACCURACY,
        group("a", [0.5, 0.5, 0.5, 0.5]),
        group("b", [0.56, 0.51, 0.58, 0.4998]),
        "b is not shown to differ from a: 4 points higher [-2, 10], 3 of 4 seeds (p = 0.15); if "
        "that is the true difference, about 11 seeds would likely show it",
    ),
    "three runs of each that differ by the least that they can": (
        ACCURACY,
        group("a", [0.5] * 3),
        group("b", [0.75] * 3),
        "b is not shown to differ from a: 25 points higher [-11, 61], 3 of 3 seeds (p = 0.095); if "
        "that is the true difference, about 5 seeds would likely show it",
    ),
    "most runs otherwise than their average": (
        ACCURACY,
        group("a", [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]),
        group("b", [0.95, 0.96, 0.95, 0.96, 0.899, 0.899, 0.899, 0.899, 0.899]),
        "b has a higher accuracy than a on average, though not in most seeds: 2.",
    ),
    "a mean turned around by one run": (
        STEPS,
        group("a", [10 + seed for seed in range(9)] + [9000]),
        group("b", [500 + seed for seed in TEN]),
        "a needs fewer steps than b: 9",
    ),
    "an average that one run turns around": (
        ACCURACY,
        group("a", [0.9 + 0.001 * seed for seed in range(19)] + [0.1]),
        group("b", [0.89 + 0.001 * seed for seed in range(20)]),
        "b is not shown to differ from a: 3 points higher [-5, 12], 1 of 20 seeds (p = 0.46)",
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_two_groups_are_told_apart_in_words(case: str) -> None:
    measure, a, b, words = VERDICTS[case]
    (verdict,) = compare_groups([a, b], measure)
    text = sentence(verdict, ["topology"], measure, ["seed"])
    assert words in text
    assert "nan" not in text


def test_one_wild_value_does_not_make_a_wild_interval() -> None:
    low, high = mean_interval(np.array([2.3, 2.301, 2.302, 2.299, 2.3, 2.3, 2.301, 2.3, 2.3, 9.1]))
    assert -10 < low < high < 10


def test_runs_without_a_finite_value_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [results(topology, seed, 100) for topology in ("a", "b") for seed in TEN]
    rows[0][HEADER.index("accuracy")] = float("nan")
    rows[1][HEADER.index("accuracy")] = float("inf")
    for row in rows[10:]:
        row[HEADER.index("status")] = "diverged"
    text = said(capsys, write_runs(tmp_path, rows), "--by", "topology", "--metric", "accuracy")
    assert "left out of a: 2 without a finite accuracy (of 10 runs)" in text
    assert "left out of b: 10 diverged (of 10 runs)" in text
    assert "accuracy by topology: 8 runs" in text
    assert "Differences" not in text
