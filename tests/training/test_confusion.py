import csv
from pathlib import Path

import numpy as np
import pytest

from runner.experiment.running import QUIETLY, run_experiment
from runner.network.arrays import Array
from runner.network.labels import labels
from runner.run_folder.tables import class_tables, read_row
from runner.training.confusion import Confusion
from tests.end_to_end.commands import composed

COUNTS = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
"""Nothing is of the third class, and nothing is taken for it."""


def table(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("samples", [4, 2, 0]),
        ("precision", [1, 2 / 3, np.nan]),
        ("recall", [3 / 4, 1, np.nan]),
        ("f1", [6 / 7, 4 / 5, np.nan]),
    ],
)
def test_precision_and_recall_come_from_the_counts(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(getattr(Confusion(COUNTS), name), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [([[0.4], [0.5], [0.6]], [0, 0, 1]), ([[0.1, 0.2], [3, 2]], [1, 0])],
)
def test_a_class_is_the_highest_output_or_beyond_the_threshold(
    outputs: list[list[float]], expected: list[int]
) -> None:
    assert labels(np.array(outputs)).tolist() == expected


def test_names_that_a_spreadsheet_would_run_are_defused(tmp_path: Path) -> None:
    for name, content in class_tables(("=1+1", "b\u202e", "c"), "test", Confusion(COUNTS)).items():
        (tmp_path / name).write_bytes(content)
    names = ["'=1+1", "b\\u202e", "c"]
    assert table(tmp_path / "confusion.csv")[0] == ["part", "class", *names]
    assert [row[1] for row in table(tmp_path / "classes.csv")[1:]] == names
    assert table(tmp_path / "classes.csv")[-1] == ["test", "c", "0", "", "", ""]


def counts_of(folder: Path) -> tuple[str, Array]:
    rows = table(folder / "confusion.csv")
    return rows[1][0], np.array([[int(cell) for cell in row[2:]] for row in rows[1:]])


@pytest.mark.parametrize(
    ("overrides", "part", "samples"),
    [
        (["dataset.test=0.2"], "test", 60),
        (["dataset.test=0.1", "dataset.validation=0.3"], "test", 30),
        (["dataset.test=null", "dataset.validation=0.2"], "validation", 60),
        (["dataset.test=null"], "train", 300),
        (["dataset.test=null", "topology=2-8-1", "loss=binary_cross_entropy"], "train", 300),
    ],
)
def test_the_confusion_is_that_of_the_part_furthest_from_training(
    overrides: list[str], part: str, samples: int, tmp_path: Path
) -> None:
    small = ["dataset=moons", "dataset.samples=300", "stopping.max_epochs=3"]
    run_experiment(composed(*small, *overrides), tmp_path, {}, QUIETLY)
    found, counts = counts_of(tmp_path)
    assert (found, counts.sum()) == (part, samples)
    prefix = {"train": None, "validation": "val_", "test": "test_"}[part]
    if prefix is not None:
        accuracy = float(read_row(tmp_path / "results.csv")[f"{prefix}accuracy"])
        assert counts.diagonal().sum() / samples == pytest.approx(accuracy, rel=1e-12)


@pytest.mark.parametrize("overrides", [["dataset=xor"], ["dataset=sine"]])
def test_where_there_are_no_named_classes_there_is_no_confusion(
    overrides: list[str], tmp_path: Path
) -> None:
    run_experiment(composed(*overrides, "stopping.max_epochs=2"), tmp_path, {}, QUIETLY)
    assert not list(tmp_path.glob("c*.csv"))
