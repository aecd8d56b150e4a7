"""Jobs of a sweep that are rows of one SQLite file instead of folders: their reader.

What jobs have in common is there once: what they were composed of (a `RowBase`), and in what they
were run and what their numbers are called (a `Kind`). A job itself is a row: what differs, and its
results, history and weights as little-endian numbers. Each row ends with a CRC-32 of what it says,
so that of a damaged file every job that is sound can be read, and the others are known.
"""

import os
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from runner.errors import ConflictError, SnapshotError, printable
from runner.run_folder.row_checks import fits

FILE = "jobs.sqlite"
SCHEMA = 1
TABLES = (
    "CREATE TABLE bases (id INTEGER PRIMARY KEY, "
    "configuration TEXT, task TEXT, hydra TEXT, overrides TEXT, checksum INTEGER)",
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, about TEXT, preparation BLOB, checksum INTEGER)",
    "CREATE TABLE jobs (number INTEGER PRIMARY KEY, base INTEGER, kind INTEGER, overrides TEXT, "
    "changes TEXT, error TEXT, results BLOB, history BLOB, weights BLOB, checksum INTEGER)",
)
MOST_BYTES = 1 << 30
"""Of one value in the file."""
MOST_NUMBER = 2**63 - 1
SECONDS_OF_WAIT = 60.0
"""For another process that writes or reads."""
STRETCH = 1000
"""Rows that are read at a time."""
BYTES_OF_A_ROW = 40
"""At least; so many jobs at most are looked for in a damaged file."""


class RowBase(NamedTuple):
    """What jobs have in common that differ in plain values only."""

    configuration: str
    """Of the first of them, as JSON."""
    task: str
    """The same with its references as they are written."""
    hydra: str
    """Hydra's own part, as JSON."""
    overrides: str
    """Of the first of them, as JSON."""


class Kind(NamedTuple):
    """How many jobs were run, and what their numbers mean."""

    about: str
    """Engine, versions, status, names of results and of the history's columns, as JSON."""
    preparation: bytes
    """What prediction needs besides weights, as npz."""


class JobRow(NamedTuple):
    """What is kept of a job."""

    number: int
    base: RowBase
    kind: Kind
    overrides: str
    """Those that its base has otherwise, by place, as JSON."""
    changes: str
    """The values that its base has otherwise, by name, as JSON; empty where these overrides say."""
    error: str | None
    results: bytes
    """float64 [names]; those are left out that the history's last row has, too."""
    history: bytes
    """float64 [rows, names]"""
    weights: bytes
    """[parameters]; nothing where they are not finite."""


