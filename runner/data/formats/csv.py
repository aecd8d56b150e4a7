"""CSV files, plain or gzip: their form checked, their cells read a bounded piece at a time."""

import csv
import gzip
import io
import math
import os
import re
import stat
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, NoReturn, cast

from runner.data.formats.idx import GZIP_MAGIC
from runner.data.formats.opening import MOST_COLUMNS, MOST_GROWTH, fits
from runner.errors import DataError, counted, printable

if TYPE_CHECKING:
    import pandas as pd

LONGEST_LINE = 10_000_000
"""Bytes; a longer line is not a table's row."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHUNK = 50_000
"""Rows that are parsed together."""
EXPECTED = "expected a CSV file, e.g. dataset.path=data.csv"


def opened_bytes(path: str) -> IO[bytes]:
    """The file's bytes, decompressed if it is gzip, whatever its name."""
    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP_MAGIC
    return cast(IO[bytes], gzip.open(path, "rb")) if compressed else open(path, "rb")


def opened_text(path: str) -> IO[str]:
    """The file's text without a byte-order mark."""
    return io.TextIOWrapper(opened_bytes(path), encoding="utf-8-sig", newline="")


class CsvFile:
    """A well-formed table: its header, an upper bound of its rows, and its rows in pieces.

    Raises DataError for what is not a file, not UTF-8, or not a table.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        check_is_file(path)
        csv.field_size_limit(LONGEST_LINE)
        try:
            newlines, size = measure(path)
            with opened_text(path) as file:
                lines = csv.reader(file, strict=True)
                self.header = next(lines, [])
                cells = len(next(lines, self.header))
        except READING as error:
            raise unreadable(path, error) from error
        if not self.header:
            raise malformed(path, "it has no columns in its first line")
        if len(self.header) > MOST_COLUMNS:
            found = f"it has {len(self.header):,} columns, {MOST_COLUMNS:,} at most"
            raise malformed(path, found)
        counts = Counter(self.header)
        if len(counts) < len(self.header):
            repeated = next(name for name in counts if counts[name] > 1)
            raise malformed(path, f"it names the column '{printable(repeated)}' twice")
        if cells > len(self.header):  # pandas would take the first column for an index
            found = f"its lines have {counted(cells, 'cell')}, the header {len(self.header)}"
            raise malformed(path, found)
        # A cell takes a byte at least, so that a short file cannot ask for a large table.
        self.most_rows = min(newlines + 1, size // max(1, len(self.header)) + 1)

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """The rows, `CHUNK` at a time; the columns named in `texts` are read as they are written.

        Refuses a file without rows, and lines with fewer cells than the header.
        """
        import pandas as pd  # noqa: PLC0415 - half a second, only for those who read files

        none, short = True, False
        try:
            with opened_bytes(self.path) as file:
                if file.read(3) != BYTE_ORDER_MARK:
                    file.seek(0)
                reader = pd.read_csv(
                    file,
                    encoding="utf-8",
                    skip_blank_lines=False,
                    low_memory=False,
                    chunksize=CHUNK,
                    dtype=dict.fromkeys(texts, str),
                    dtype_backend="numpy_nullable",  # whole numbers stay whole beside empty cells
                )
                for piece in reader:
                    piece.columns = pd.Index(self.header)  # pandas names nameless columns
                    short |= bool(piece.iloc[:, -1].isna().any())
                    none &= piece.empty
                    yield piece
        except (*READING, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise unreadable(self.path, error) from error
        if none:
            raise malformed(self.path, "it has a header but no rows")
        if short:  # pandas fills up short lines: are these cells empty, or not there?
            self.check_lengths()

    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """Where each row stands, in words, and its cells; slow, to find what to complain of."""
        with opened_text(self.path) as file:
            reader = csv.reader(file)
            next(reader)
            for row in reader:
                where = f"dataset.path: {printable(self.path)} line {reader.line_num}"
                yield where, row

    def check_lengths(self) -> None:
        """Refuses the first line that has not as many cells as the header."""
        for where, row in self.rows():
            if len(row) != len(self.header):
                raise DataError(
                    f"{where} has {counted(len(row), 'cell')}, "
                    f"expected {len(self.header)} as in the header"
                )

    def refuse_cell(
        self, name: str, is_bad: Callable[[str], bool], expected: str | None = None
    ) -> NoReturn:
        """Names the line and text of the first bad cell of a column."""
        place = self.header.index(name)
        self.check_lengths()
        for where, row in self.rows():
            if is_bad(row[place]):
                cell = row[place]
                raise DataError(
                    f"{where} column '{printable(name)}': '{printable(cell[:60])}' "
                    f"{expected or complaint(cell, name)}"
                )
        raise malformed(self.path, f"column '{printable(name)}' does not hold numbers")


READING = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)
"""What reading a damaged file can raise."""


def unreadable(path: str, error: Exception) -> DataError:
    """The one line for a file that cannot be read, or not as a table."""
    name = printable(path)
    if isinstance(error, UnicodeDecodeError):
        return DataError(f"dataset.path: {name} is not UTF-8; save it as UTF-8")
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return DataError(f"dataset.path: {name} is damaged ({printable(error)}); {EXPECTED}")
    if isinstance(error, OSError):
        return DataError(f"dataset.path='{name}': {error.strerror or error}; {EXPECTED}")
    return malformed(path, printable(str(error).strip()))


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


def measure(path: str) -> tuple[int, int]:
    """How many line ends and bytes; refuses NUL and lines too long for a table on the way."""
    since_newline = newlines = size = 0
    with opened_bytes(path) as file:
        packed = file.fileobj if isinstance(file, gzip.GzipFile) else file
        while piece := file.read(1 << 20):
            if b"\0" in piece:
                raise malformed(path, "it holds NUL bytes")
            last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
            since_newline = len(piece) - last - 1 if last >= 0 else since_newline + len(piece)
            if since_newline > LONGEST_LINE:
                raise malformed(path, f"a line is longer than {LONGEST_LINE:,} bytes")
            newlines += piece.count(b"\n") + (piece.count(b"\r") if b"\r" in piece else 0)
            size += len(piece)
            if not fits(size, packed.tell()):
                found = f"it unpacks to more than {MOST_GROWTH} times its size"
                raise malformed(path, f"{found}; gunzip it first if that is right")
    return newlines, size


def is_number(cell: str) -> bool:
    """Whether a cell's text is a finite number, or a truth value."""
    if is_numeral(cell):
        return math.isfinite(float(cell))
    return cell.strip().lower() in ("true", "false")


