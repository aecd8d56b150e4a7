"""Data from somebody else: nothing in a file is run, and none takes more memory than it should."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from runner.data.formats.idx import read_idx
from runner.data.formats.mat import read_svhn
from runner.data.formats.records import read_cifar, read_stl10_labels
from runner.errors import DataError
from tests.data.small_files import idx_bytes, load_csv, random_images
from tests.limits import bounded

TWO_ROWS = np.array([0.5, 1.5])
PICKLE = b'cbuiltins\nexec\n(S\'open("pwned", "w")\'\ntR.'
CODE = "__import__('pathlib').Path('pwned').touch()"


def packed(megabytes: int, piece: bytes = b"1,2\n", before: bytes = b"a,y\n") -> bytes:
    """That many megabytes of the same in a small gzip file."""
    million = piece * (10**6 // len(piece))
    return gzip.compress(before) + gzip.compress(million) * megabytes


def npy(descr: str, shape: str, content: bytes = b"", version: int = 1) -> bytes:
    """An npy file with any header."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


NUMBERS = npy("'<f8'", "(2,)", TWO_ROWS.tobytes())


def npz(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An npz file of any members and a target."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, member in members:
            archive.writestr(name, member)
        archive.writestr("y.npy", NUMBERS)
    return content.getvalue()


def claiming(size: int) -> bytes:
    """An npz file whose directory says that its member has another size."""
    content = npz(("x.npy", NUMBERS + bytes(1001)))
    return content.replace(struct.pack("<I", len(NUMBERS) + 1001), struct.pack("<I", size))


def linked() -> bytes:
    """An npz file with a member that is a link, as archives of file systems have."""
    info = zipfile.ZipInfo("x.npy")
    info.external_attr = 0o120777 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("y.npy", NUMBERS)
    return content.getvalue()


def overlapping(copies: int) -> bytes:
    """A zip file many of whose members are the same bytes."""
    content = npz(("x.npy", npy("'<f8'", "(100000,)", bytes(800_000))))
    start = content.index(b"PK\1\2")
    end = content.index(b"PK\1\2", start + 1)
    entry = content[start:end]
    entries = b"".join(entry.replace(b"x.npy", f"{n:05}".encode()) for n in range(copies))
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, copies, copies, len(entries), start, 0)
    return content[:start] + entries + tail


def parquet(make: Callable[..., object]) -> bytes:
    """A Parquet file of the table that is made from pyarrow."""
    pa = pytest.importorskip("pyarrow")
    writer = pytest.importorskip("pyarrow.parquet")
    content = io.BytesIO()
    writer.write_table(make(pa), content)
    return content.getvalue()


def nested(pa: object, levels: int) -> object:
    """Lists in lists."""
    kind = pa.int64()  # type: ignore[attr-defined]
    value: object = 1
    for _ in range(levels):
        kind, value = pa.list_(kind), [value]  # type: ignore[attr-defined]
    return pa.table({"a": pa.array([value, value], kind), "y": TWO_ROWS})  # type: ignore[attr-defined]


def extension(pa: object, name: str, serialized: bytes) -> object:
    """A column of a type that a library is to make from what the file says."""
    metadata = {"ARROW:extension:name": name, "ARROW:extension:metadata": serialized}
    field = pa.field("a", pa.int64(), metadata=metadata)  # type: ignore[attr-defined]
    schema = pa.schema([field, pa.field("y", pa.float64())])  # type: ignore[attr-defined]
    return pa.table([[1, 2], TWO_ROWS], schema=schema)  # type: ignore[attr-defined]


