import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.data.dataset import Pool
from runner.data.formats.csv import LONGEST_LINE
from runner.errors import DataError
from tests.data.small_files import load_csv
from tests.limits import bounded


def load(path: Path, content: bytes, features: tuple[str, ...] | None = None) -> Pool:
    path.write_bytes(content)
    return load_csv(str(path), ("y",), features)


GOOD = {
    "plain": b"a,b,y\n1,2,3\n4,5,6\n",
    "no newline at the end": b"a,b,y\n1,2,3\n4,5,6",
    "byte-order mark": b"\xef\xbb\xbfa,b,y\n1,2,3\n4,5,6\n",
    "Windows lines": b"a,b,y\r\n1,2,3\r\n4,5,6\r\n",
    "quoted": b'"a","b","y"\n"1","2","3"\n"4","5","6"\n',
    "spaces around numbers": b"a,b,y\n 1 ,2, 3\n4 , 5,6\n",
    "decimals and exponents": b"a,b,y\n1.0,2e0,+3\n4.,.5e1,6\n",
    "target in the middle": b"a,y,b\n1,3,2\n4,6,5\n",
}


@pytest.mark.parametrize("case", GOOD)
def test_a_sound_table_is_read(case: str, tmp_path: Path) -> None:
    pool = load(tmp_path / "data.csv", GOOD[case])
    assert pool.samples.inputs.tolist() == [[1, 2], [4, 5]]
    assert pool.samples.targets.tolist() == [[3], [6]]
    assert (pool.input_names, pool.target_names) == (("a", "b"), ("y",))


@pytest.mark.parametrize(
    ("content", "inputs", "targets"),
    [
        (b"a,b,y\ntrue,False,1.5\nFALSE,True,2\n", [[1, 0], [0, 1]], [[1.5], [2]]),
        (b"a,y\n-1e-300,1e150\n0,0\n", [[-1e-300], [0]], [[1e150], [0]]),
        (b"a,y\n7,1\n7,2\n", [[7], [7]], [[1], [2]]),  # a constant column
        (b",y\n1,2\n", [[1]], [[2]]),  # a column without a name, as pandas writes
        ("größe,y\n1,2\n".encode(), [[1]], [[2]]),
        (b'"a,""b""",y\n1,2\n', [[1]], [[2]]),
        (b"a,y\n0.1,0.30000000000000004\n", [[0.1]], [[0.30000000000000004]]),
    ],
)
def test_unusual_but_sound_cells_are_read(
    content: bytes, inputs: list[list[float]], targets: list[list[float]], tmp_path: Path
) -> None:
    pool = load(tmp_path / "data.csv", content)
    assert pool.samples.inputs.tolist() == inputs
    assert pool.samples.targets.tolist() == targets


def test_columns_that_are_not_chosen_may_hold_anything(tmp_path: Path) -> None:
    content = b"name,a,y\nAnna,1,2\n,3,4\n"
    assert load(tmp_path / "data.csv", content, ("a",)).samples.inputs.tolist() == [[1], [3]]


def test_features_and_targets_come_in_the_order_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b,c,d\n1,2,3,4\n")
    pool = load_csv(str(path), ("d", "a"), ("c", "b"))
    assert pool.samples.inputs.tolist() == [[3, 2]]
    assert pool.samples.targets.tolist() == [[4, 1]]


