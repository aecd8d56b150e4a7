"""Rows of a sweep's file, written: in transactions, so that each is whole or not there."""

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from runner.errors import ConflictError, StorageError, printable
from runner.run_folder.job_rows import (
    FILE,
    SCHEMA,
    TABLES,
    JobRow,
    Kind,
    RowBase,
    checksum_of,
    connected,
    is_held,
)
from runner.storage.files import storage_errors

PAGE = 1 << 16
"""Bytes: many rows fit, so that little is left empty."""

MOST_AT_ONCE = 5000
"""Rows that wait in memory where a file is written anew."""


class JobRowsWriter:
    """Adds rows to a sweep's file, which is open only meanwhile.

    Processes are forked from this one, which are to share no connection.

    durable: whether what is written outlives a power cut.
    """

    def __init__(self, sweep: Path, *, durable: bool) -> None:
        self.path = sweep / FILE
        self._durable = durable
        self._waiting: list[JobRow] = []
        self._known: dict[RowBase | Kind, int] = {}

    def add(self, row: JobRow) -> None:
        """Takes a row, to be written by the next `flush`."""
        self._waiting.append(row)

    def flush(self) -> None:
        """Writes what waits, all of it or nothing.

        Raises ConflictError where another process holds the file, and StorageError where it cannot
        be written.
        """
        if not self._waiting:
            return
        try:
            with closing(connected(self.path, "rwc")) as connection:
                connection.execute(f"PRAGMA page_size = {PAGE}")  # heeded by a new file
                # EXTRA: a transaction ends when its journal is gone, and that is to last, too.
                connection.execute(f"PRAGMA synchronous = {'EXTRA' if self._durable else 'OFF'}")
                connection.execute(f"PRAGMA fullfsync = {self._durable}")  # as macOS wants it
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    prepare(connection)
                    self._add_to(connection)
        except BaseException as error:
            self._known = {}  # what was not written is not there
            if not isinstance(error, sqlite3.Error):
                raise
            if is_held(error):
                told = f"{printable(self.path)} is held by another process; try again"
                raise ConflictError(told) from error
            raise StorageError(
                f"{printable(self.path)}: {printable(error)}; free space, or choose another place"
            ) from error
        self._waiting = []

    def _add_to(self, connection: sqlite3.Connection) -> None:
        rows = []
        for number, base, kind, *rest in sorted(self._waiting, key=lambda row: row.number):
            own = (
                number,
                self._place(connection, "bases", base),
                self._place(connection, "kinds", kind),
                *rest,
            )
            rows.append((*own, checksum_of(*own)))
        connection.executemany(f"INSERT OR REPLACE INTO jobs VALUES ({holes(10)})", rows)

    def _place(self, connection: sqlite3.Connection, table: str, common: RowBase | Kind) -> int:
        """Where what jobs have in common is kept."""
        if common not in self._known:
            query = f"SELECT coalesce(max(id), -1) + 1 FROM {table}"
            (place,) = connection.execute(query).fetchone()
            values = (place, *common)
            row = (*values, checksum_of(*values))
            connection.execute(f"INSERT INTO {table} VALUES ({holes(len(row))})", row)
            self._known[common] = place
        return self._known[common]


def rewrite(sweep: Path, rows: Iterable[JobRow]) -> None:
    """Puts a file with these rows in the place of one that is damaged, which gets another name."""
    new, old = sweep / f".{FILE}.new", sweep / f"{FILE}.damaged"
    new.unlink(missing_ok=True)
    writer = JobRowsWriter(sweep, durable=True)
    writer.path = new
    for number, row in enumerate(rows, 1):
        writer.add(row)
        if number % MOST_AT_ONCE == 0:
            writer.flush()
    writer.flush()
    with storage_errors(old):
        old.unlink(missing_ok=True)
        if not new.exists():  # not one of them could be read
            os.replace(sweep / FILE, old)
        else:
            shutil.copyfile(sweep / FILE, old)
            (sweep / f"{FILE}-journal").unlink(missing_ok=True)
            os.replace(new, sweep / FILE)


def prepare(connection: sqlite3.Connection) -> None:
    """Makes a new file's tables."""
    if connection.execute("PRAGMA user_version").fetchone() != (SCHEMA,):
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")


def holes(count: int) -> str:
    """Places for so many values."""
    return ", ".join("?" * count)
