"""history.csv: rows appended as training goes, cut back when a run goes on, and read again."""

import os
import time
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from runner.errors import SnapshotError, printable
from runner.network.arrays import Array
from runner.run_folder.tables import table_rows
from runner.storage.files import AT_ONCE, Syncing, storage_errors, write_whole
from runner.storage.reading import open_regular, read_text
from runner.training.engine import StepReport


class Mark(NamedTuple):
    """A place in history.csv: what a snapshot remembers, to go on from there."""

    size: int
    """Bytes before it."""
    checksum: int
    """Their CRC-32."""


EMPTY = Mark(0, 0)
MOST_HISTORY = 1 << 30
"""Bytes of a history.csv; log-spaced rows take a few thousand."""
SECONDS_BETWEEN_WRITES = 1.0


class History:
    """history.csv as it grows: one row an epoch recorded.

    kept: the rows to go on after.
    """

    def __init__(self, kept: bytes = b"") -> None:
        self._lines: list[str] = []
        self._new = b""
        self._mark = Mark(len(kept), zlib.crc32(kept))
        header, *rows = kept.decode().splitlines() or [""]
        self._names = tuple(header.split(",")[3:])
        self._last_step = int(rows[-1].partition(",")[0]) if rows else -1

    @property
    def mark(self) -> Mark:
        """Where the next row will stand."""
        self._encode()
        return self._mark

    def append(self, report: StepReport) -> None:
        """A row for this report, unless its step already has one."""
        if not self._names:
            self._names = tuple(report.metrics)
            self._lines.append(",".join(("step", "epoch", "seconds", *self._names)) + "\n")
        if report.step > self._last_step:
            known = report.metrics
            values = ",".join([repr(known[name]) if name in known else "" for name in self._names])
            self._lines.append(f"{report.step},{report.epoch},{report.seconds:.6f},{values}\n")
            self._last_step = report.step

    def taken(self) -> bytes:
        """The rows that are new since this was last called."""
        self._encode()
        new, self._new = self._new, b""
        return new

    def _encode(self) -> None:
        new = "".join(self._lines).encode()
        self._lines.clear()
        self._new += new
        self._mark = Mark(self._mark.size + len(new), zlib.crc32(new, self._mark.checksum))


class HistoryFile(History):
    """The history of a run in its folder, rows after `mark` cut off; new ones wait for a second."""

    def __init__(self, run: Path, mark: Mark = EMPTY, syncing: Syncing = AT_ONCE) -> None:
        path = run / "history.csv"
        file = os.fdopen(open_regular(path, os.O_RDWR | os.O_CREAT), "r+b", buffering=0)
        try:
            kept = history_up_to(path, mark) if mark.size else b""
            file.truncate(mark.size)
            file.seek(mark.size)
            syncing.placed(path)
        except BaseException:
            file.close()
            raise
        super().__init__(kept)
        self._file, self._syncing, self._path = file, syncing, path
        self._written = time.monotonic()

    def append(self, report: StepReport) -> None:
        """A row for this report, unless its step already has one."""
        super().append(report)
        if time.monotonic() > self._written + SECONDS_BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        """Writes the rows that are new."""
        self._written = time.monotonic()
        with storage_errors(self._path):
            write_whole(self._file, self.taken())

    def sync(self) -> None:
        """Keeps the rows, whatever happens next."""
        self.write()
        self._syncing.appended(self._path)

    def close(self) -> None:
        """Writes what is new and closes the file."""
        try:
            self.write()
        finally:
            self._file.close()


def history_up_to(path: Path, mark: Mark) -> bytes:
    """The rows before a mark. Raises SnapshotError when they are not those it was made after."""
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            there = os.fstat(file.fileno()).st_size  # a mark may claim more than memory holds
            rows = file.read(min(mark.size, there))
    except FileNotFoundError:
        rows = b""
    if Mark(len(rows), zlib.crc32(rows)) != mark:
        raise SnapshotError(f"{printable(path)} lacks rows that were there at its snapshot")
    return rows


def read_history(run: Path) -> list[dict[str, str]]:
    """The rows of a run's history.csv, each by the names of its columns.

    Raises OSError or ValueError where it cannot be read.
    """
    return history_rows(read_text(run / "history.csv", MOST_HISTORY))


def history_rows(text: str) -> list[dict[str, str]]:
    """The rows of a history as it is written; a cell that a row lacks is empty.

    Raises ValueError where it is no table of a run's steps.
    """
    if text and "step" not in text.partition("\n")[0].strip().split(","):
        raise ValueError("it has no column step")
    return table_rows(text)


def history_column(run: Path, metric: str) -> dict[int, float]:
    """A metric of a run's history.csv by step. Raises as `read_history`."""
    return {int(row["step"]): float(row[metric]) for row in read_history(run)}


def history_columns(run: Path) -> dict[str, Array]:
    """The columns of a run's history.csv, NaN where a cell is empty. Raises as `read_history`."""
    rows = read_history(run)
    names = [name for name in (rows[0] if rows else ()) if name]
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}
