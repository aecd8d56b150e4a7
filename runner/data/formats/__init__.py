"""The formats that tables come in; a new one is a class in a file here and an entry below."""

from collections.abc import Callable, Mapping
from pathlib import Path

from runner.data.formats.csv import CsvFile
from runner.data.formats.npy import NpyFile, NpzFile
from runner.data.formats.parquet import ParquetFile
from runner.data.formats.table_file import TableFile

FORMATS: Mapping[str, Callable[[str], TableFile]] = {
    ".parquet": ParquetFile,
    ".npz": NpzFile,
    ".npy": NpyFile,
}
"""By the end of the file's name; everything else is CSV, plain or gzip."""


def open_table(path: str) -> TableFile:
    """A file by its format."""
    return FORMATS.get(Path(path).suffix, CsvFile)(path)
