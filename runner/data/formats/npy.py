"""NumPy's own files: npz as a table of named columns, npy as one matrix that may stay on disk.

No pickle is read; what a header claims is held against the file's size before anything is read.
"""

import lzma
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from runner.data.dataset import blocks, ordinals
from runner.data.formats.opening import MOST_COLUMNS, check_growth
from runner.data.formats.table_file import TableFile
from runner.errors import DataError, printable
from runner.network.arrays import Array

if TYPE_CHECKING:
    import pandas as pd

LARGEST_NPZ = 4 << 30
"""Bytes of one array; larger ones are read from .npy files, a piece at a time."""
DAMAGES = (
    *(OSError, ValueError, EOFError, KeyError, RuntimeError, OverflowError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
"""What reading a damaged file can raise."""


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and type of the array that follows.

    Raises ValueError for Python objects and records.
    """
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its format {version[0]}.{version[1]} is not known")
    read = np.lib.format.read_array_header_1_0
    if version == (2, 0):
        read = np.lib.format.read_array_header_2_0
    try:
        shape, columns_first, kind = read(file)
    except Exception as error:  # NumPy's parser of headers raises what Python's tokenizer does
        raise ValueError("its header cannot be read") from error
    if kind.kind not in "biufU":
        raise ValueError(f"it holds {kind}, not numbers or texts")
    if any(size < 0 for size in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, columns_first, kind


class NpzFile(TableFile):
    """The arrays of an npz file as columns: [rows] each, others as name.1 to name.n.

    Images [rows, height, width] are read row by row.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._columns: dict[str, Array] = {}
        self.arrays: dict[str, tuple[int, ...]] = {}
        try:
            with zipfile.ZipFile(path) as file:
                check_growth(path, sum(info.file_size for info in file.infolist()))
                for info in file.infolist():
                    self._add(info.filename.removesuffix(".npy"), read_member(file, info))
        except DAMAGES as error:
            raise self.damaged(printable(error)) from error
        lengths = {len(column) for column in self._columns.values()}
        if len(lengths) != 1 or 0 in lengths:
            rows = {self.array_of(name): len(column) for name, column in self._columns.items()}
            found = ", ".join(f"{printable(name)}: {count:,}" for name, count in rows.items())
            raise self.damaged(f"its arrays have different numbers of rows, or none: {found}")
        self.header = tuple(self._columns)
        self.most_rows = lengths.pop()

    def _add(self, name: str, array: Array) -> None:
        if not array.ndim:
            raise ValueError(f"'{name}' is a single value")
        width = math.prod(array.shape[1:])
        if width > MOST_COLUMNS:
            raise ValueError(f"'{name}' has {width:,} columns, {MOST_COLUMNS:,} at most")
        columns = {name: array}
        if array.ndim > 1:
            self.arrays[name] = array.shape[1:]
            flat = array.reshape(len(array), width)
            columns = {f"{name}.{i + 1}": column for i, column in enumerate(flat.T)}
        if again := columns.keys() & self._columns.keys():
            raise ValueError(f"it names '{min(again)}' twice")
        self._columns |= columns

    def damaged(self, problem: str) -> DataError:
        """The one line for a file that is not what it should be."""
        return DataError(
            f"{self.place} cannot be read ({problem[:200]}); expected an "
            "npz file of arrays with one row a sample"
        )

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """All rows at once; the columns named in `texts` as texts."""
        import pandas as pd  # noqa: PLC0415 - only for those who read files

        columns = {n: c.astype(str) if n in texts else c for n, c in self._columns.items()}
        yield pd.DataFrame(columns)


def read_member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    """An array of an npz file, once its header and the sizes that are declared agree."""
    if not info.filename.endswith(".npy"):
        raise ValueError(f"'{info.filename}' is not an array")
    with file.open(info) as member:
        shape, columns_first, kind = read_header(member)
        size = math.prod(shape) * kind.itemsize
        if size > min(LARGEST_NPZ, info.file_size):
            raise ValueError(f"'{info.filename}' claims {size:,} bytes, it has {info.file_size:,}")
        content = member.read(size)
        if len(content) < size or member.read(1):
            raise ValueError(f"'{info.filename}' is not {size:,} bytes long")
    array = np.frombuffer(content, kind)
    return array.reshape(shape[::-1]).T if columns_first else array.reshape(shape)


class NpyFile(TableFile):
    """The columns 1, 2, … of a matrix in an npy file, which is memory-mapped."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            self.matrix = self._mapped()
        except DAMAGES as error:
            raise self.damaged(printable(error)) from error
        self.header = ordinals(self.matrix.shape[1])
        self.most_rows = len(self.matrix)

    def _mapped(self) -> Array:
        with open(self.path, "rb") as file:
            shape, columns_first, kind = read_header(file)
            offset = file.tell()
            file.seek(0, 2)
            held = file.tell() - offset
        size = math.prod(shape) * kind.itemsize
        if len(shape) != 2 or not size or kind.kind == "U":
            raise ValueError(f"it holds {kind} of shape {shape}")
        if size != held:
            raise ValueError(f"its header claims {size:,} bytes, it has {held:,}")
        if shape[1] > MOST_COLUMNS:
            raise ValueError(f"it has {shape[1]:,} columns, {MOST_COLUMNS:,} at most")
        check_growth(self.path, size)
        order: Literal["C", "F"] = "F" if columns_first else "C"
        return np.memmap(self.path, kind, "r", offset, (shape[0], shape[1]), order)

    def damaged(self, problem: str) -> DataError:
        """The one line for a file that is not what it should be."""
        return DataError(
            f"{self.place} cannot be read ({problem[:200]}); "
            "expected an npy file with a matrix [samples, columns] of numbers; images and "
            "sequences go with their targets into an npz file: np.savez('data.npz', x=…, y=…), and "
            "dataset.target=y"
        )

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """The rows, some at a time; the columns named in `texts` as texts."""
        import pandas as pd  # noqa: PLC0415 - only for those who read files

        for block in blocks(self.matrix):
            yield pd.DataFrame(block, columns=list(self.header)).astype(dict.fromkeys(texts, str))

    def refuse_cell(
        self, name: str, is_bad: Callable[[str], bool], expected: str | None = None
    ) -> NoReturn:
        """Names the row and number of the first bad cell of a column."""
        column = self.matrix[:, int(name) - 1]
        row = next(row for row, value in enumerate(column.tolist()) if is_bad(str(value)))
        raise DataError(
            f"{printable(self.path)} row {row + 1} column {name}: {column[row]} "
            f"{expected or 'is not a finite number'}"
        )
