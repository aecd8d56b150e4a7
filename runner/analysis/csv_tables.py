"""CSV files of many runs, read as text, checked, and parsed together as one table."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from runner.network.arrays import Array
from runner.run_folder.statuses import ENDED
from runner.run_folder.tables import all_names, joined
from runner.storage.reading import read_text

NOT_READABLE = (OSError, ValueError, csv.Error)
"""What reading a damaged file can raise."""
MOST_BYTES = 1 << 32
"""Of a table; that of a sweep of a million jobs has half as many."""
MANY = 1000
"""Lines from which on columns whose cells are all the same are not parsed line by line."""
BLOCK = 1 << 22
"""Bytes that are looked through at once."""
COMMA, NEWLINE = b",\n"


class Rows(NamedTuple):
    """Rows of one CSV file: the columns' names, and the lines without their line ends."""

    names: tuple[str, ...]
    lines: list[str]


def read_rows(path: str, *, growing: bool = False) -> Rows:
    """The rows of a CSV file whose cells hold no line ends.

    growing: it may still be written to: a last line that is not whole does not count.
    Raises OSError or ValueError when the file is damaged.
    """
    text = read_text(path, MOST_BYTES).replace("\r\n", "\n")
    if "\r" in text:  # which pandas takes for a line's end
        raise ValueError("it holds a carriage return amid a line")
    header, *lines = text.split("\n")
    last = lines.pop() if lines else header
    if last and not growing:
        raise ValueError("its last line is torn")
    names = tuple(cells(header))
    if "\0" in header or len(set(names)) < len(names):
        raise ValueError("its first line does not name its columns")
    for place, line in enumerate(lines, 2):
        if count_cells(line) != len(names):
            raise ValueError(f"line {place} does not have the {len(names)} cells of the first")
    return Rows(names, lines)


def cells(line: str) -> list[str]:
    """The cells of a line."""
    return next(csv.reader([line], strict=True), [""])


def count_cells(line: str) -> int:
    """How many cells a line has."""
    return len(cells(line)) if '"' in line else line.count(",") + 1


def parse(tables: Sequence[Rows], texts: Iterable[str] = ()) -> pd.DataFrame:
    """One table of all rows; a column that some lack is empty there.

    texts: columns that stay as they are written. Whole numbers become Int64, which may be
    missing, other numbers float64, truth values boolean.
    """
    names = all_names([table.names for table in tables])
    pieces: list[str] = []
    for own, group in groupby(tables, key=lambda table: table.names):
        lines = (line for table in group for line in table.lines)
        if own == names:
            pieces += lines
        else:
            places = [own.index(name) if name in own else -1 for name in names]
            pieces += (joined([*row, ""][i] for i in places) for row in csv.reader(lines))
    data = "".join(f"{line}\n" for line in pieces).encode()
    if len(pieces) < MANY or b'"' in data:
        return parsed(names, data, texts)
    same, data = divided(data, len(names))
    count = len(pieces)
    del pieces
    constants = parsed([names[c] for c in same], b",".join(same.values()) + b"\n", texts)
    differing = [name for column, name in enumerate(names) if column not in same]
    table = {name: cells.array for name, cells in parsed(differing, data, texts).items()}
    table |= {name: cells.array.take(np.zeros(count, int)) for name, cells in constants.items()}
    return pd.DataFrame({name: table.pop(name) for name in names}, copy=False)


def parsed(names: Sequence[str], data: bytes, texts: Iterable[str]) -> pd.DataFrame:
    """Lines as a table."""
    if not names:
        return pd.DataFrame()
    table = pd.read_csv(
        io.BytesIO(data),
        header=None,
        names=list(names),
        index_col=False,
        dtype=dict.fromkeys({*texts} & {*names}, "string"),
        dtype_backend="numpy_nullable",
        keep_default_na=False,
        na_values=["", "nan"],
        low_memory=False,
        skip_blank_lines=False,
    )
    with_point = [n for n, cells in table.items() if cells.dtype == "Float64" or cells.isna().all()]
    return table.astype(dict.fromkeys(with_point, float))


def divided(data: bytes, columns: int) -> tuple[dict[int, bytes], bytes]:
    """The columns, but the last, whose cell is the same in all lines; and the lines without them.

    data: lines without quotes.
    """
    text = np.frombuffer(data, np.uint8)
    first = data[: data.index(b"\n")].split(b",")
    same = dict(enumerate(first[:-1]))
    for block in blocks(text):
        starts, ends = cell_places(block, columns)
        for column, cell in list(same.items()):
            places = starts[:, column]
            if (ends[:, column] - places != len(cell)).any() or (
                len(cell) and (sliding_window_view(block, len(cell))[places] != [*cell]).any()
            ):
                del same[column]
    left = []
    for block in blocks(text):
        starts, _ = cell_places(block, columns)
        kept = np.ones(len(block), bool)
        for column, cell in same.items():
            sliding_window_view(kept, len(cell) + 1, writeable=True)[starts[:, column]] = False
        left.append(block[kept].tobytes())
    return same, b"".join(left)


def blocks(text: Array) -> Iterator[Array]:
    """Some whole lines after the other."""
    start = 0
    while start < len(text):
        size = BLOCK
        while not len(ends := np.flatnonzero(text[start : start + size] == NEWLINE)):
            size *= 2
        yield text[start : start + ends[-1] + 1]
        start += ends[-1] + 1


def cell_places(block: Array, columns: int) -> tuple[Array, Array]:
    """Where cells begin and end, [lines, columns] each."""
    ends = np.flatnonzero((block == COMMA) | (block == NEWLINE))
    starts = np.concatenate([[0], ends[:-1] + 1])
    return starts.reshape(-1, columns), ends.reshape(-1, columns)


Column: TypeAlias = "pd.Series[Any]"
Mask: TypeAlias = "pd.Series[bool]"


def time(column: Column) -> Column:
    """A point in time, in UTC."""
    return pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")


def number(column: Column) -> Column:
    """A number; a column that holds no number at all is one of texts, and stays as it is."""
    numbers = pd.to_numeric(column, errors="coerce")
    return column if (numbers.isna() & column.notna()).all() else numbers


def whole(column: Column) -> Column:
    """A whole number of 64 bits; a failed run may lack it."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return numbers.where((numbers % 1 == 0) & (numbers.abs() < 2**53)).astype("Int64")


TYPES: dict[str, Callable[[Column], Column]] = {
    "seed": whole,
    "status": lambda column: column.where(column.isin(ENDED)).astype("category"),
    "stop_reason": lambda column: column.astype("category"),
    "steps": whole,
    "epochs": whole,
    "parameters": whole,
    "started": time,
    "finished": time,
}
"""By the column's name; every other result is a `number`."""


def typed(column: Column, kind: Callable[[Column], Column]) -> tuple[Column, Mask]:
    """A column in its type, and the rows whose cells are not what that can be."""
    found = kind(column)
    return found, found.isna() & column.notna()