def is_numeral(cell: str) -> bool:
    """Whether a cell's text is a number in digits, of whatever size."""
    return NUMERAL.fullmatch(cell) is not None


NUMERAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says in one of the usual ways that its value is not known."""
    return not cell.strip() or cell.strip() in MISSING


MISSING = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a", "NULL", "null", "None"),
        *("NaN", "-NaN", "nan", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    }
)
"""What pandas takes for a missing value."""


def complaint(cell: str, column: str) -> str:
    """What is wrong with a cell that is no number, and a way out."""
    if is_date(cell):
        return (
            "is a date, not a number; make columns of numbers of it, such as year and month, or "
            f"leave it out: dataset.exclude=[{printable(column)}]"
        )
    return "is not a finite number" + hint(cell)


def is_date(cell: str) -> bool:
    """Whether a cell holds a date, with a time or without."""
    return DATE.fullmatch(cell.strip()) is not None


DATE = re.compile(
    r"([0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\3[0-9]{4})"
    r"([T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AP]M)?( ?(Z|UTC|[+-][0-9:]{2,5}))?)?",
    re.ASCII | re.IGNORECASE,
)


def hint(cell: str) -> str:
    """A way out for the commonest bad cells."""
    if not cell.strip():
        return "; fill in the missing value, or see dataset.missing"
    if is_missing(cell):
        return "; dataset.missing=drop leaves such rows out, mean, median or most_frequent fill in"
    if re.fullmatch(DECIMAL_COMMA, cell.strip()):
        return "; write decimals with a point"
    return "; expected numbers in every row, or texts that repeat, to be categories"


DECIMAL_COMMA = r"-?[0-9]+,[0-9]+"
