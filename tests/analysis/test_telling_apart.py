"""Which columns tell runs apart, and that tables stay as narrow as the terminal."""

import re
import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest

from runner.analysis.comparing import default_metric, measure_of
from runner.analysis.number_texts import decimals_for, number_text
from runner.analysis.remarks import remarks
from runner.analysis.telling_apart import telling, worth_showing
from runner.analysis.terminal_tables import fitting, say, show

MIXED = pd.DataFrame(
    {
        "topology": ["3-4-1", "3-4-1", "64-10", "64-10"],
        "seed": [1, 2, 1, 2],
        "dtype": ["float64", "float64", "float32", "float32"],
        "dataset.name": ["xor", "xor", "digits", "digits"],
        "dataset.kind": ["table", "table", "digits", "digits"],
        "engine": "auto",
        "status": ["completed", "completed", "completed", "failed"],
        "steps": [10, 20, 30, 40],
        "seconds": [1.0, 1, 1, 1],
        "loss": [0.1, 0.2, 0.3, 0.4],
        "accuracy": [1, 1, 0.9, 0.8],
        "test_accuracy": [None, None, 0.7, 0.6],
        "path": ["a", "b", "c", "d"],
    }
)


NAMES = [str(name) for name in MIXED]


def test_settings_that_say_what_others_say_are_left_out() -> None:
    assert telling(MIXED) == ["dataset.name", "topology", "seed"]


def test_a_grid_is_told_apart_by_what_is_swept() -> None:
    grid = pd.DataFrame(
        product(["3-4-1", "3-8-1"], [1, 2], [0.1, 1.0], ["completed"]),
        columns=["topology", "seed", "optimizer.learning_rate", "status"],
    )
    assert telling(grid) == ["topology", "optimizer.learning_rate", "seed"]


def test_values_that_were_paired_are_both_shown() -> None:
    columns = ["topology", "optimizer.learning_rate", "status"]
    rows = [("3-4-1", 1.0, "completed"), ("3-8-1", 5.0, "completed")]
    pairs = pd.DataFrame(rows, columns=columns)
    assert telling(pairs) == ["topology", "optimizer.learning_rate"]


def test_a_single_run_is_told_by_what_people_look_at_first() -> None:
    assert telling(MIXED.iloc[:1]) == ["dataset.name", "topology"]


def test_results_are_those_that_differ_with_test_data_where_some_have_it() -> None:
    shown = worth_showing(MIXED, "loss")
    assert shown == ["status", "steps", "loss", "test_accuracy"]


