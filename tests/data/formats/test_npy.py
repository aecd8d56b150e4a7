import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from runner.data.dataset import RowsOf
from runner.data.formats.npy import LARGEST_NPZ
from runner.data.preparing import prepare
from runner.data.splits import Split
from runner.errors import DataError
from tests.data.small_files import load_csv
from tests.limits import bounded

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])


def npy(array: object) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)  # type: ignore[arg-type]
    return content.getvalue()


def npz(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, member in members.items():
            file.writestr(name + ".npy", member)
    return content.getvalue()


def twice(member: bytes) -> bytes:
    """A file with two members of one name."""
    content = npz(x=member, y=npy(Y), z=member)
    return content.replace(b"z.npy", b"x.npy")


def header(shape: str, kind: str = "<f8") -> bytes:
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}}}"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_is_a_table_of_its_arrays(save: object, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    save(path, x=np.asfortranarray(X), z=np.arange(6, dtype=np.float32), y=Y)  # type: ignore[operator]
    pool = load_csv(str(path), ("y",))
    assert pool.input_names == ("x.1", "x.2", "z")
    assert pool.samples.inputs.tolist() == [[*row, i] for i, row in enumerate(X.tolist())]
    assert pool.classes == ("0", "1")


def test_images_in_an_npz_file_are_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    images = np.arange(24).reshape(6, 2, 2)
    np.savez(path, images=images, y=Y)
    pool = load_csv(str(path), ("y",))
    assert pool.input_names == ("images.1", "images.2", "images.3", "images.4")
    assert pool.samples.inputs.tolist() == images.reshape(6, 4).tolist()


def test_texts_in_an_npz_file_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x=X, y=np.array(["a", "b"] * 3))
    pool = load_csv(str(path), ("y",))
    assert pool.classes == ("a", "b")


NPZ_FAULTS = {
    # content, words of the message
    "empty": (b"", "not a zip file"),
    "not a zip": (b"<html></html>", "not a zip file"),
    "nothing in it": (npz(), "different numbers of rows, or none"),
    "truncated": (npz(x=npy(X), y=npy(Y))[:-30], "not a zip file"),
    "objects": (npz(x=npy(np.array([{}], object)), y=npy(Y)), "not numbers or texts"),
    "records": (npz(x=npy(np.zeros(6, "f8,i4")), y=npy(Y)), "not numbers or texts"),
    "complex": (npz(x=npy(X + 1j), y=npy(Y)), "not numbers or texts"),
    "dates": (npz(x=npy(np.zeros(6, "M8[s]")), y=npy(Y)), "not numbers or texts"),
    "no dimension": (npz(x=npy(1.0), y=npy(Y)), "'x' is a single value"),
    "other lengths": (npz(x=npy(X[:5]), y=npy(Y)), "different numbers of rows"),
    "other numbers of sequences": (npz(x=npy(np.zeros((5, 90, 2))), y=npy(Y)), "x: 5, y: 6"),
    "no rows": (npz(x=npy(X[:0]), y=npy(Y[:0])), "or none"),
    "not an array": (npz(x=b"abc", y=npy(Y)), "cannot be read"),
    "truncated array": (npz(x=npy(X)[:-1], y=npy(Y)), "is not 96 bytes long"),
    "trailing bytes": (npz(x=npy(X) + b"\0", y=npy(Y)), "is not 96 bytes long"),
    "a small header that claims 32 GiB": (
        npz(x=header("(4294967296,)") + bytes(100), y=npy(Y)),
        "claims 34,359,738,368 bytes",
    ),
    "a negative size": (npz(x=header("(-1, 2)"), y=npy(Y)), "cannot be read"),
    "an expression for a header": (npz(x=header("__import__('os')"), y=npy(Y)), "cannot be read"),
    "NaN": (npz(x=npy(X * np.nan), y=npy(Y)), "row 1 column 'x.1': 'nan' is not a finite number"),
    "infinity": (npz(x=npy(np.full((6, 2), np.inf)), y=npy(Y)), "is not a finite number"),
    "no such target": (npz(x=npy(X)), "no column 'y'"),
    "the same member twice": (twice(npy(X)), "twice"),
    "nothing but the target": (npz(y=npy(Y)), "no column left"),
}


@pytest.mark.parametrize("case", NPZ_FAULTS)
def test_a_bad_npz_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, words = NPZ_FAULTS[case]
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError) as caught:
        load_csv(str(path), ("y",))
    assert words in str(caught.value)
    assert "data.npz" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_damaged_member_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.savez(content, x=X, y=Y)
    damaged = bytearray(content.getvalue())
    damaged[damaged.index(X.tobytes()) + 5] ^= 1
    (tmp_path / "data.npz").write_bytes(damaged)
    with bounded(), pytest.raises(DataError, match="CRC"):
        load_csv(str(tmp_path / "data.npz"), ("y",))


