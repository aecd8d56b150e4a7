"""CSV files of many runs, read as text, checked, and parsed together as one table."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from runner.run_folder.statuses import ENDED
from runner.run_folder.tables import all_names
from runner.storage.reading import read_text

NOT_READABLE = (OSError, ValueError, csv.Error)
"""What reading a damaged file can raise."""
MOST_BYTES = 1 << 32
"""Of a table; that of a sweep of a million jobs has half as many."""


class Rows(NamedTuple):
    """Rows of one CSV file: the columns' names, and the lines with their line ends."""

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
    return Rows(names, [line + "\n" for line in lines])


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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for own, group in groupby(tables, key=lambda table: table.names):
        lines = (line for table in group for line in table.lines)
        if own == names:
            text.writelines(lines)
        else:
            places = [own.index(name) if name in own else -1 for name in names]
            writer.writerows([[*row, ""][i] for i in places] for row in csv.reader(lines))
    text.seek(0)
    table = pd.read_csv(
        text,
        dtype=dict.fromkeys(texts, "string"),
        dtype_backend="numpy_nullable",
        keep_default_na=False,
        na_values=["", "nan"],
        low_memory=False,
        skip_blank_lines=False,
    )
    with_point = [n for n, cells in table.items() if cells.dtype == "Float64" or cells.isna().all()]
    return table.astype(dict.fromkeys(with_point, float))


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
