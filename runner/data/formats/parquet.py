"""Parquet files, read with pyarrow a bounded number of rows at a time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runner.data.formats.opening import MOST_COLUMNS, check_growth
from runner.data.formats.table_file import CHUNK, TableFile
from runner.errors import DataError, printable

if TYPE_CHECKING:
    import pandas as pd

EXPECTED = "expected a Parquet file with columns of numbers, truth values or texts"


class ParquetFile(TableFile):
    """The columns of a Parquet file. Raises DataError where it is none, or damaged."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            with self._opened() as file:
                self.header = tuple(map(str, file.schema_arrow.names))
                self.most_rows = int(file.metadata.num_rows)
                groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
                counted = sum(int(group.num_rows) for group in groups)
        except DataError:
            raise
        except Exception as error:  # pyarrow raises errors of many kinds
            raise self.damaged(type(error).__name__) from error
        if len(set(self.header)) < len(self.header):
            raise self.damaged("two columns have the same name")
        if counted != self.most_rows:
            raise self.damaged("its numbers of rows contradict each other")
        if not self.most_rows:
            raise self.damaged("it has no rows")
        if len(self.header) > MOST_COLUMNS:
            raise self.damaged(f"{len(self.header):,} columns, {MOST_COLUMNS:,} at most")
        try:
            check_growth(path, 8 * self.most_rows * len(self.header))
        except ValueError as error:
            raise self.damaged(str(error)) from error

    def _opened(self) -> Any:
        try:
            from pyarrow import parquet  # noqa: PLC0415 - optional, slow to import
        except ImportError as error:
            raise DataError(
                f"dataset.path='{printable(self.path)}' needs pyarrow; pip install pyarrow"
            ) from error
        return parquet.ParquetFile(self.path)

    def damaged(self, problem: str) -> DataError:
        """The one line for a file that is not what it should be."""
        return DataError(f"{self.place} cannot be read as Parquet ({problem}); {EXPECTED}")

    def pieces(self, texts: tuple[str, ...]) -> Iterator["pd.DataFrame"]:
        """The rows, some at a time; the columns named in `texts` as texts."""
        rows = 0
        try:
            with self._opened() as file:
                whole = whole_numbers()
                for batch in file.iter_batches(batch_size=CHUNK):
                    batch.validate(full=True)  # texts that are not UTF-8, places out of range
                    # Metadata may hide columns; whole numbers stay whole beside missing ones.
                    piece = batch.to_pandas(ignore_metadata=True, types_mapper=whole.get)
                    rows += len(piece)
                    if rows > self.most_rows:
                        break
                    for name in texts:
                        present = piece[name].notna()
                        piece[name] = piece[name].astype(str).where(present)
                    yield piece
        except DataError:
            raise
        except Exception as error:  # pyarrow raises errors of many kinds
            raise self.damaged(type(error).__name__) from error
        if rows != self.most_rows:
            raise self.damaged(f"{rows:,} rows, not {self.most_rows:,}")


def whole_numbers() -> dict[Any, Any]:
    """By Arrow's type of whole numbers, the one of pandas that keeps them whole."""
    import pandas as pd  # noqa: PLC0415 - only for those who read files
    import pyarrow as pa  # noqa: PLC0415

    names = [f"{sign}{bits}" for sign in ("Int", "UInt") for bits in (8, 16, 32, 64)]
    return {getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")() for name in names}
