"""The presets that carry published numbers still give every one of them."""

from pathlib import Path

import pytest

from runner.configuration.composing import compose
from runner.reproduce import Comparison, compare_exactly, main, preset_names
from runner.settings import parse_settings
from tests.problems import ENGINE_NAMES

SLOW = {("numpy", "sample_run")}  # 1.2 million steps

CASES = [
    pytest.param(engine, name, marks=pytest.mark.slow if (engine, name) in SLOW else ())
    for engine in ENGINE_NAMES
    for name in preset_names(exact=True)
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
    expected = {"eleven_lines", "eleven_lines_xor", "learning_rates", "sample_run"}
    assert expected <= set(preset_names())


@pytest.mark.parametrize("name", preset_names(exact=False))
def test_a_statistical_preset_composes_and_names_its_source(name: str) -> None:
    config = compose([f"experiment={name}"])
    parse_settings(config)
    assert config["published"]["source"]
    assert all("best" in case or "final" in case for case in config["published"]["cases"])


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
        ("0.95", 0.96, "at least", True),
        ("0.95", 0.94, "at least", False),
        ("0.95", float("nan"), "at least", False),
    ],
)
def test_a_number_agrees_in_every_printed_digit_or_within_a_share(
    published: str, ours: float, tolerance: str | float, agrees: bool
) -> None:
    assert Comparison("what", published, ours, tolerance).agrees is agrees


def test_the_command_prints_a_verdict_for_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eleven_lines"]) == 0
    shown = capsys.readouterr().out
    assert "eleven_lines" in shown
    assert "PASS" in shown
