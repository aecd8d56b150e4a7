from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.data.dataset import Dataset
from runner.data.preparing import prepare
from runner.data.sample_weights import class_weights, training_weights
from runner.data.splits import Split
from runner.errors import DataError, SettingsError
from tests.data.small_files import load_csv

ROWS = "x,w,y\n1,2,a\n2,0,b\n3,0.5,b\n4,1,b\n"


def load(folder: Path, content: str = ROWS, split: Split | None = None, **options: Any) -> Dataset:
    path = folder / "data.csv"
    path.write_text(content)
    return prepare(load_csv(str(path), ("y",), **options), split or Split())


BY_CLASS = {
    # class_weight, each sample's weight
    "balanced": ("balanced", [4 / 2, 4 / 6, 4 / 6, 4 / 6]),  # n / (classes * n of the class)
    "named": ({"a": 3, "b": 0.5}, [3, 0.5, 0.5, 0.5]),
    "one named": ({"b": 2}, [1, 2, 2, 2]),
}


@pytest.mark.parametrize("case", BY_CLASS)
def test_samples_count_by_their_class(case: str, tmp_path: Path) -> None:
    value, expected = BY_CLASS[case]
    weights = training_weights(load(tmp_path), class_weights("dataset.class_weight", value))
    assert weights is not None
    assert weights == pytest.approx(expected)


def test_a_column_says_how_much_each_row_counts_and_is_no_input(tmp_path: Path) -> None:
    dataset = load(tmp_path, weight="w")
    assert dataset.input_names == ("x",)
    assert training_weights(dataset, None) == pytest.approx([2, 0, 0.5, 1])
    both = training_weights(dataset, (("b", 10.0),))
    assert both == pytest.approx([2, 0, 5, 10])
    other = load(tmp_path, ROWS.replace("0.5", "0.6"), weight="w")
    assert other.checksum != dataset.checksum


def test_weights_go_where_their_rows_go(tmp_path: Path) -> None:
    content = "x,w,y\n" + "".join(f"{row},{row},{'ab'[row % 2]}\n" for row in range(20))
    content += "20,,a\n"
    dataset = load(tmp_path, content, Split(test=6), weight="w", missing="drop")
    for part in dataset.parts.values():
        assert part.weights is not None
        assert part.weights.tolist() == part.inputs[:, 0].tolist()
    assert sum(map(len, dataset.parts.values())) == 20


def test_a_matrix_on_disk_has_weights_too(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([[1.0, 2, 0.5, 3], [4, 5, 1.5, 0]]))
    pool = load_csv(str(tmp_path / "m.npy"), ("3",), weight="4")
    assert pool.input_names == ("1", "2")
    assert pool.samples.weights is not None
    assert pool.samples.weights.tolist() == [3, 0]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("-1", "line 2 column 'w': '-1' is no weight; expected a number of 0 or more"),
        ("heavy", "line 2 column 'w': 'heavy' is no weight"),
        ("", "line 2 column 'w'"),
        ("inf", "line 2 column 'w'"),
    ],
)
def test_what_is_no_weight_is_named(column: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, ROWS.replace("1,2,a", f"1,{column},a"), weight="w")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weight": "v"}, "dataset.weight: .* has no column 'v'"),
        ({"weight": "y"}, "dataset.weight weighs by 'y', which dataset.target names"),
        ({"weight": "w", "features": ("x", "w")}, "which dataset.features names"),
    ],
)
def test_a_column_of_weights_is_there_and_nothing_else(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=words):
        load(tmp_path, **options)


def test_weights_that_are_all_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset\.weight: all weights in .* are 0"):
        load(tmp_path, "x,w,y\n1,0,a\n2,0,b\n3,0,a\n4,0,b\n", weight="w")


@pytest.mark.parametrize("value", ["even", 3, [1, 2], {}, {"a": -1}, {"a": "much"}, {"a": None}])
def test_what_are_no_weights_of_classes_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match=r"dataset\.class_weight.*expected"):
        class_weights("dataset.class_weight", value)


def test_classes_that_there_are_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"names 'c'; .*the classes are a, b"):
        training_weights(load(tmp_path), (("c", 2.0),))
    numbers = load(tmp_path, "x,y\n1,1.5\n2,2.5\n")
    with pytest.raises(SettingsError, match="this data set has numbers to predict"):
        training_weights(numbers, "balanced")


def test_weights_of_nothing_are_refused(tmp_path: Path) -> None:
    nothing = class_weights("dataset.class_weight", {"a": 0, "b": 0})
    with pytest.raises(SettingsError, match="leaves no training sample a weight; expected above 0"):
        training_weights(load(tmp_path), nothing)
