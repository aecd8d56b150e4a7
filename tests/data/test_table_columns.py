from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.data.dataset import Pool
from runner.data.preparing import prepare
from runner.data.splits import Split
from runner.errors import DataError
from tests.data.small_files import load_csv
from tests.limits import bounded

COLOURS = "colour,size,y\nred,1,a\nblue,2,b\nred,3,a\nblue,4,b\n"


def load(path: Path, content: str, target: str = "y", **options: Any) -> Pool:
    path.write_text(content)
    return load_csv(str(path), (target,), **options)


def test_texts_that_repeat_are_categories_and_classes(tmp_path: Path) -> None:
    pool = load(tmp_path / "data.csv", COLOURS)
    assert pool.input_names == ("colour=blue", "colour=red", "size")
    assert pool.samples.inputs.tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3], [1, 0, 4]]
    assert pool.classes == ("a", "b")
    assert pool.samples.targets.tolist() == [0, 1, 0, 1]


def test_numbers_are_categories_where_that_is_said(tmp_path: Path) -> None:
    content = "room,y\n1,1.5\n12,2.5\n1,3.5\n"
    pool = load(tmp_path / "data.csv", content, categorical=("room",))
    assert pool.input_names == ("room=1", "room=12")
    assert pool.samples.inputs.tolist() == [[1, 0], [0, 1], [1, 0]]


TASKS = {
    # target cells, task, classes
    "texts": ("b a b a", "auto", ("a", "b")),
    "truth values": ("true false true true", "auto", ("false", "true")),
    "from 0": ("0 1 0 1", "auto", ("0", "1")),
    "from 1": ("1 2 3 1 2 3", "auto", ("1", "2", "3")),
    "with a gap": ("0 2 0 2", "auto", None),
    "each once": ("0 1 2 3", "auto", None),
    "written with a point": ("0.0 1.0 0.0 1.0", "auto", None),
    "many": (" ".join(str(i % 30) for i in range(90)), "auto", None),
    "said to be numbers": ("0 1 0 1", "regression", None),
    "with an empty cell": ("0 1 0 1  1", "auto", ("0", "1")),
    "with a point and an empty cell": ("0.0 1.0 0.0 1.0  1.0", "auto", None),
    "truth values with an empty cell": ("true false  true true", "auto", ("false", "true")),
    "whole beyond 64 bits": ("18446744073709551616 7 3", "auto", None),
    "said to be classes": ("3.5 7 3.5 7", "classification", ("3.5", "7")),
}


@pytest.mark.parametrize("case", TASKS)
def test_the_task_follows_from_the_target_or_is_said(case: str, tmp_path: Path) -> None:
    cells, task, classes = TASKS[case]
    rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split(" ")))
    pool = load(tmp_path / "data.csv", "a,y\n" + rows, task=task, missing="drop")
    assert pool.classes == classes
    named = pool.samples.targets if classes is None else np.array(classes)[pool.samples.targets]
    texts = [str(value) for value in named.ravel()]
    expected = cells.split()
    if classes is None:
        assert list(map(float, texts)) == list(map(float, expected))
    else:
        assert texts == expected


def test_a_target_of_one_class_is_warned_of(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="one class only, 'a'"):
        load(tmp_path / "data.csv", "x,y\n1,a\n2,a\n")


GAPS = "size,colour,y\n1,red,0.5\n,red,1.5\n3,,2.5\n4,blue,3.5\n5,blue,4.5\n6,red,5.5\n"


def test_rows_with_missing_values_are_dropped_where_asked(tmp_path: Path) -> None:
    pool = load(tmp_path / "data.csv", GAPS, missing="drop")
    assert pool.samples.targets.ravel().tolist() == [0.5, 3.5, 4.5, 5.5]
    assert not np.isnan(pool.samples.inputs).any()