BAD: dict[str, tuple[bytes, list[str]]] = {
    # content, words of the message
    "empty": (b"", ["no columns"]),
    "blank": (b"\n\n", ["data.csv"]),
    "header only": (b"a,y\n", ["a header but no rows"]),
    "ragged row, longer": (b"a,y\n1,2\n3,4,5\n", ["line 3"]),
    "ragged row, shorter": (b"a,y\n1,2\n3\n4,5\n", ["line 3 has 1 cell, expected 2"]),
    "torn last row": (b"a,b,y\n1,2,3\n4,5", ["line 3 has 2 cells, expected 3"]),
    "every row longer than the header": (b"a,y\n1,2,3\n4,5,6\n", ["3 cells, the header 2"]),
    "unclosed quote": (b'a,y\n1,2\n3,"4\n5,6\n', ["data.csv"]),
    "NUL": (b"a,y\n1,\x002\n", ["NUL"]),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), ["NUL"]),
    "not UTF-8": ("größe,y\n1,2\n".encode("latin-1"), ["not UTF-8"]),
    "semicolons": (b"a;y\n1;2\n", ["no column 'y'", "separated by commas"]),
    "tabs": (b"a\ty\n1\t2\n", ["no column 'y'", "separated by commas"]),
    "decimal commas": (b'a,y\n"1,5",2\n', ["line 2 column 'a'", "'1,5'", "with a point"]),
    "decimal commas and semicolons": (b"a;y\n1,5;2\n", ["2 cells, the header 1"]),
    "duplicate column": (b"a,a,y\n1,2,3\n", ["'a' twice"]),
    "missing label": (b"a,y\n1,2\n3,\n", ["line 3 column 'y'", "missing value"]),
    "missing input": (b"a,y\n1,2\n,3\n", ["line 3 column 'a'", "missing value"]),
    "text label": (b"a,y\n1,cat\n", ["line 2 column 'y': 'cat' is a text", "to be classes"]),
    "n/a": (b"a,y\n1,2\nn/a,3\n", ["line 3 column 'a': 'n/a'"]),
    "nan": (b"a,y\n1,2\nnan,3\n", ["line 3 column 'a': 'nan'"]),
    "inf": (b"a,y\n1,inf\n", ["line 2 column 'y': 'inf'"]),
    "beyond doubles": (b"a,y\n1,2\n-1e999,3\n", ["line 3 column 'a': '-1e999'"]),
    "too large to be squared": (b"a,y\n1,2\n-1e307,3\n", ["line 3 column 'a': '-1e307'", "±1e150"]),
    "target too large": (b"a,y\n1,1e200\n", ["line 2 column 'y': '1e200'", "scale the column"]),
    "hexadecimal": (b"a,y\n0x10,2\n", ["line 2 column 'a': '0x10'"]),
    "a separator that Python strips": (b"a,y\n\x1c.5,2\n", ["line 2 column 'a': '\\x1c.5'"]),
    "complex": (b"a,y\n1+2j,2\n", ["line 2 column 'a': '1+2j'"]),
    "names": (
        b"a,y\nP1,2\nP2,3\n",
        ["line 2 column 'a': 'P1' is a text: the column holds no numbers", "dataset.exclude=[a]"],
    ),
    "date": (
        b"a,y\n2020-01-01,2\n",
        ["line 2 column 'a': '2020-01-01' is a date, not a number", "dataset.exclude=[a]"],
    ),
    "dates with times": (b"a,y\n1/31/2020 7:05 PM,2\n2/1/2020 0:00 AM,3\n", ["is a date"]),
    "dates amid numbers": (b"a,y\n3,2\n31.12.2020,3\n", ["line 3 column 'a'", "is a date"]),
    "many columns": (
        ",".join(f"c{i}" for i in range(30)).encode() + b"\n" + b"1," * 29 + b"1\n",
        ["no column 'y'", "c18, c19, …"],
    ),
    "text in a column without a name": (b",y\nx,2\n", ["line 2 column '': 'x'"]),
    "very long text": (b"a,y\n" + b"x" * 200_000 + b",2\n", ["line 2 column 'a': 'xxx"]),
    "escape sequence": (b"a,y\n\x1b[2J,2\n", ["'\\x1b[2J'"]),
    "newline in a cell": (b'a,y\n1,2\n"x\ny",3\n', ["'x\\ny'"]),
    "blank line between": (b"a,y\n1,2\n\n3,4\n", ["line 3"]),
    "no target": (b"a,b\n1,2\n", ["dataset.target", "no column 'y'", "it has a, b"]),
    "nearly the target": (b"a, y\n1,2\n", ["did you mean ' y'"]),
    "nothing but the target": (b"y\n1\n", ["no column left"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, words = BAD[case]
    with bounded(), pytest.raises(DataError) as caught:
        load(tmp_path / "data.csv", content)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 600
    assert "data.csv" in message
    for word in words:
        assert word in message


def test_a_line_without_end_is_refused_before_it_is_read_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with open(path, "wb") as file:
        file.write(b"a,y\n1,2\n")
        file.writelines(b"1" * 1_000_000 for _ in range(1 + LONGEST_LINE // 1_000_000))
    with bounded(), pytest.raises(DataError, match="longer than 10,000,000 bytes"):
        load_csv(str(path), ("y",), None)


def test_ten_gigabytes_of_nothing_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with open(path, "wb") as file:
        file.write(b"a,y\n1,2\n")
        file.truncate(10_000_000_000)  # a sparse file takes no room
    with bounded(), pytest.raises(DataError, match="NUL"):
        load_csv(str(path), ("y",), None)


@pytest.mark.parametrize("name", ["missing.csv", "folder", "pipe", "file/below"])
def test_what_is_not_a_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with bounded(), pytest.raises(DataError) as caught:  # reading a pipe would wait for ever
        load_csv(str(tmp_path / name), ("y",), None)
    assert name in str(caught.value)
    assert "expected a CSV file" in str(caught.value)


@pytest.mark.parametrize("key", ["target", "features", "exclude"])
def test_a_column_that_is_not_there_is_named_with_its_key(key: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("size,price\n1,2\n")
    options: dict[str, Any] = {"target": ("price",), key: ("sise",)}
    with pytest.raises(DataError, match=f"dataset.{key}: .*did you mean 'size'"):
        load_csv(str(path), **options)


FINITE = st.floats(-1e150, 1e150)


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=5))
def test_every_finite_number_is_read_as_written_to_nearly_all_its_digits(
    rows: list[tuple[float, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    text = "a,y\n" + "".join(f"{a!r},{y!r}\n" for a, y in rows)
    pool = load(path, text.encode())
    written = np.array(rows)
    np.testing.assert_allclose(pool.samples.inputs[:, 0], written[:, 0], rtol=1e-15)
    np.testing.assert_allclose(pool.samples.targets[:, 0], written[:, 1], rtol=1e-15)


@settings(max_examples=300)
@given(tail=st.text(alphabet='ay1,;"\n\r\t.-e \x00\x1bnaÅ', max_size=40))
def test_any_file_is_a_table_or_refused_in_one_line(
    tail: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz-{os.getpid()}.csv"
    try:
        pool = load(path, ("a,y\n1,2\n" + tail).encode())
    except DataError as error:
        assert str(error).isprintable()  # noqa: PT017 - both ways out are fine
    else:
        assert np.isfinite(pool.samples.inputs).all()
        assert len(pool.samples.inputs) == len(pool.samples.targets) > 0
