"""What a file of columns offers, whatever its format."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol

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