def test_missing_categories_become_the_commonest(tmp_path: Path) -> None:
    pool = load(tmp_path / "data.csv", GAPS, missing="mean")
    train = prepare(pool, Split()).train.inputs
    assert train[1].tolist() == [19 / 5, 0, 1]
    assert train[2].tolist() == [3, 0, 1]  # red


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    # content, options, words of the message
    "gap": (GAPS, {}, "line 3 column 'size'"),
    "gap in the target": (
        "a,y\n1,2.5\n2,\n",
        {"missing": "mean"},
        r"line 3 column 'y': '' is a missing value.*fills in features only",
    ),
    "all gaps": ("a,y\n,1\n,2\n", {"missing": "drop"}, "every row .* lacks a value"),
    "torn row with filling": ("a,b,y\n1,2,3\n4,5\n", {"missing": "mean"}, "line 3 has 2 cells"),
    "torn row with dropping": ("a,b,y\n1,2,3\n4,5\n", {"missing": "drop"}, "line 3 has 2 cells"),
    "mixed": ("a,y\n1,2\nx,3\n2,4\n", {}, "line 3 column 'a': 'x' is not a finite number"),
    "texts that do not repeat": ("a,y\nx,1\nz,2\n", {}, "line 2 column 'a': 'x'"),
    "decimal commas that repeat": (
        'a,y\n"1,5",1.5\n"1,5",2.5\n',
        {},
        "write decimals with a point",
    ),
    "texts to predict as numbers": (COLOURS, {"task": "regression"}, "column 'y': 'a'"),
    "no such category column": (COLOURS, {"categorical": ("shade",)}, "dataset.categorical"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_be_used_is_refused(case: str, tmp_path: Path) -> None:
    content, options, words = REFUSED[case]
    with bounded(), pytest.raises(DataError, match=words) as caught:
        load(tmp_path / "data.csv", content, **options)
    assert str(caught.value).isprintable()


def test_two_targets_are_no_classes(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y,z\n1,0,1\n2,1,0\n")
    with bounded(), pytest.raises(DataError, match="takes one target column"):
        load_csv(str(path), ("y", "z"), task="classification")


def test_a_file_of_ones_own_is_encoded_as_the_file_trained_on(tmp_path: Path) -> None:
    other = tmp_path / "test.csv"
    other.write_text("colour,size,y\nblue,9,a\n")
    pool = load(tmp_path / "data.csv", COLOURS, files={"test": str(other)})
    assert pool.test is not None
    assert pool.test.inputs.tolist() == [[1, 0, 9]]
    assert pool.test.targets.tolist() == [0]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("green,9,a\ngreen,9,a", "column 'colour': 'green' is not among .* saw: blue, red"),
        ("red,9,c\nred,9,c", "'c' is not among the classes .* it has a, b"),
        ("red,x,a\nred,x,a", "line 2 column 'size': 'x' is not a finite number"),
        ("1,9,a\n1,9,a", "'1' is not among the categories"),
        ("red,,a", "line 2 column 'size': '' is not a finite number; dataset.missing=drop"),
        ("red,9", "line 2 has 2 cells"),
    ],
)
def test_what_the_file_trained_on_does_not_know_is_refused(
    row: str, words: str, tmp_path: Path
) -> None:
    other = tmp_path / "test.csv"
    other.write_text(f"colour,size,y\n{row}\n")
    with bounded(), pytest.raises(DataError, match=words) as caught:
        load(tmp_path / "data.csv", COLOURS, files={"test": str(other)}, unseen="error")
    assert "dataset.path" not in str(caught.value)


def test_faults_of_a_file_of_a_part_name_its_key(tmp_path: Path) -> None:
    for name, content in (("empty.csv", ""), ("missing.csv", None)):
        if content is not None:
            (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match=r"^dataset\.validation[:=]"):
            load(tmp_path / "d.csv", COLOURS, files={"validation": str(tmp_path / name)})


def test_an_unseen_category_of_a_part_is_none_of_the_known(tmp_path: Path) -> None:
    other = tmp_path / "test.csv"
    other.write_text("colour,size,y\ngreen,9,a\nred,9,a\n")
    with pytest.warns(UserWarning, match="'green' is not among .* dataset.unseen=error refuses"):
        pool = load(tmp_path / "data.csv", COLOURS, files={"test": str(other)})
    assert pool.test is not None
    assert pool.test.inputs.tolist() == [[0, 0, 9], [0, 1, 9]]


def test_a_category_that_only_held_out_rows_have_is_none_of_the_known(tmp_path: Path) -> None:
    content = COLOURS + COLOURS.partition("\n")[2] + "green,5,a\n"  # the last row is for testing
    split = Split(test=1, split_seed=None)
    for scale in ("none", "standardise"):
        with pytest.warns(UserWarning, match="'colour=green' is in the test part"):
            dataset = prepare(load(tmp_path / "data.csv", content, scale=scale), split)
        assert dataset.test is not None
        assert dataset.scaling is not None
        seen = np.empty(dataset.test.inputs.shape)
        dataset.scaling.apply(dataset.test.inputs, seen)
        assert seen[0, :3].tolist() == [0, 0, 0]
    with pytest.raises(DataError, match=r"dataset\.unseen=error: 'colour=green'"):
        prepare(load(tmp_path / "data.csv", content, unseen="error"), split)


