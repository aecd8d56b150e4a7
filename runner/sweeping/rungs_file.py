"""halving.csv: how each job of a sweep did at each rung, a line as it comes there."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from runner.run_folder.job_end import JobEnd
from runner.run_folder.statuses import ENDED, PRUNED
from runner.run_folder.tables import is_float, joined
from runner.storage.files import storage_errors, write_atomically
from runner.storage.reading import read_text
from runner.training.stopping import Rung

FILE = "halving.csv"
COLUMNS = ("job", "rung", "epochs", "status")


class AtRung(NamedTuple):
    """How a job stood at a rung."""

    status: str
    """`pruned` where it was to wait there, else as it has ended."""
    value: float
    """By which jobs are ranked; NaN where it has none."""


class RungsFile:
    """What earlier launches have told of a sweep's jobs, and where this one tells more.

    column: of results.csv, by which jobs are ranked; lines that tell of another are left out.
    """

    def __init__(self, sweep: Path, column: str) -> None:
        self._path, self._header, self._column = sweep / FILE, [*COLUMNS, column], column
        self._at: dict[tuple[int, int], AtRung] = {}
        self._ends: dict[int, AtRung] = {}
        sound = list(self._sound())
        self._lines: list[Sequence[object]] = [*sound]
        for job, _, epochs, status, value in sound:
            at = AtRung(status, float(value))
            if status == PRUNED:
                self._at[int(job), int(epochs)] = at
            else:
                self._ends[int(job)] = at

    def __enter__(self) -> Self:
        with storage_errors(self._path):
            text = "".join(f"{joined(cells)}\n" for cells in (self._header, *self._lines))
            write_atomically(self._path, text.encode())
            self._file = open(self._path, "a", encoding="utf-8", buffering=1)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def ended(self) -> set[int]:
        """The jobs that have come to their ends."""
        return set(self._ends)

    def at(self, job: int, epochs: int) -> AtRung | None:
        """How a job stood after so many epochs, or where it had ended; None where nobody knows."""
        return self._at.get((job, epochs), self._ends.get(job))

    def add(self, end: JobEnd, rung: Rung) -> AtRung:
        """A job has come to a rung, or to its end before: how it stands."""
        at, line = self._told(end, rung)
        with storage_errors(self._path):
            self._file.write(f"{joined(line)}\n")
        return at

    def take_over(self, end: JobEnd, rung: Rung) -> None:
        """A job has come to its end of which no line tells; one will once this is entered."""
        self._ends[end.number], line = self._told(end, rung)
        self._lines.append(line)

    def _told(self, end: JobEnd, rung: Rung) -> tuple[AtRung, Sequence[object]]:
        """How a job stands at a rung, and the line that tells it."""
        cell = "" if end.failed else end.cell(self._column)
        at = AtRung(end.status, float(cell or math.nan))
        return at, [end.number, rung.number, rung.epochs, at.status, at.value]

    def _sound(self) -> Iterator[list[str]]:
        """The lines that are whole and of the same column."""
        try:
            header, *rows = csv.reader(read_text(self._path).splitlines())
        except (OSError, ValueError, csv.Error):
            return
        for row in rows if header == self._header else ():
            whole = len(row) == len(header) and all(map(str.isdecimal, row[:3]))
            if whole and row[3] in ENDED and (is_float(row[4]) or row[4] == str(math.nan)):
                yield row
