"""CSV files, plain or gzip: their form checked, their cells read a bounded piece at a time."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from runner.data.formats.opening import MOST_COLUMNS, MOST_GROWTH, fits, opened_bytes
from runner.data.formats.table_file import CHUNK, EXPECTED, TableFile, unreadable
from runner.errors import DataError, counted, printable

if TYPE_CHECKING:
    import pandas as pd

LONGEST_LINE = 10_000_000
"""Bytes; a longer line is not a table's row."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
READING = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)
"""What reading a damaged file can raise."""


def exactly(pandas: str) -> dict[str, Any]:
    """What has this version of pandas read numbers as the nearest doubles: before 3.1, a wish."""
    major, minor = map(int, pandas.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


class CsvFile(TableFile):
    """A well-formed table: its header, an upper bound of its rows, and its rows in pieces.

    Raises DataError for what is not a file, not UTF-8, or not a table.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        csv.field_size_limit(LONGEST_LINE)
        try:
            newlines, size = self._measure()
            with self._opened_text() as file:
                lines = csv.reader(file, strict=True)
                self.header = next(lines, [])
                cells = len(next(lines, self.header))
        except READING as error:
            raise self._refused(error) from error
        if not self.header:
            raise self.damaged("it has no columns in its first line")
        if len(self.header) > MOST_COLUMNS:
            raise self.damaged(f"it has {len(self.header):,} columns, {MOST_COLUMNS:,} at most")
        counts = Counter(self.header)
        if len(counts) < len(self.header):
            repeated = next(name for name in counts if counts[name] > 1)
            raise self.damaged(f"it names the column '{printable(repeated)}' twice")
        if cells > len(self.header):  # pandas would take the first column for an index
            found = f"its lines have {counted(cells, 'cell')}, the header {len(self.header)}"
            raise self.damaged(found)
        # A cell takes a byte at least, so that a short file cannot ask for a large table.
        self.most_rows = min(newlines + 1, size // max(1, len(self.header)) + 1)

    def _measure(self) -> tuple[int, int]:
        """How many line ends and bytes; refuses NUL and lines too long for a table on the way."""
        since_newline = newlines = size = 0
        with opened_bytes(self.path) as file:
            packed = file.fileobj if isinstance(file, gzip.GzipFile) else file
            while piece := file.read(1 << 20):
                if b"\0" in piece:
                    raise self.damaged("it holds NUL bytes")
                last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
                since_newline = len(piece) - last - 1 if last >= 0 else since_newline + len(piece)
                if since_newline > LONGEST_LINE:
                    raise self.damaged(f"a line is longer than {LONGEST_LINE:,} bytes")
                newlines += piece.count(b"\n") + (piece.count(b"\r") if b"\r" in piece else 0)
                size += len(piece)
                if not fits(size, packed.tell()):
                    found = f"it unpacks to more than {MOST_GROWTH} times its size"
                    raise self.damaged(f"{found}; gunzip it first if that is right")
        return newlines, size

    def _opened_text(self) -> IO[str]:
        """The file's text without a byte-order mark."""
        return io.TextIOWrapper(opened_bytes(self.path), encoding="utf-8-sig", newline="")

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
                    **exactly(pd.__version__),
                )
                for piece in reader:
                    piece.columns = pd.Index(self.header)  # pandas names nameless columns
                    short |= bool(piece.iloc[:, -1].isna().any())
                    none &= piece.empty
                    yield piece
        except (*READING, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise self._refused(error) from error
        if none:
            raise self.damaged("it has a header but no rows")
        if short:  # pandas fills up short lines: are these cells empty, or not there?
            self._check_lengths()

    def _rows(self) -> Iterator[tuple[str, list[str]]]:
        """Where each row stands, in words, and its cells; slow, to find what to complain of."""
        with self._opened_text() as file:
            reader = csv.reader(file)
            next(reader)
            for row in reader:
                yield f"{self.place} line {reader.line_num}", row

    def _check_lengths(self) -> None:
        """Refuses the first line that has not as many cells as the header."""
        for where, row in self._rows():
            if len(row) != len(self.header):
                raise DataError(
                    f"{where} has {counted(len(row), 'cell')}, "
                    f"expected {len(self.header)} as in the header"
                )

    def cells(self, name: str) -> Iterator[tuple[str, str]]:
        """The line and text of each cell of a column."""
        self._check_lengths()
        place = self.header.index(name)
        return ((where, row[place]) for where, row in self._rows())

    def _refused(self, error: Exception) -> DataError:
        """The one line for a file that cannot be read, or not as a table."""
        if isinstance(error, UnicodeDecodeError):
            return DataError(f"{self.place} is not UTF-8; save it as UTF-8")
        if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
            return DataError(f"{self.place} is damaged ({printable(error)}); {EXPECTED}")
        if isinstance(error, OSError):
            return unreadable(self.path, error)
        return self.damaged(printable(str(error).strip()))

    def damaged(self, problem: str) -> DataError:
        """A fault of the file's form."""
        return DataError(
            f"{self.place} is not a well-formed table: {problem}; "
            "expected a header line, then as many comma-separated cells in every line"
        )