def test_columns_that_are_excluded_may_hold_anything(tmp_path: Path) -> None:
    content = "patient_id,a,y\nP1,1,2\nP2,3,4\n"
    pool = load(tmp_path / "data.csv", content, exclude=("patient_id",))
    assert pool.input_names == ("a",)
    contradictions: list[dict[str, Any]] = [
        {"exclude": ("y",)},
        {"exclude": ("a",), "features": ("a",)},
    ]
    for options in contradictions:
        with pytest.raises(DataError, match=r"dataset\.exclude leaves out"):
            load(tmp_path / "data.csv", content, **options)


def test_columns_of_a_matrix_can_be_excluded(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.arange(20.0).reshape(5, 4))
    pool = load_csv(str(tmp_path / "m.npy"), ("4",), exclude=("1",))
    assert pool.input_names == ("2", "3")


def test_dates_that_repeat_are_categories_with_a_warning(tmp_path: Path) -> None:
    content = "day,y\n" + "2020-01-01,1.5\n2020-01-02,2.5\n" * 3
    with pytest.warns(UserWarning, match="column 'day' holds dates"):
        load(tmp_path / "data.csv", content)
    pool = load(tmp_path / "data.csv", content, categorical=("day",))
    assert pool.input_names == ("day=2020-01-01", "day=2020-01-02")


def test_gzip_parquet_and_csv_give_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    load(tmp_path / "data.csv", COLOURS)
    frame = pd.read_csv(tmp_path / "data.csv")
    frame.to_csv(tmp_path / "data.csv.gz", index=False)
    frame.to_csv(tmp_path / "plain name.csv", index=False, compression="gzip")
    frame.to_parquet(tmp_path / "data.parquet")
    for name in ("data.csv.gz", "plain name.csv", "data.parquet"):
        pool = load_csv(str(tmp_path / name), ("y",))
        assert pool.input_names == ("colour=blue", "colour=red", "size")
        assert pool.samples.inputs.tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3], [1, 0, 4]]
        assert pool.samples.targets.tolist() == [0, 1, 0, 1]


NULLABLE: dict[str, tuple[list[Any], str, tuple[str, ...] | None, list[float]]] = {
    # cells, type of Arrow's, classes, targets
    "whole numbers": ([0, 1, None, 1, 0], "int64", ("0", "1"), [0, 1, 1, 0]),
    "small whole numbers": ([0, 1, None, 1, 0], "uint8", ("0", "1"), [0, 1, 1, 0]),
    "truth values": ([False, True, None, True], "bool_", ("false", "true"), [0, 1, 1]),
    "decimals": ([Decimal("1.50"), None, Decimal("2.25")], "decimal128", None, [1.5, 2.25]),
    "texts of numbers": (["1.5", None, "007", "1.5"], "string", None, [1.5, 7, 1.5]),
    "floats": ([0.0, 1.0, None, 1.0, 0.0], "float64", None, [0, 1, 1, 0]),
}


@pytest.mark.parametrize("case", NULLABLE)
def test_numbers_of_parquet_are_numbers_and_stay_whole_beside_gaps(
    case: str, tmp_path: Path
) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    cells, name, classes, targets = NULLABLE[case]
    kind = arrow.decimal128(6, 2) if name == "decimal128" else getattr(arrow, name)()
    columns = {"a": arrow.array(range(len(cells))), "y": arrow.array(cells, kind)}
    parquet.write_table(arrow.table(columns), tmp_path / "data.parquet")
    pool = load_csv(str(tmp_path / "data.parquet"), ("y",), missing="drop")
    assert pool.classes == classes
    assert pool.samples.targets.ravel().tolist() == targets


def test_pieces_of_a_long_file_fit_together(tmp_path: Path) -> None:
    rows = 120_001
    frame = pd.DataFrame({"n": np.arange(rows), "t": np.where(np.arange(rows) % 3, "p", "q")})
    frame["y"] = frame["n"] / 2
    frame.to_csv(tmp_path / "data.csv", index=False)
    pool = load_csv(str(tmp_path / "data.csv"), ("y",))
    np.testing.assert_array_equal(pool.samples.inputs[:, 0], frame["n"])
    np.testing.assert_array_equal(pool.samples.inputs[:, 1], frame["t"] == "p")
    np.testing.assert_array_equal(pool.samples.targets[:, 0], frame["y"])
