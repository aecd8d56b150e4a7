import csv
import io
from pathlib import Path

import numpy as np
import pytest

from runner.data.dataset import Dataset, Part
from runner.run_folder.tables import (
    all_names,
    columns_of,
    configuration_columns,
    csv_bytes,
    merge_rows,
    predictions_table,
    read_row,
    write_results,
)


def test_columns_are_named_as_on_the_command_line() -> None:
    config = {
        "topology": "3-4-1",
        "batch_size": None,
        "dataset": {"name": "x", "rows": [[[0], [1]]], "target": ["a", "b"]},
        "network": {"bias": True, "dropout": {"rate": 0.1}},
        "published": {"source": "left out"},
    }
    assert configuration_columns(config) == {
        "topology": "3-4-1",
        "batch_size": None,
        "dataset.name": "x",
        "dataset.target": '["a", "b"]',
        "network.bias": True,
        "network.dropout.rate": 0.1,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "+1"),
        ("-1", "-1"),
        ("-1-1", "'-1-1"),
        ("+A1", "'+A1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "\\t=1"),
        ("\r=1\n", "\\r=1\\n"),
        ("3-4-1", "3-4-1"),
        ("plain, text", "plain, text"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (1 / 3, "0.3333333333333333"),
        (True, "true"),
        (None, ""),
        (float("nan"), "nan"),
    ],
)
def test_a_cell_is_exact_and_nothing_that_a_spreadsheet_runs(
    value: object, expected: str, tmp_path: Path
) -> None:
    write_results(tmp_path, {"value": value, "other": 1})
    assert read_row(tmp_path / "results.csv") == {"value": expected, "other": "1"}


def test_a_column_name_that_a_spreadsheet_runs_is_defused() -> None:
    assert csv_bytes(["=1+1"], []) == b"'=1+1\n"


def test_predictions_are_a_row_a_sample(tmp_path: Path) -> None:
    train = Part(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0], [1.0]]))
    dataset = Dataset(train, (2,), ("a", "b"), ("y",))
    (tmp_path / "predictions.csv").write_bytes(
        predictions_table(dataset, {"train": np.array([[0.25], [1 / 3]])})
    )
    with open(tmp_path / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"input_a": "1.0", "input_b": "2.0", "target_y": "0.0", "output_y": "0.25"},
        {"input_a": "3.0", "input_b": "4.0", "target_y": "1.0", "output_y": "0.3333333333333333"},
    ]


def test_merged_rows_have_every_column_of_any() -> None:
    merged = merge_rows([{"job": "0", "loss": "1"}, {"job": "1", "error": "x,y"}])
    rows = list(csv.DictReader(io.StringIO(merged.decode())))
    assert rows == [
        {"job": "0", "loss": "1", "error": ""},
        {"job": "1", "loss": "", "error": "x,y"},
    ]


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b\n1,2\n3,4\n"])
def test_a_results_file_without_exactly_one_row_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text(content)
    with pytest.raises(ValueError, match="expected 1"):
        read_row(tmp_path / "results.csv")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("1,a,x\n2,b,y\n", [("1", "x"), ("2", "y")]),
        ('1,a,x\n2,"b,\n",y\n3,c,z\n', [("1", "x"), ("2", "y"), ("3", "z")]),
        ("1,a,x\n2,b\n", None),
        ("1,a,x\n\n", None),
        ('1,"a",x\n2,b\n', None),
    ],
)
def test_columns_are_read_row_by_row_and_a_line_that_is_no_row_is_told(
    lines: str, found: list[tuple[str, str]] | None, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(f"job,name,status\n{lines}")
    rows = columns_of(tmp_path / "t.csv", ("job", "status"))
    if found is None:
        with pytest.raises(ValueError, match="not have the 3 cells"):
            list(rows)
    else:
        assert list(rows) == found


def test_settings_of_later_jobs_come_before_results() -> None:
    first = ("job", "optimizer.name", "status", "loss")
    later = ("job", "optimizer.name", "optimizer.momentum", "status", "loss", "val_loss")
    growing = (*first, "optimizer.momentum", "val_loss")
    expected = ("job", "optimizer.name", "optimizer.momentum", "status", "loss", "val_loss")
    assert all_names([first, later]) == expected
    assert all_names([growing]) == expected
    rows = [dict.fromkeys(names, "1") for names in (first, later)]
    assert merge_rows(rows).decode().splitlines()[0] == ",".join(expected)