class JobRows:
    """The rows of a sweep's folder, read anew whenever it is asked.

    only: the numbers of those jobs that are wanted; None for all.
    """

    def __init__(self, sweep: Path, only: Iterable[int] | None = None) -> None:
        self.path = sweep / FILE
        self._only = None if only is None else sorted(only)
        self.damaged: list[str] = []
        """The numbers of jobs that the last reading could not make out."""
        self._whole = True

    @property
    def is_sound(self) -> bool:
        """Whether the last reading has found nothing that is damaged."""
        return self._whole and not self.damaged

    @property
    def is_there(self) -> bool:
        """Whether the sweep keeps rows."""
        return os.path.lexists(self.path)

    def __iter__(self) -> Iterator[JobRow]:
        """Every sound row by its number; `damaged` then says what else there is."""
        self.damaged, self._whole = [], True
        if not self.is_there:
            return
        with self._opened() as connection:
            if is_new(connection):
                return
            self._whole = is_whole(connection)
            bases, kinds, known = self._commons(connection)
            for number, base, kind, *rest, checksum in self._read(connection, "jobs", "number"):
                sound = base in bases and kind in kinds
                if not sound and counts(connection) != known:  # written meanwhile
                    bases, kinds, known = self._commons(connection)
                    sound = base in bases and kind in kinds
                sound = sound and checksum == checksum_of(number, base, kind, *rest)
                if not sound or not fits(bases[base], kinds[kind], tuple(rest)):
                    self.damaged.append(str(number))
                    continue
                yield JobRow(number, bases[base], kinds[kind], *rest)

    def row(self, number: int) -> JobRow:
        """A job's row. Raises SnapshotError where there is none, or no sound one."""
        name = f"#{number} of {printable(self.path.parent)}"
        with self._opened() as connection, told(name):
            query = "SELECT * FROM jobs WHERE number = ?"
            found = None if is_new(connection) else connection.execute(query, (number,)).fetchone()
            if found is None:
                raise SnapshotError(
                    f"{name} has no row: it has not ended, or the sweep has no such job; the sweep "
                    "launched again runs what is missing"
                )
            _, base, kind, *rest, checksum = found
            commons = [
                connection.execute(f"SELECT * FROM {table} WHERE id = ?", (key,)).fetchone()
                for table, key in (("bases", base), ("kinds", kind))
            ]
            sound = checksum == checksum_of(number, base, kind, *rest) and None not in commons
            base, kind = (tuple(common[1:-1]) if sound else () for common in commons)
            if not sound or not fits(base, kind, tuple(rest)):
                raise SnapshotError(f"{name} is damaged; the sweep launched again runs it anew")
            return JobRow(number, RowBase(*base), Kind(*kind), *rest)

    @property
    def numbers(self) -> list[int]:
        """The jobs there are, whether they are sound or not. Raises SnapshotError as `row` does."""
        if not self.is_there:
            return []
        with self._opened() as connection:
            query = "SELECT number FROM jobs"
            return [] if is_new(connection) else [row[0] for row in connection.execute(query)]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file as it is.

        Raises DamagedRowsError where it is damaged at its head, ConflictError where another process
        holds it, and SnapshotError where it is none of the runner's.
        """
        name = printable(self.path)
        try:
            found = self.path.lstat()  # to open and close it would let go of all locks on it
        except OSError as error:
            raise SnapshotError(f"{name}: {error.strerror}; expected a sweep's rows") from error
        if not stat.S_ISREG(found.st_mode):
            raise SnapshotError(f"{name} is a symbolic link or no plain file; expected rows")
        with told(name), closing(connected(self.path, "ro")) as connection:
            try:
                (schema,) = connection.execute("PRAGMA user_version").fetchone()
            except sqlite3.OperationalError:  # it was being written when its process was killed
                connection.close()
                with closing(connected(self.path, "rw")) as mended:
                    mended.execute("PRAGMA user_version").fetchone()
                with self._opened() as again:
                    yield again
                return
            if is_new(connection):
                yield connection
                return
            if schema != SCHEMA:
                raise SnapshotError(f"{name} has the schema {schema}, this version reads {SCHEMA}")
            made = connection.execute("SELECT sql FROM sqlite_master").fetchmany(len(TABLES) + 1)
            if sorted(text for (text,) in made if isinstance(text, str)) != sorted(TABLES):
                raise SnapshotError(f"{name} has other tables than those of the runner's")
            yield connection

    def _commons(
        self, connection: sqlite3.Connection
    ) -> tuple[dict[int, RowBase], dict[int, Kind], object]:
        """What jobs have in common, by place, and how much of it there is."""
        known = counts(connection)
        bases = {key: RowBase(*values) for key, *values in self._common(connection, "bases")}
        kinds = {key: Kind(*values) for key, *values in self._common(connection, "kinds")}
        return bases, kinds, known

    def _common(self, connection: sqlite3.Connection, table: str) -> Iterator[list[Any]]:
        """The sound rows of what jobs have in common, each with its place."""
        for *values, checksum in self._read(connection, table, "id"):
            if checksum == checksum_of(*values):
                yield values

    def _read(
        self, connection: sqlite3.Connection, table: str, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a table by key, those left out that the file's damage hides."""
        if self._whole:
            (last,) = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()
        else:  # its last row may lie in a part that nothing leads to
            last = self.path.stat().st_size // BYTES_OF_A_ROW
        if not isinstance(last, int):
            return
        spans = iter([(0, MOST_NUMBER)])  # a damaged number may be followed by sound ones
        if self._only is not None and table == "jobs":
            spans = zip(self._only, self._only, strict=True)
        failed_at: list[int] = []
        while (span := next(spans, None)) is not None:
            first, end = span
            query = f"SELECT * FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key} LIMIT ?"
            try:
                while True:  # in stretches, between which another process can write
                    rows = connection.execute(query, (first, end, STRETCH)).fetchall()
                    yield from rows
                    if len(rows) < STRETCH:
                        break
                    first = rows[-1][0] + 1
            except sqlite3.Error:
                failed_at.append(first)
                if first < end:  # one by one, for in a stretch one that is damaged hides others
                    most = self.path.stat().st_size // BYTES_OF_A_ROW
                    numbers = range(first, min(end, last, first + most) + 1)
                    spans = zip(numbers, numbers, strict=True)
                elif table == "jobs":
                    self.damaged.append(str(first))
        if failed_at and not self.damaged and table == "jobs":  # and no query has met it again
            self.damaged.append(f"{failed_at[0]} or later")


class DamagedRowsError(SnapshotError):
    """A file of rows of which nothing can be read."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Says what SQLite, or Python of its words, has to say of a file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if is_held(error):
            raise ConflictError(f"{name} is held by another process; try again") from error
        raise SnapshotError(f"{name} cannot be read ({printable(error)})") from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DamagedRowsError(f"{name} cannot be read ({printable(error)})") from error


def is_held(error: sqlite3.Error) -> bool:
    """Whether another process has kept a file for longer than was waited."""
    return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def counts(connection: sqlite3.Connection) -> object:
    """How much there is of what jobs have in common; None where that cannot be told."""
    with suppress(sqlite3.Error):
        query = "SELECT (SELECT max(id) FROM bases), (SELECT max(id) FROM kinds)"
        return connection.execute(query).fetchone()
    return None


def is_new(connection: sqlite3.Connection) -> bool:
    """Whether a file is empty: its process was killed before the first rows were there."""
    with suppress(sqlite3.Error):
        return bool(connection.execute("PRAGMA page_count").fetchone() == (0,))
    return False


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether a file's pages hang together; what rows say is not looked at."""
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def connected(path: Path, mode: str) -> sqlite3.Connection:
    """The file opened; nothing that stands in it is executed."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=SECONDS_OF_WAIT, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    return connection


def checksum_of(*values: object) -> int:
    """CRC-32 of what a row says, as a number of four bytes with a sign."""
    told = b" ".join([v if type(v) is bytes else repr(v).encode() for v in values])
    checksum = zlib.crc32(told)
    return checksum - (checksum >> 31 << 32)


def sound_rows(sweep: Path) -> Iterator[JobRow]:
    """The rows that can be read of a sweep's file, whatever has become of it."""
    with suppress(SnapshotError):
        yield from JobRows(sweep)
