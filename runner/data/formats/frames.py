"""A pandas DataFrame as a table: its columns go the way of a file's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.data.formats.table_file import TableFile
from runner.errors import DataError, printable

if TYPE_CHECKING:
    import pandas as pd


class Frame(TableFile):
    """The columns of a DataFrame. Raises DataError where two have the same name."""

    def __init__(self, frame: "pd.DataFrame") -> None:
        self.path = self.place = "inputs"
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

    def damaged(self, problem: str) -> DataError:
        """The one line for a table that cannot be used."""
        return DataError(f"inputs: {problem}")
