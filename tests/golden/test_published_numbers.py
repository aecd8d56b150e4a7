"""The presets that carry published numbers still give every one of them."""

import os
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from runner.configuration.composing import compose
from runner.experiment.published_numbers import NUMBERS, binary_number, run_case, sign_changes
from runner.experiment.reproducing import (
    ComparedCase,
    PublishedNumber,
    compare_exactly,
    compare_preset,
    compare_seeds,
    preset_names,
    table_row,
)
from runner.reproduce import main
from runner.run_folder.history import history_column
from runner.run_folder.tables import read_row
from runner.settings import parse_settings
from tests.problems import ENGINE_NAMES

MARKS = {
    ("compiled", "learning_rates"): pytest.mark.slow,
    ("numpy", "sample_run"): pytest.mark.release,  # the same digits, half a minute each
    ("numpy", "learning_rates"): pytest.mark.release,
    ("numpy", "learning_rates_32"): pytest.mark.release,
}

CASES = [
    pytest.param(engine, name, marks=MARKS.get((engine, name), ()))
    for engine in ENGINE_NAMES
    for name in preset_names(fetched=False)
]


@pytest.mark.parametrize(("engine", "name"), CASES)
def test_a_preset_gives_its_published_numbers(engine: str, name: str, tmp_path: Path) -> None:
    cases = compose([f"experiment={name}"])["published"]["cases"]
    assert cases
    for number, case in enumerate(cases):
        overrides = [f"experiment={name}", f"engine={engine}", *case.get("overrides", [])]
        comparisons = compare_exactly(overrides, case, tmp_path / str(number))
        assert comparisons
        assert [comparison for comparison in comparisons if not comparison.agrees] == []


def test_the_published_presets_are_found() -> None:
    assert {"eleven_lines", "learning_rates", "sample_run"} <= set(preset_names(fetched=False))
    assert {"grokking_by_heart", "nielsen_depth"} <= set(preset_names(fetched=True))
    assert sorted(preset_names(fetched=True) + preset_names(fetched=False)) == preset_names()


@pytest.mark.parametrize("name", preset_names(fetched=True))
def test_a_preset_on_data_that_are_fetched_composes_and_names_its_source(name: str) -> None:
    config = compose([f"experiment={name}"])
    parse_settings(config)
    assert config["published"]["source"]
    for case in config["published"]["cases"]:
        if "seeds" in case:
            assert ("best" in case) != ("final" in case)
            assert ("published" in case) != ("goal" in case)
        else:
            assert set(case) - {"tolerance", "overrides"} <= set(NUMBERS)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_thousand_digits_are_learnt_by_heart_as_in_the_book(engine: str, tmp_path: Path) -> None:
    root = Path(os.environ.get("RUNNER_DATA", "data")) / "mnist"
    if not root.is_dir():
        pytest.skip("no folder mnist; RUNNER_DATA names the folder that has it")
    overrides = [f"dataset.root={root}", f"engine={engine}"]
    [case] = compare_preset("grokking_by_heart", tmp_path, overrides)
    assert len(case.numbers) == 144
    assert [number for number in case.numbers if not number.agrees] == []


@pytest.mark.parametrize(
    ("published", "ours", "tolerance", "agrees"),
    [
        ("0.4964", 0.49644, "digits", True),
        ("0.4964", 0.49646, "digits", False),
        (".5", 0.5499, "digits", True),
        ("-3.6e-03", -0.00364, "digits", True),
        ("-3.6e-03", -0.00366, "digits", False),
        ("1187471", 1187471.0, "digits", True),
        ("1187471", 1187472.0, "digits", False),
        ("0.125", 0.1251, 1e-2, True),
        ("0.125", 0.1251, 1e-4, False),
        ("0.312", 0.31299, "cut", True),
        ("0.312", 0.31199, "cut", False),
        ("0.312", 0.313, "cut", False),
        ("0.95", 0.96, "at least", True),
        ("0.95", 0.94, "at least", False),
        ("0.95", float("nan"), "at least", False),
    ],
)
def test_a_number_agrees_in_every_printed_digit_or_within_a_share(
    published: str, ours: float, tolerance: str | float, agrees: bool
) -> None:
    assert PublishedNumber("what", published, ours, tolerance).agrees is agrees


SHORT = ["dataset=moons", "dataset.samples=60", "stopping.max_epochs=1"]


