"""A sweep's results.csv while its jobs finish: appended to, and put in order at the end."""

import csv
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from runner.run_folder.job_end import JobEnd
from runner.run_folder.tables import all_names, columns_of, joined, read_header, split
from runner.storage.files import storage_errors, write_atomically
from runner.system import sync_all

SECONDS_BETWEEN_WRITES = 1.0
SECONDS_OF_PATIENCE = 2.0
"""With a job before others, so that rows lie in the order of their numbers where that can be."""


class ResultsTable:
    """The rows of jobs, one line each, below a header that grows with them.

    It takes the place of an earlier launch's table when it is first written.
    """

    def __init__(
        self,
        sweep: Path,
        settle: Callable[[], object] = sync_all,
        finished: Iterable[JobEnd] = (),
    ) -> None:
        """settle: has what jobs left on the disk, before their rows are.

        finished: jobs of earlier launches, which are not to run again.
        """
        self._settle = settle
        self._path = sweep / "results.csv"
        self._begun = False
        self._names: list[str] = []
        self._header = ""
        self._firsts: dict[str, int] = {}  # of each header, the first job that has it
        self._pending: list[str] = []
        self._last = -1
        self._in_order = True
        self._flushed = time.monotonic()
        self._held: dict[int, tuple[float, JobEnd]] = {}
        """Those whose turn is yet to come, and since when they are there."""
        self._early: set[int] = set()
        """Those that were taken in before their turn."""
        for end in finished:
            self.add(end)

    def add(self, end: JobEnd) -> None:
        """Appends the job's row, if it has one, when about a second has passed, or by `flush`."""
        self._held.pop(end.number, None)
        if end.number in self._early:
            self._early.remove(end.number)
        else:
            self._append(end)
        if time.monotonic() - self._flushed > SECONDS_BETWEEN_WRITES:
            self.flush()

    def _append(self, end: JobEnd) -> None:
        if end.row:
            self._firsts[end.header] = min(end.number, self._firsts.get(end.header, end.number))
            self._in_order &= end.number > self._last
            self._last = end.number
            line = self._fitted(end)  # may write what waits, which makes a new list
            self._pending.append(line)

    def hold(self, end: JobEnd) -> None:
        """Takes in a job whose turn comes later: `flush` does not wait for that for long."""
        self._held[end.number] = time.monotonic(), end

    def take_over(self, statuses: Mapping[int, str], ends: Iterable[JobEnd]) -> None:
        """Goes on with the table that is there, if it says just that; else makes it anew.

        statuses: how these jobs ended, by their numbers, and the ends themselves.
        """
        try:
            told = list(columns_of(self._path, ("job", "status")))
            found = [int(number) for number, _ in told]
            header = read_header(self._path)
        except (OSError, ValueError):
            told, found, header = [], [], ""
        same = found == list(statuses) and [status for _, status in told] == [*statuses.values()]
        if not found or not same or self._pending:
            for end in ends:
                self.add(end)
            return
        self._names, self._header, self._begun = split(header), header, True
        self._firsts[header.partition(",")[2]] = found[0]
        self._last = found[-1]

    def finish(self) -> None:
        """Puts rows and columns in the order of the jobs' numbers."""
        self.flush(patience=0.0)
        if not self._firsts:
            return
        headers = sorted(self._firsts, key=lambda header: self._firsts[header])
        names = list(all_names(tuple(split(f"job,{header}")) for header in headers))
        if self._in_order and names == self._names:
            return
        with storage_errors(self._path):
            header, *lines = self._path.read_text(encoding="utf-8").splitlines()
            lines.sort(key=lambda line: int(line.partition(",")[0]))
            if names != self._names:
                place = {name: index for index, name in enumerate(split(header))}
                order = [place[name] for name in names]
                rows = csv.reader(lines)
                lines = [joined([row[index] for index in order]) for row in rows]
                header = joined(names)
            content = "\n".join([header, *lines, ""])
            write_atomically(self._path, content.encode())
        self._names, self._header, self._in_order = names, header, True

    def _fitted(self, end: JobEnd) -> str:
        """The job's row under the table's names, which grow where it has others."""
        header = f"job,{end.header}"
        if not self._names:
            self._names, self._header = split(header), header
            self._pending.append(header)
        line = f"{end.number},{end.row}"
        if header == self._header:
            return line
        names = split(header)
        new = [name for name in names if name not in self._names]
        if new:
            self._write()
            self._widen(new)
        values = dict(zip(names, split(line), strict=True))
        return joined([values.get(name, "") for name in self._names])

    def _widen(self, new: list[str]) -> None:
        """Adds columns, empty in the rows so far."""
        self._names += new
        self._header = joined(self._names)
        with storage_errors(self._path):
            _, *lines = self._path.read_text(encoding="utf-8").splitlines()
            padded = [line + "," * len(new) for line in lines]
            write_atomically(self._path, "\n".join([self._header, *padded, ""]).encode())

    def flush(self, patience: float = SECONDS_OF_PATIENCE) -> None:
        """Appends what waits, once the jobs' own files are on the disk.

        patience: with those whose turn is yet to come.
        """
        self._flushed = time.monotonic()
        late = self._flushed - patience
        for end in [end for since, end in self._held.values() if since <= late]:
            del self._held[end.number]
            self._early.add(end.number)
            self._append(end)
        self._write()

    def _write(self) -> None:
        if self._pending:
            self._settle()
            text = "".join(f"{line}\n" for line in self._pending)
            with storage_errors(self._path):
                if self._begun:
                    with open(self._path, "a", encoding="utf-8", newline="\n") as file:
                        file.write(text)
                else:
                    write_atomically(self._path, text.encode())
            self._pending, self._begun = [], True
