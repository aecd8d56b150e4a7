"""A pandas DataFrame as a table: its columns go the way of a file's."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

from runner.data.formats.csv import complaint
from runner.errors import DataError, printable

if TYPE_CHECKING:
    import pandas as pd


class Frame:
    """The columns of a DataFrame. Raises DataError where two have the same name."""

    path = "inputs"

    def __init__(self, frame: "pd.DataFrame") -> None:
        self.header = tuple(map(str, frame.columns))
        self.most_rows = len(frame)
        self._frame = frame.set_axis(list(self.header), axis=1)
        for name in self.header:
            if self.header.count(name) > 1:
                raise DataError(f"inputs have two columns '{printable(name)}'; expected one")

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """All rows at once; the columns named in `texts` as texts."""
        columns = {name: self._frame[name] for name in texts}
        yield self._frame.assign(
            **{name: cells.astype(str).where(cells.notna()) for name, cells in columns.items()}
        )

    def refuse_cell(
        self, name: str, is_bad: Callable[[str], bool], expected: str | None = None
    ) -> NoReturn:
        """Names the row and text of the first bad cell of a column."""
        for place, value in enumerate(self._frame[name].tolist()):
            if is_bad(cell := str(value)):
                raise DataError(
                    f"inputs row {place + 1} column '{printable(name)}': "
                    f"'{printable(cell[:60])}' {expected or complaint(cell, name)}"
                )
        raise DataError(f"inputs: column '{printable(name)}' does not hold numbers")