@pytest.mark.parametrize(
    ("case", "named"),
    [
        ({"final": "test_accuracy"}, "mean of 3 seeds, final test_accuracy"),
        ({"final": "loss", "statistic": "median"}, "median of 3 seeds, final loss"),
        ({"final": "loss", "statistic": "best"}, "best of 3 seeds, final loss"),
        ({"best": "accuracy", "statistic": "best"}, "best of 3 seeds, best accuracy"),
    ],
)
def test_a_statistical_row_says_what_it_makes_of_its_seeds(
    case: dict[str, str], named: str, tmp_path: Path
) -> None:
    bar = {"seeds": 3, "published": "0.5", "tolerance": "at least"}
    [comparison] = compare_seeds(SHORT, {**case, **bar}, tmp_path)
    assert comparison.what == named
    metric = case.get("final") or case["best"]
    seeds = sorted(float(read_row(run / "results.csv")[metric]) for run in tmp_path.iterdir())
    assert seeds[0] < seeds[-1]
    expected = {"mean": fmean(seeds), "median": seeds[1], "best": seeds[-1]}
    if metric == "loss":
        expected["best"] = seeds[0]
    assert comparison.ours == pytest.approx(expected[case.get("statistic", "mean")])


def test_a_goal_of_ours_is_not_called_published(tmp_path: Path) -> None:
    case = {"seeds": 1, "final": "accuracy", "goal": "2", "tolerance": "at least"}
    row = table_row("moons", ComparedCase("", compare_seeds(SHORT, case, tmp_path), 0.0))
    assert "mean of 1 seeds, final accuracy, goal 2" in row
    assert "FAIL: mean of 1 seeds, final accuracy, goal" in row


def test_cases_of_the_same_runs_train_once(tmp_path: Path) -> None:
    bar = {"seeds": 2, "final": "accuracy", "tolerance": "at least"}
    first = compare_seeds(SHORT, {**bar, "published": "0.1"}, tmp_path)
    written = {run: (run / "run.json").stat().st_mtime_ns for run in tmp_path.iterdir()}
    again = compare_seeds(SHORT, {**bar, "goal": "0.1"}, tmp_path)
    assert written == {run: (run / "run.json").stat().st_mtime_ns for run in tmp_path.iterdir()}
    assert again[0].ours == first[0].ours


def test_cases_of_other_overrides_train_apart(tmp_path: Path) -> None:
    cases = list(compare_preset("learning_rates_32", tmp_path))
    assert len(cases) == 7
    assert len({case.numbers[-1].ours for case in cases[:6]}) == 6


def test_kinds_of_numbers_have_tolerances_of_their_own_and_null_is_not_compared(
    tmp_path: Path,
) -> None:
    case = {
        "tolerance": {"mae": 1e-3, "final_weights": "digits"},
        "mae": {"2": "1"},
        "final_weights": ["9", *[None] * 15],
    }
    found = compare_exactly(["stopping=steps", "stopping.max_steps=2"], case, tmp_path / "run")
    tolerances = [(comparison.what, comparison.tolerance) for comparison in found]
    assert tolerances == [("final_weights 1", "digits"), ("mae 2", 1e-3)]


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_sign_changes_of_all_steps_are_those_that_layer_statistics_saw_step_by_step(
    engine: str, tmp_path: Path
) -> None:
    overrides = ["experiment=learning_rates", "optimizer.learning_rate=10", f"engine={engine}"]
    looking = ["recording.history=1", "recording.layer_statistics=true"]
    first, whole = (
        sign_changes(run_case([*overrides, *looking, f"stopping.max_steps={steps}"], {}, folder))
        for steps, folder in ((2, tmp_path / "first"), (61, tmp_path / "whole"))
    )
    # A row's are of the step that follows it: the first row's of the second and the third.
    counted = whole - first
    assert counted.sum() > 100
    for layer, weights in (("L1", slice(0, 12)), ("L2", slice(12, 16))):
        shares = history_column(tmp_path / "whole", f"{layer}.sign_changes")
        assert list(shares) == list(range(1, 62))
        seen = (sum(shares.values()) - shares[60] - shares[61]) * (weights.stop - weights.start)
        assert counted[weights].sum() == pytest.approx(seen)


def test_a_sequence_of_bits_is_a_number() -> None:
    assert binary_number(np.array([[0.9, 0.2, 0.6, 0.4]]), np.zeros((1, 4))) == 5


def test_the_command_prints_a_verdict_for_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eleven_lines"]) == 0
    shown = capsys.readouterr().out
    assert "eleven_lines" in shown
    assert "PASS" in shown