TABLES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    # the end of its name, its content, words of the message; none where it is read all the same
    "gzip of 10^8 rows": (".csv", lambda: packed(500), "unpacks to more than 200 times its size"),
    "gzip of blank lines": (".csv", lambda: packed(500, b"\n"), "unpacks to more than 200 times"),
    "gzip of one long line": (".csv", lambda: packed(500, b"0"), "a line is longer than"),
    "gzip of gzip": (".csv", lambda: gzip.compress(packed(1)), "NUL bytes"),
    "100,001 columns": (
        ".csv",
        lambda: b"".join(b"%d," % n for n in range(100_000)) + b"y\n",
        "100,001 columns, 100,000 at most",
    ),
    "100,000 columns of one name": (".csv", lambda: b"a," * 99_999 + b"y\n", "'a' twice"),
    "five million nameless columns": (".csv", lambda: b"," * 5_000_000 + b"y\n", "at most"),
    "npz member of 1 GB in 1 kB": (
        ".npz",
        lambda: claiming(1 << 30),
        "claims 1,073,741,908 bytes, more than",
    ),
    "npz with a wide array": (
        ".npz",
        lambda: npz(("x.npy", npy("'|u1'", "(2, 200000)", bytes(400_000)))),
        "'x' has 200,000 columns, 100,000 at most",
    ),
    "npz of an array of no bytes": (
        ".npz",
        lambda: npz(("x.npy", npy("'<f8'", "(0, 4294967296)"))),
        "4,294,967,296 columns",
    ),
    "npz of texts of no length": (
        ".npz",
        lambda: npz(("x.npy", npy("'<U0'", "(4294967296,)"))),
        "cannot be read",
    ),
    "npz of 5,000 members": (
        ".npz",
        lambda: npz(*((f"{n}.npy", NUMBERS) for n in range(5000))),
        "",
    ),
    "npz of 5,000 members that overlap": (".npz", lambda: overlapping(5000), "cannot be read"),
    "npz member that climbs": (".npz", lambda: npz(("../../pwned.npy", NUMBERS)), ""),
    "npz member, absolute": (".npz", lambda: npz(("/etc/pwned.npy", NUMBERS)), ""),
    "npz member with an escape sequence": (
        ".npz",
        lambda: npz(("\x1b]0;x\x07.npy", NUMBERS), ("\x1b]0;x\x07.npy.npy", b"")),
        "cannot be read",
    ),
    "npz member, a link": (".npz", linked, "cannot be read"),
    "npz member, pickled": (
        ".npz",
        lambda: npz(("x.npy", npy("'|O'", "(2,)", PICKLE))),
        "holds object",
    ),
    "npz member, a pickle": (".npz", lambda: npz(("x.pkl", PICKLE)), "'x.pkl' is not an array"),
    "npz header, code for a type": (
        ".npz",
        lambda: npz(("x.npy", npy(CODE, "(2,)", bytes(16)))),
        "header cannot be read",
    ),
    "npz header, code for a shape": (
        ".npz",
        lambda: npz(("x.npy", npy("'<f8'", CODE, bytes(16)))),
        "header cannot be read",
    ),
    "npz header of 50 MB": (
        ".npz",
        lambda: npz(("x.npy", npy("'<f8'", "(" * 50_000_000, version=2))),
        "header cannot be read",
    ),
    "npz type, nested 10,000 deep": (
        ".npz",
        lambda: npz(("x.npy", npy("[('a'," * 10_000 + ")]" * 10_000, "(2,)", version=2))),
        "header cannot be read",
    ),
    "npy of objects": (".npy", lambda: npy("'|O'", "(2, 2)", PICKLE), "holds object"),
    "npy header, code": (".npy", lambda: npy(CODE, "(2, 2)", bytes(32)), "cannot be read"),
    "npy of 200,000 columns": (
        ".npy",
        lambda: npy("'|u1'", "(2, 200000)", bytes(400_000)),
        "200,000 columns",
    ),
    "npy of a pickle": (".npy", lambda: PICKLE, "cannot be read"),
    "Parquet of 20 million cells in 1 kB": (
        ".parquet",
        lambda: parquet(
            lambda pa: pa.table(
                {name: pa.nulls(10**6, pa.bool_()) for name in "abcdefghijklmnopqrsty"}
            )
        ),
        "cannot be read as Parquet (it claims",
    ),
    "Parquet of lists": (".parquet", lambda: parquet(lambda pa: nested(pa, 3)), "column 'a'"),
    "Parquet of lists, 50 deep": (
        ".parquet",
        lambda: parquet(lambda pa: nested(pa, 50)),
        "column 'a'",
    ),
    "Parquet of maps": (
        ".parquet",
        lambda: parquet(
            lambda pa: pa.table(
                {"a": pa.array([[("k", 1)]] * 2, pa.map_("string", "int64")), "y": TWO_ROWS}
            )
        ),
        "column 'a'",
    ),
    "Parquet of a pickled type": (
        ".parquet",
        lambda: parquet(lambda pa: extension(pa, "arrow.py_extension_type", PICKLE)),
        "",
    ),
    "Parquet of an unknown type": (
        ".parquet",
        lambda: parquet(lambda pa: extension(pa, "evil.Type", b"{}")),
        "",
    ),
    "Parquet whose pandas metadata are damaged": (
        ".parquet",
        lambda: parquet(
            lambda pa: pa.table({"a": [1, 2], "y": TWO_ROWS}).replace_schema_metadata(
                {"pandas": b"{" * 100_000}
            )
        ),
        "cannot be read as Parquet",
    ),
    "Parquet whose pandas metadata name an index": (
        ".parquet",
        lambda: parquet(
            lambda pa: pa.table({"a": [1, 2], "y": TWO_ROWS}).replace_schema_metadata(
                {
                    "pandas": b'{"index_columns": ["a"], "columns": [], "column_indexes": '
                    b'[{"name": null, "pandas_type": "evil", "numpy_type": "evil"}]}'
                }
            )
        ),
        "",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder; afterwards nothing may have been written by what a file holds."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list(tmp_path.parent.rglob("pwned*"))


@pytest.mark.parametrize("case", TABLES)
def test_a_hostile_table_is_refused_or_harmless(case: str, here: Path) -> None:
    suffix, content, words = TABLES[case]
    path = here / f"data{suffix}"
    path.write_bytes(content())
    if not words:
        with bounded():
            assert len(load_csv(str(path), ("y",)).samples.inputs) == 2
        return
    with bounded(), pytest.raises(DataError) as caught:
        load_csv(str(path), ("y",))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_a_file_of_holes_is_refused(here: Path) -> None:
    path = here / "data.npy"
    head = npy("'<f8'", "(500000000, 2)")
    path.write_bytes(head)
    os.truncate(path, len(head) + 8_000_000_000)
    with bounded(), pytest.raises(DataError, match="claims 8,000,000,000 bytes, more than"):
        load_csv(str(path), ("1",))
    os.truncate(path, 0)


def mat(size: int, megabytes: int) -> bytes:
    """A MATLAB file whose element claims a size and unpacks to another."""
    stream = zlib.compressobj(1)
    zeros = bytes(1_000_000)
    content = stream.compress(struct.pack("<II", 14, size))
    content += b"".join(stream.compress(zeros) for _ in range(megabytes)) + stream.flush()
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    return header + struct.pack("<II", 15, len(content)) + content


IMAGES = idx_bytes(random_images(3, 28, 28))
PICTURES: dict[str, tuple[Callable[[Path], object], Callable[[], bytes], str]] = {
    # how it is read, its content, words of the message
    "CIFAR of 10^9 bytes": (
        lambda path: read_cifar(path, 1, 0),
        lambda: packed(1000, b"\0"),
        "holds more than 2",
    ),
    "STL-10 labels of 10^9 bytes": (
        read_stl10_labels,
        lambda: packed(1000, b"\0"),
        "holds more than 2",
    ),
    "IDX that claims 10^9 bytes": (
        lambda path: read_idx(path, (28, 28)),
        lambda: packed(900, b"\0", struct.pack(">I3I", 0x803, 1_300_000, 28, 28)),
        "claims 1,019,200,000 bytes, more than",
    ),
    "IDX with more behind it": (
        lambda path: read_idx(path, (28, 28)),
        lambda: packed(900, b"\0", IMAGES),
        "goes on after the 2,352 bytes",
    ),
    "mat that claims 10^9 bytes": (
        read_svhn,
        lambda: mat(1_000_000_000, 20),
        "claims 1,000,000,000 bytes",
    ),
    "mat that claims little": (read_svhn, lambda: mat(1000, 20), "is not the 1,000 bytes"),
    "mat of a pickle": (read_svhn, lambda: PICKLE, "cannot be read"),
}


@pytest.mark.parametrize("case", PICTURES)
def test_hostile_pictures_are_refused(case: str, here: Path) -> None:
    read, content, words = PICTURES[case]
    path = here / "pictures.gz"
    path.write_bytes(content())
    with bounded(), pytest.raises(DataError) as caught:
        read(path)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


PLACES = ["/dev/zero", "/dev/stdin", "/dev/full", "/proc/self/mem", "pipe", "socket", "folder", "."]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("suffix", ["", ".npz", ".npy", ".parquet", ".gz"])
def test_what_is_no_file_of_data_is_refused_at_once(place: str, suffix: str, here: Path) -> None:
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    (here / "socket").symlink_to("/dev/null")
    (here / f"data{suffix}").symlink_to(place)
    for read in (lambda path: load_csv(str(path), ("y",)), lambda path: read_idx(path, ())):
        with bounded(), pytest.raises(DataError):
            read(here / f"data{suffix}")
