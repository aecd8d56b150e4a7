"""halving.csv: how each job of a sweep did at each rung, a line as it comes there."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from runner.run_folder.job_end import JobEnd
from runner.run_folder.statuses import ENDED, FINISHED, PRUNED
from runner.run_folder.sweep_folder import HALVING
from runner.run_folder.tables import is_float, joined
from runner.storage.files import storage_errors, write_atomically
from runner.storage.reading import read_text

COLUMNS = ("job", "rung", "epochs", "status")
WENT_ON = "went_on"
"""In the place of `pruned`, once it is known."""


class AtRung(NamedTuple):
    """How a job stood at a rung."""

    epochs: int
    """That it had been trained."""
    status: str
    """`pruned` where it was to wait there, else as it has ended."""
    value: float
    """By which jobs are ranked; NaN where it has none."""


class RungsFile:
    """What earlier launches have told of a sweep's jobs, and where this one tells more.

    column: of results.csv, by which jobs are ranked; lines that tell of another are left out.
    """

    def __init__(self, sweep: Path, column: str) -> None:
        self._path, self._column = sweep / HALVING, column
        self._at: dict[tuple[int, int], AtRung] = {}
        self._ends: dict[int, AtRung] = {}
        self._file: TextIO | None = None
        for job, rung, epochs, status, value in self._sound():
            at = AtRung(int(epochs), PRUNED if status == WENT_ON else status, float(value))
            self._take(int(job), int(rung), at)

    def __enter__(self) -> Self:
        self._write()
        self._file = open(self._path, "a", encoding="utf-8", buffering=1, newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._write()

    @property
    def ended(self) -> set[int]:
        """The jobs that have come to their ends, but for those that failed: they run again."""
        return {job for job, at in self._ends.items() if at.status in FINISHED}

    def at(self, job: int, rung: int) -> AtRung | None:
        """How a job stood at a rung, or where it had ended before; None where nobody knows."""
        at = self._at.get((job, rung))
        # One that had failed there may have run again since.
        return at if at is not None and at.status == PRUNED else self._ends.get(job)

    def add(self, end: JobEnd, rung: int) -> AtRung:
        """A job has come to a rung, or on the way there to its end: how it stands."""
        value = "" if end.failed else end.cell(self._column)
        at = AtRung(int(end.cell("epochs") or 0), end.status, float(value or math.nan))
        self._take(end.number, rung, at)
        if self._file is not None:
            with storage_errors(self._path):
                self._file.write(line_of(end.number, rung, at))
        return at

    def _take(self, job: int, rung: int, at: AtRung) -> None:
        self._at[job, rung] = at
        if at.status != PRUNED:
            self._ends[job] = at

    def _write(self) -> None:
        """Writes all anew, rung by rung."""
        lines, further = [], set[int]()
        for job, rung in sorted(self._at, key=lambda place: place[::-1], reverse=True):
            at = self._at[job, rung]
            went_on = at.status == PRUNED and job in further
            lines.append(line_of(job, rung, at._replace(status=WENT_ON) if went_on else at))
            further.add(job)
        header = f"{joined([*COLUMNS, self._column])}\n"
        with storage_errors(self._path):
            write_atomically(self._path, "".join([header, *reversed(lines)]).encode())

    def _sound(self) -> Iterator[list[str]]:
        """The lines that are whole and of the same column."""
        try:
            header, *rows = csv.reader(read_text(self._path).splitlines())
        except (OSError, ValueError, csv.Error):
            return
        for row in rows if header == [*COLUMNS, self._column] else ():
            whole = len(row) == len(header) and all(map(str.isdecimal, row[:3]))
            known = whole and row[3] in (*ENDED, WENT_ON)
            if known and (is_float(row[4]) or row[4] == str(math.nan)):
                yield row


def line_of(job: int, rung: int, at: AtRung) -> str:
    """A job's line."""
    return f"{joined([job, rung, *at])}\n"