def test_a_matrix_stays_on_disk_and_its_parts_too(tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    np.save(path, np.c_[X, Y].astype(np.float32))
    pool = load_csv(str(path), ("3",))
    assert isinstance(pool.samples.inputs, np.memmap)
    assert pool.classes == ("0", "1")
    assert load_csv(str(path), ("3",), task="regression").classes is None
    dataset = prepare(pool, Split(test=2))
    assert isinstance(dataset.train.inputs, RowsOf)
    assert dataset.classes == ("0", "1")
    held = np.concatenate([part.inputs[:] for part in dataset.parts.values()])
    assert sorted(held.tolist()) == X.tolist()
    assert len(dataset.checksum) == 64


NPY_FAULTS = {
    # content, target, words of the message
    "empty": (b"", "3", "cannot be read"),
    "not npy": (b"<html></html>", "3", "cannot be read"),
    "objects": (npy(np.array([[{}, 1]], object)), "1", "not numbers"),
    "texts": (npy(np.array([["a", "b"]])), "1", "it holds <U1"),
    "a vector": (npy(Y), "1", "shape (6,)"),
    "sequences": (npy(X[None]), "1", "np.savez('data.npz', x=…, y=…), and dataset.target=y"),
    "no rows": (npy(X[:0]), "1", "shape (0, 2)"),
    "truncated": (npy(X)[:-1], "2", "claims 96 bytes, it has 95"),
    "trailing bytes": (npy(X) + b"\0", "2", "claims 96 bytes, it has 97"),
    "32 GiB claimed": (header("(4294967296, 1)"), "1", "claims 34,359,738,368 bytes, it has 0"),
    "NaN": (npy(np.where(X == 4, np.nan, X)), "2", "row 3 column 1: nan is not a finite number"),
    "NaN in the target": (npy(np.where(X == 5, np.nan, X)), "2", "row 3: a target"),
    "no such column": (npy(X), "3", "no column '3'"),
    "target in the middle": (npy(np.c_[X, Y]), "2", "columns next to each other"),
    "nothing but the target": (npy(X[:, :1]), "1", "columns next to each other"),
}


@pytest.mark.parametrize("case", NPY_FAULTS)
def test_a_bad_npy_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, target, words = NPY_FAULTS[case]
    path = tmp_path / "data.npy"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError) as caught:
        load_csv(str(path), (target,))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


PARQUET_FAULTS = [b"", b"<html></html>", b"PAR1PAR1", b"PAR1" + bytes(100) + b"PAR1"]


@pytest.mark.parametrize("content", PARQUET_FAULTS)
def test_what_is_no_parquet_file_is_refused(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "data.parquet"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError, match="cannot be read as Parquet") as caught:
        load_csv(str(path), ("y",))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1.0, np.inf], "y": [0.5, 1]}, "row 2 column 'a': 'inf' is not a finite number"),
        ({"a": [1.0, None], "y": [0.5, 1]}, "row 2 column 'a'"),
        ({"a": ["x", "z"], "y": [0.5, 1]}, "row 1 column 'a': 'x'"),
        ({"a": [[1], [2]], "y": [0.5, 1]}, "column 'a'"),
        ({"a": [1, 2]}, "no column 'y'"),
        ({"y": [1, 2]}, "no column left"),
        ({"a": [1.0, np.nan], "y": [0.5, 1]}, "row 2 column 'a'"),
        ({"a": [1.0, 2.0], "y": [0.5, None]}, "row 2 column 'y'"),
        ({"a": [{"b": 1}] * 2, "y": [0.5, 1]}, "column 'a'"),
        ({"a": [b"\xff", b"\xff"], "y": [0.5, 1]}, "column 'a'"),
        ({"a": [], "y": []}, "no rows"),
    ],
)
def test_a_parquet_table_that_cannot_be_used_is_refused(
    columns: dict[str, list[object]], words: str, tmp_path: Path
) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    parquet.write_table(pa.table(columns), path)
    with bounded(), pytest.raises(DataError) as caught:
        load_csv(str(path), ("y",))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("cut", [slice(-9), slice(40, None), slice(0, 60)])
def test_a_parquet_file_with_a_part_missing_is_refused(cut: slice, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    parquet.write_table(pa.table({"a": [1.0, 2.0], "y": [0.5, 1]}), path)
    path.write_bytes(path.read_bytes()[cut])
    with bounded(), pytest.raises(DataError, match="cannot be read as Parquet") as caught:
        load_csv(str(path), ("y",))
    assert str(caught.value).isprintable()


def test_two_parquet_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    table = pa.Table.from_arrays([pa.array([1.0, 2.0])] * 3, ["a", "a", "y"])
    parquet.write_table(table, path)
    with bounded(), pytest.raises(DataError, match="two columns have the same name"):
        load_csv(str(path), ("y",))


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".parquet", ".csv.gz"])
@pytest.mark.parametrize("name", ["missing", "folder", "pipe"])
def test_what_is_not_a_file_is_refused_at_once(name: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    os.mkfifo(tmp_path / f"pipe{suffix}")
    with bounded(), pytest.raises(DataError, match=name):
        load_csv(str(tmp_path / f"{name}{suffix}"), ("y",))


def test_an_array_larger_than_is_read_at_once_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    content = header(f"({LARGEST_NPZ // 8 + 1},)")
    path.write_bytes(npz(x=content, y=npy(Y)))
    with bounded(), pytest.raises(DataError, match="claims"):
        load_csv(str(path), ("y",))
