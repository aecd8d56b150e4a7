"""How a sweep stands at this moment: from results.csv, to which it appends as jobs end.

So also of a sweep whose jobs are rows: their file is not opened, for it would make its writer wait,
but for a job that somebody looks at.
"""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.analysis.csv_tables import NOT_READABLE as DAMAGED
from runner.analysis.csv_tables import read_rows
from runner.errors import printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import PRUNED
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.sweep_log import last_launch
from runner.run_folder.tables import joined
from runner.sweeping.best_job import BestJob
from runner.training.metrics import held_out_first
from runner.watching.numbers import plain, thinned
from runner.watching.run_standing import NOT_READABLE, last_lines, last_values, standing

SECONDS_OF_SILENCE = 60.0
"""Of a sweep that lacks jobs, of which none is seen to run: it has ended, or its jobs take long."""
MOST_DOTS = 1000
MOST_RUNNING = 64
"""Jobs that are told one by one."""


@dataclass
class Ends:
    """What a table of jobs says."""

    jobs: set[int] = field(default_factory=set)
    failed: int = 0
    pruned: int = 0
    metric: str = ""
    dots: list[tuple[int, float]] = field(default_factory=list)
    """The metric of those that have it, by number."""
    best: tuple[int, float] | None = None
    why_none: str = ""


class FollowedSweep:
    """A sweep's folder, whose table is read when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int, int] = (0, 0, 0)
        self._ends = Ends()
        self._best_by: Sequence[str] = ()
        """The columns by which its last launch tells the best; none where no log says so."""
        self._damaged = ""

    def standing(self) -> dict[str, Any]:
        """How it stands. Raises OSError where its folder has vanished."""
        launch = last_launch(self._path)
        self._follow_table(launch.best_by if launch is not None else ())
        ends, running = self._ends, self._running(SweepFolder(self._path))
        missing = [] if launch is None else launch.missing(ends.jobs)
        planned = len(ends.jobs) + max(len(missing), len(running))
        if planned and len(ends.jobs) == planned:
            status = "completed"
        elif running:
            status = "running"
        elif launch is not None and launch.is_stopped:
            status = "stopped"
        else:
            silent = time.time() - self._last_written() > SECONDS_OF_SILENCE
            status = "quiet" if silent else "running"
        return {
            "status": status,
            "done": len(ends.jobs),
            "planned": planned,
            "failed": ends.failed,
            "pruned": ends.pruned,
            "metric": ends.metric,
            "best": self._best(),
            "why_none": ends.why_none,
            "running": running,
            "error": self._damaged,
        }

    def whole(self) -> dict[str, Any]:
        """All that the page shows of it."""
        told, dots = self.standing(), self._ends.dots
        some = [dots[place] for place in thinned(len(dots), MOST_DOTS)]
        numbers, values = [n for n, _ in some], plain([v for _, v in some])
        log = last_lines(self._path / "sweep.log")
        return {**told, "dots": {"job": numbers, "value": values}, "log": log}

    def _follow_table(self, best_by: Sequence[str]) -> None:
        table = self._path / "results.csv"
        try:
            about = os.stat(table, follow_symlinks=False)
            read = about.st_mtime_ns, about.st_size, about.st_ino
            if read != self._read or best_by != self._best_by:
                self._best_by = best_by
                self._ends = self._ends_in(table)
                self._read, self._damaged = read, ""
        except FileNotFoundError:
            self._ends, self._read = Ends(), (0, 0, 0)
        except DAMAGED as error:
            self._damaged = printable(f"results.csv: {error}")

    def _ends_in(self, table: Path) -> Ends:
        names, lines = read_rows(str(table), growing=True)
        if "status" not in names or names[0] != "job":
            raise ValueError("it holds no results of jobs")
        header, found = joined(list(names[1:])), list[JobEnd]()
        for line in lines:
            number, _, row = line.partition(",")
            told = JobEnd(int(number), "", "", 0, header, row)
            end = JobEnd(
                told.number, told.cell("status"), "", 0, header, row, told.cell("stopping.metric")
            )
            found.append(end)
        return self._told_of(found)

    def _told_of(self, found: list[JobEnd]) -> Ends:
        ends = Ends(
            {end.number for end in found if end.status != "interrupted"},
            sum(end.failed for end in found),
            sum(end.status == PRUNED for end in found),
        )
        if not found:
            return ends
        first = min(found, key=lambda end: end.number)
        best = BestJob(self._best_by or held_out_first(first.metric))
        for end in found:
            best.add(end)
        ends.metric, ends.best, ends.why_none = best.column or "", best.found, best.why_none
        texts = [(end.number, end.cell(ends.metric)) for end in found if not end.failed]
        dots = [(number, float(text)) for number, text in texts if text]
        ends.dots = [(number, value) for number, value in dots if math.isfinite(value)]
        return ends

    def _best(self) -> dict[str, Any] | None:
        if self._ends.best is None:
            return None
        number, value = self._ends.best
        try:
            overrides = RunFolder(self._path / str(number)).overrides or []
        except NOT_READABLE:
            overrides = []
        return {"job": number, "value": value, "title": printable(" ".join(overrides))}

    def _running(self, sweep: SweepFolder) -> list[dict[str, Any]]:
        """Those jobs that have folders and have not ended."""
        found: list[dict[str, Any]] = []
        for number, folder in sweep.folders.items():
            if number in self._ends.jobs or folder.is_symlink() or len(found) == MOST_RUNNING:
                continue
            try:
                told = standing(folder)
            except NOT_READABLE:
                continue
            if told.status == "running":
                step, spark = last_values(folder, told)
                found.append({"job": number, "title": told.title, "step": step, "spark": spark})
        return found

    def _last_written(self) -> float:
        """When the sweep last left something, in seconds."""
        times = []
        for name in (".", "results.csv", "sweep.log"):
            try:
                times.append(os.stat(self._path / name).st_mtime)
            except FileNotFoundError:
                if name == ".":
                    raise
        return max(times)
