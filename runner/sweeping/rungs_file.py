"""halving.csv: how each job of a sweep did at each rung, a line as it comes there."""

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from runner.run_folder.statuses import PRUNED
from runner.run_folder.sweep_folder import HALVING
from runner.run_folder.tables import is_float, joined
from runner.storage.files import storage_errors, write_atomically
from runner.storage.reading import read_text
from runner.sweeping.halving import Halving

COLUMNS = ("job", "rung", "epochs", "status")
"""Before the one by which jobs are ranked."""
CONFIGURATION = "configuration"
"""The last: what tells a job's from others, for a number may come to be another job's."""
WENT_ON = "went_on"
"""In the place of `pruned`, once it is known."""


class AtRung(NamedTuple):
    """How a job did at a rung."""

    epochs: int
    """That it had been trained."""
    status: str
    """`pruned` where it was to wait there, else as it ended on the way there."""
    value: float
    """By which jobs are ranked; NaN where there is none."""


class RungsFile:
    """What earlier launches have told of a sweep's jobs, and what this one tells instead.

    column: of results.csv, by which jobs are ranked. configurations: what tells each job's.
    """

    def __init__(self, sweep: Path, column: str, configurations: Mapping[int, str]) -> None:
        self._path, self._header = sweep / HALVING, [*COLUMNS, column, CONFIGURATION]
        self._configurations = configurations
        self._at: dict[tuple[int, int], AtRung] = {}
        self._file: TextIO | None = None

    def values(self, halving: Halving, trained: Mapping[int, int]) -> dict[tuple[int, int], float]:
        """How jobs did at rungs, by job and rung, as the file tells that was there.

        trained: how many epochs each job has been; one that is to run anew is to be asked anew.
        """
        found = {}
        for job, epochs, value in self._told():
            rung = halving.rung_after(epochs)
            if halving.rung(rung) == (rung, epochs) and epochs <= trained.get(job, 0):
                found[job, rung] = value
        return found

    def __enter__(self) -> Self:
        self._write()
        self._file = open(self._path, "a", encoding="utf-8", buffering=1, newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._write()

    def add(self, job: int, rung: int, at: AtRung) -> None:
        """A job has come to a rung, or ended on the way there."""
        new = (job, rung) not in self._at
        self._at[job, rung] = at
        if new and self._file is not None:
            with storage_errors(self._path):
                self._file.write(self._line(job, rung, at))

    def _write(self) -> None:
        """Writes all anew, rung by rung."""
        lines, further = [], set[int]()
        for job, rung in sorted(self._at, key=lambda place: place[::-1], reverse=True):
            at = self._at[job, rung]
            went_on = at.status == PRUNED and job in further
            lines.append(self._line(job, rung, at._replace(status=WENT_ON) if went_on else at))
            further.add(job)
        header = f"{joined(self._header)}\n"
        with storage_errors(self._path):
            write_atomically(self._path, "".join([header, *reversed(lines)]).encode())

    def _told(self) -> Iterator[tuple[int, int, float]]:
        """Jobs that came to rungs, after how many epochs, and how they did: of whole lines."""
        try:
            header, *rows = csv.reader(read_text(self._path).splitlines())
        except (OSError, ValueError, csv.Error):
            return
        for row in rows if header == self._header else ():
            whole = len(row) == len(header) and all(map(str.isdecimal, row[:3]))
            known = whole and row[3] in (PRUNED, WENT_ON)
            same = known and self._configurations.get(int(row[0])) == row[5]
            if same and (is_float(row[4]) or row[4] == str(math.nan)):
                yield int(row[0]), int(row[2]), float(row[4])

    def _line(self, job: int, rung: int, at: AtRung) -> str:
        return f"{joined([job, rung, *at, self._configurations[job]])}\n"
