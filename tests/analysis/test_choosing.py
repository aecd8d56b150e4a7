"""Which columns tell runs apart, and that tables stay as narrow as the terminal."""

import sys
from itertools import product

import pandas as pd
import pytest

from runner.analysis.choosing import telling, worth_showing
from runner.analysis.terminal import fitting, show

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
