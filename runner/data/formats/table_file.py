"""What a file of columns offers, whatever its format."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

from runner.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


class TableFile(Protocol):
    """A file with named columns."""

    path: str
    most_rows: int
    """No fewer than it has."""

    @property
    def header(self) -> Sequence[str]:
        """The columns' names."""
        ...

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """The rows, some at a time; the columns named in `texts` as they are written."""
        ...

    def refuse_cell(
        self, name: str, is_bad: Callable[[str], bool], expected: str | None = None
    ) -> NoReturn:
        """Raises DataError naming the first bad cell of a column."""
        ...


@contextmanager
def told_as(key: str | None) -> Iterator[None]:
    """Faults of a file that is not `dataset.path`'s are told with its own key, or with none."""
    try:
        yield
    except DataError as error:
        replacement = "" if key is None else rf"{key}\1"
        raise DataError(re.sub(r"dataset\.path(=|: )", replacement, str(error))) from error
