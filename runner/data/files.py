"""Tables of one's own: CSV files."""

import csv
import math
import os
import re
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from runner.data.dataset import Part, Pool
from runner.errors import DataError, printable
from runner.network.topology import Array
from runner.rules import suggestion

if TYPE_CHECKING:
    import pandas as pd

LONGEST_LINE = 10_000_000
"""Bytes; a longer line is not a table's row."""


def load_csv(path: str, target: tuple[str, ...], features: tuple[str, ...] | None) -> Pool:
    """Numeric columns of a CSV file with a header row.

    target: the columns to learn. features: the columns to learn from, or None for all the rest.
    Raises DataError naming file, line and column of the first cell that is not a finite number.
    """
    frame = read_table(path)
    columns = list(frame.columns)
    for key, names in (("dataset.target", target), ("dataset.features", features or ())):
        for name in names:
            if name not in columns:
                found = ", ".join(map(printable, columns[:20]))
                raise DataError(
                    f"{key}: {printable(path)} has no column '{printable(name)}'; "
                    f"{suggestion(name, columns)}it has {found}{other_separator(columns)}"
                )
    chosen = features or tuple(name for name in columns if name not in target)
    if not chosen:
        raise DataError(f"dataset.features: {path} has no column left to learn from")
    samples = Part(numbers(path, frame, chosen), numbers(path, frame, target))
    return Pool(samples, chosen, tuple(target))


def other_separator(columns: list[str]) -> str:
    """A hint where the whole header became one column."""
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "; cells must be separated by commas"
    return ""


def read_table(path: str) -> "pd.DataFrame":
    """The file as a pandas table, with every structural fault of it refused."""
    import pandas as pd  # noqa: PLC0415 - half a second, only for those who read files

    check_is_file(path)
    csv.field_size_limit(LONGEST_LINE)
    try:
        check_bytes(path)
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = next(lines, [])
            cells = len(next(lines, header))
        frame = pd.read_csv(path, encoding="utf-8-sig", skip_blank_lines=False, low_memory=False)
    except UnicodeDecodeError as error:
        raise DataError(
            f"dataset.path: {printable(path)} is not UTF-8; save it as UTF-8"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise malformed(path, printable(str(error).strip())) from error
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise malformed(path, f"it names the column '{printable(repeated[0])}' twice")
    if cells > len(header):  # pandas would take the first column for an index
        raise malformed(path, f"its lines have {cells} cells, the header {len(header)}")
    if frame.empty:
        raise malformed(path, "it has a header but no rows")
    frame.columns = pd.Index(header)  # pandas makes up names for nameless columns
    return frame


def malformed(path: str, problem: str) -> DataError:
    """A fault of the file's form."""
    return DataError(
        f"dataset.path: {printable(path)} is not a well-formed table: {problem}; "
        "expected a header line, then as many comma-separated cells in every line"
    )


def check_is_file(path: str) -> None:
    """Refuses what is not a plain file that can be read; a FIFO would wait for ever."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(mode):
        raise DataError(f"dataset.path='{printable(path)}' is not a file; {EXPECTED}")


EXPECTED = "expected a CSV file, e.g. dataset.path=data.csv"


def unreadable(path: str, error: OSError) -> DataError:
    """A file that the file system does not give."""
    problem = error.strerror or "unreadable"
    return DataError(f"dataset.path='{printable(path)}': {problem}; {EXPECTED}")


def check_bytes(path: str) -> None:
    """Refuses NUL bytes and lines too long for a table, reading a bounded piece at a time."""
    since_newline = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            if b"\0" in piece:
                raise malformed(path, "it holds NUL bytes")
            last = piece.rfind(b"\n")
            since_newline = len(piece) - last - 1 if last >= 0 else since_newline + len(piece)
            if since_newline > LONGEST_LINE:
                raise malformed(path, f"a line is longer than {LONGEST_LINE:,} bytes")


def numbers(path: str, frame: "pd.DataFrame", names: tuple[str, ...]) -> Array:
    """The named columns as numbers [rows, columns]; refuses the first cell that is none."""
    out = np.empty((len(frame), len(names)))
    for place, name in enumerate(names):
        column = frame[name]
        if column.dtype.kind not in "biuf":
            refuse_first(path, name, lambda cell: not is_finite_number(cell))
        out[:, place] = column
        if not np.isfinite(out[:, place]).all():
            refuse_first(path, name, lambda cell: not is_finite_number(cell))
    return out


def is_finite_number(cell: str) -> bool:
    """Whether a cell's text is a finite number (or a truth value)."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return cell.strip().lower() in ("true", "false")


def refuse_first(path: str, name: str, is_bad: Callable[[str], bool]) -> NoReturn:
    """Names the line and text of the first bad cell of a column, found by reading once more."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        place = header.index(name)
        for row in reader:
            where = f"dataset.path: {printable(path)} line {reader.line_num}"
            if len(row) != len(header):
                raise DataError(
                    f"{where} has {len(row)} cells, expected {len(header)} as in the header"
                )
            if is_bad(row[place]):
                raise DataError(
                    f"{where} column '{printable(name)}': '{printable(row[place][:60])}' "
                    f"is not a finite number{hint(row[place])}"
                )
    raise malformed(path, f"column '{printable(name)}' does not hold numbers")


def hint(cell: str) -> str:
    """A way out for the commonest bad cells."""
    if not cell.strip():
        return "; fill in the missing value or leave the row out"
    if re.fullmatch(r"-?[0-9]+,[0-9]+", cell.strip()):
        return "; write decimals with a point"
    return "; expected numbers in every row"
