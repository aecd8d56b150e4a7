"""What a file of columns offers, whatever its format, and how its faults are told."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from runner.data.formats.cells import complaint
from runner.data.formats.opening import is_plain
from runner.errors import DataError, printable

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 50_000
"""Rows that are read together."""
EXPECTED = "expected a CSV file, e.g. dataset.path=data.csv"


class TableFile(ABC):
    """A file with named columns. Raises DataError for what is not a plain file."""

    header: Sequence[str]
    """The columns' names."""
    most_rows: int
    """No fewer than it has."""
    arrays: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    """Of arrays [rows, …] that are several columns, name.1, name.2, …: the shape of a row."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.place = f"dataset.path: {printable(path)}"
        """Where its faults are, in words."""
        try:
            plain = is_plain(path)
        except OSError as error:
            raise unreadable(path, error) from error
        if not plain:
            raise DataError(f"dataset.path='{printable(path)}' is not a file; {EXPECTED}")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, those of an array by its own alone."""
        return tuple(dict.fromkeys(map(self.array_of, self.header)))

    def array_of(self, column: str) -> str:
        """The array that a column is of, or the column."""
        name, _, number = column.rpartition(".")
        return name if name in self.arrays and number.isdecimal() else column

    @abstractmethod
    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """The rows, some at a time; the columns named in `texts` as they are written."""

    @abstractmethod
    def damaged(self, problem: str) -> DataError:
        """The one line for a file that is not what it should be."""

    def cells(self, name: str) -> Iterator[tuple[str, str]]:
        """Where each cell of a column stands, in words, and its text."""
        row = 0
        for piece in self.pieces(()):
            for value in piece[name].tolist():
                row += 1
                yield f"{self.place} row {row}", str(value)

    def refuse_cell(
        self, name: str, is_bad: Callable[[str], bool], expected: str | None = None
    ) -> NoReturn:
        """Raises DataError naming place and text of the first bad cell of a column."""
        for where, cell in self.cells(name):
            if is_bad(cell):
                raise DataError(
                    f"{where} column '{printable(name)}': '{printable(cell[:60])}' "
                    f"{expected or complaint(cell, name)}"
                )
        raise self.damaged(f"column '{printable(name)}' does not hold numbers")


def unreadable(path: str, error: OSError) -> DataError:
    """The one line for a file that the system does not give."""
    line = f"dataset.path='{printable(path)}': {error.strerror or error}; {EXPECTED}"
    return DataError(line, path)


@contextmanager
def told_as(key: str | None) -> Iterator[None]:
    """Faults of a file that is not `dataset.path`'s are told with its own key, or with none."""
    try:
        yield
    except DataError as error:
        replacement = "" if key is None else rf"{key}\1"
        line = re.sub(r"dataset\.path(=|: )", replacement, str(error))
        raise DataError(line, error.path) from None