@pytest.mark.parametrize(
    ("width", "kept"),
    [(8, ["seed"]), (15, ["topology", "seed"]), (200, NAMES)],
)
def test_the_least_important_columns_make_room(
    width: int, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    important = ["seed", "topology", *(name for name in NAMES if name not in ("seed", "topology"))]
    assert fitting(MIXED, 10, important) == kept


def test_a_table_in_a_file_keeps_its_width(capsys: pytest.CaptureFixture[str]) -> None:
    assert fitting(MIXED, 10, NAMES) == NAMES
    show(MIXED, 2)
    text = capsys.readouterr().out
    assert len(text.splitlines()[0].split()) == len(NAMES)
    assert "… 2 more rows" in text


NUMBERS: dict[str, tuple[list[float], list[str]]] = {
    "accuracies": ([0.947075208, 0.9721448, 0.96], ["0.9471", "0.9721", "0.9600"]),
    "very like each other": ([0.99990000027, 0.99990000029], ["0.99990000027", "0.99990000029"]),
    "steps": ([118747.25, 1195.5, 1000.0], ["118747", "1196", "1000"]),
    "fractions of 10,000": ([0.96, 0.9629, 0.9], ["0.9600", "0.9629", "0.9000"]),
    "rates": ([0.5, 0.25, 0.125], ["0.500", "0.250", "0.125"]),
    "settings": ([0.1, 0.001, 10_000.0, 50_000.0], ["0.1", "0.001", "10000", "50000"]),
    "of every size": ([1.2345678e-7, 0.5, 123.45678], ["1.235e-07", "0.5", "123.5"]),
    "seconds": ([0.0272555, 0.0067730], ["0.02726", "0.00677"]),
    "negative": ([-0.123456, 0.2], ["-0.1235", "0.2000"]),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_a_column_have_decimals_that_tell_them_apart(kind: str) -> None:
    numbers, texts = NUMBERS[kind]
    decimals = decimals_for(np.array(numbers))
    assert [number_text(number, decimals) for number in numbers] == texts


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_table_wider_than_the_terminal_stands_upright(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    columns = {f"test_measure_number_{i}": [i + row / 7 for row in range(9)] for i in range(12)}
    table = pd.DataFrame({"run": [f"job-{row}" for row in range(9)], "same": "here", **columns})
    show(table, 0)
    lines = re.sub("\x1b.*?m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0] == "The same in all 9: same=here"
    heads = [line.split()[1:] for line in lines if line.startswith("run")]
    assert [run for head in heads for run in head] == list(table["run"])
    found = [line.split()[1:] for line in lines if line.startswith("test_measure_number_3 ")]
    expected = [f"{value:.3f}" for value in table["test_measure_number_3"]]
    assert [text for texts in found for text in texts] == expected
    assert len(heads) == {40: 5, 80: 2, 120: 1}[width]


def test_sentences_are_broken_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    say("  3-8-1 needs fewer steps than 3-4-1: 41 % fewer [35, 47], 20 of 20 seeds")
    assert capsys.readouterr().out.splitlines() == [
        "  3-8-1 needs fewer steps than 3-4-1: 41",
        "    % fewer [35, 47], 20 of 20 seeds",
    ]


@pytest.mark.parametrize(
    ("test", "validation", "chosen"),
    [
        ([0.9, None, 0.8, None], [0.9, 0.9, 0.8, 0.8], "val_accuracy"),  # test data choose nothing
        ([0.9, None, 0.8, None], [0.9, 0.9, None, None], "test_accuracy"),  # of both groups some
        ([0.9, 0.9, None, None], [0.9, 0.9, 0.8, 0.8], "val_accuracy"),
        ([0.9, 0.9, None, None], [None] * 4, "accuracy"),
        ([None] * 4, [None] * 4, "accuracy"),
    ],
)
def test_groups_are_compared_by_what_most_of_them_have(
    test: list[float | None], validation: list[float | None], chosen: str
) -> None:
    runs = pd.DataFrame(
        {
            "dataset.name": ["digits", "digits", "xor", "xor"],
            "stopping.metric": "accuracy",
            "stop_reason": "max_epochs",
            "accuracy": [1, 1, 1, 1],
            "val_accuracy": pd.array(validation, "Float64"),
            "test_accuracy": pd.array(test, "Float64"),
        }
    )
    assert default_metric(runs, ["dataset.name"]) == chosen


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [([0.9, 0.9, 0.9], "steps"), ([0.9, 0.9, 0.99], "accuracy"), ([0.9, 0.9, None], "accuracy")],
)
def test_steps_are_compared_where_they_lead_to_one_target(
    targets: list[float | None], chosen: str
) -> None:
    runs = pd.DataFrame(
        {
            "stopping.metric": "accuracy",
            "stopping.target": pd.array(targets, "Float64"),
            "stop_reason": ["target", "target", "max_steps"],
            "steps": [10, 20, 30],
            "accuracy": [0.9, 0.9, 0.9],
        }
    )
    assert default_metric(runs) == chosen
    told = remarks(runs, measure_of(runs, "steps", None))
    aimed = sum(target is not None for target in targets) - 2
    assert ("1 run stopped before the target: more would have been needed" in told) == bool(aimed)
    unlike = "to reach different targets (stopping.target: 0.9, "
    assert (unlike in str(told)) == (0.99 in targets)
    lacking = "1 of 3 runs had no target: of these steps tell when they stopped"
    assert (lacking in told) == (None in targets)


def test_steps_are_compared_of_tables_that_name_no_target() -> None:
    runs = pd.DataFrame({"stop_reason": ["target"] * 3, "steps": [1, 2, 3]})
    assert default_metric(runs) == "steps"
    assert remarks(runs, measure_of(runs, "steps", None)) == []
