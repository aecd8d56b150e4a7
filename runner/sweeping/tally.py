"""How a sweep stands: counted as its jobs end, told in words, each job a line of its log."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from runner.errors import StorageError, counted, printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.statuses import PRUNED
from runner.run_folder.sweep_log import Launch, stop_line
from runner.settings import SEED_LIKE
from runner.storage.files import storage_errors
from runner.sweeping.best_job import BestJob

GOES_ON = "running"
"""The status of a job that was pruned and is no longer."""


class Tally:
    """What has become of the jobs of one launch.

    names: of each job, by number, those that are finished too. columns: by which of them the best
    is told, by the first that any job has.
    """

    def __init__(
        self, jobs: int, workers: int, columns: Sequence[str], names: Mapping[int, str]
    ) -> None:
        self.jobs, self.done, self.failed, self.pruned = jobs, 0, 0, 0
        self.names, self._workers = names, workers
        self._best = BestJob(columns)
        self.compare = self._best.add
        """Takes in a job of an earlier launch, which is compared and not counted."""
        self._started = time.monotonic()
        self._last = 0.0  # when the last job ended, in seconds since the launch

    def count(self, end: JobEnd) -> None:
        """Takes in how a job ended, or that one which was pruned goes on."""
        if end.status == GOES_ON:
            self.done -= 1
            self.pruned -= 1
        elif end.status != "interrupted":
            self.done += 1
            self._last = self.seconds
            self.failed += end.failed
            self.pruned += end.status == PRUNED
            self.compare(end)

    @property
    def seconds(self) -> float:
        """Since the launch."""
        return time.monotonic() - self._started

    @property
    def counts(self) -> str:
        """Done, failed, running, and how many a second."""
        parts = [f"{self.done:,} of {counted(self.jobs, 'job')} done", f"{self.failed:,} failed"]
        if self.pruned:
            parts.append(f"{self.pruned:,} pruned so far")
        if running := min(self._workers, self.jobs - self.done):
            parts.append(f"{running} running")
        return ", ".join([*parts, *([self.rate] if self.done else [])])

    @property
    def rate(self) -> str:
        """Jobs a second; a minute or an hour where they take long."""
        rate = self.done / max(self.seconds, 1e-9)
        for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
            if rate * seconds >= 1 or unit == "h":
                return f"{rate * seconds:.3g}/{unit}" if rate * seconds < 100 else f"{rate:,.0f}/s"
        return ""

    @property
    def times(self) -> str:
        """The time since the launch, and what the rest will take at the rate so far.

        The rate is that of the last job's end, so that between two ends the time runs out. Where
        that has happened and jobs are left, they take longer than those before: nobody knows how
        long.
        """
        passed = self.seconds
        if not self.done or self.pruned:  # of which some go on: nobody knows how many
            return f"{clock(passed)} passed"
        left = self._last / self.done * (self.jobs - self.done) - (passed - self._last)
        if self.done < self.jobs and left <= 0:
            return f"{clock(passed)} passed, longer than expected"
        return f"{clock(passed)} passed, {clock(max(0.0, left))} left"

    @property
    def best(self) -> str:
        """The best job's metric and name, empty before there is one, and of unlike losses."""
        if self._best.found is None:
            return ""
        number, value = self._best.found
        fewest = ", the fewest steps to its target" if self._best.is_first_at_target else ""
        return f"{self._best.column} {value:.6g} of {printable(self.names[number])}{fewest}"

    @property
    def summary(self) -> str:
        """How the launch came out."""
        completed = self.done - self.failed - self.pruned
        pruned = f"{self.pruned:,} pruned, " if self.pruned else ""
        counts = f"{completed:,} completed, {pruned}{self.failed:,} failed"
        lines = [f"Jobs        {counts}, {self.seconds:.2f} s, {self.rate}"] if self.jobs else []
        if self.best:
            by_chance = any(f" {name}=" in self.best for name in SEED_LIKE)
            lucky = ", a single job; runner.compare tells of groups" if by_chance else ""
            lines.append(f"Best        {self.best}{lucky}")
        elif why := self._best.why_none:
            lines.append(f"Best        none: {why}; runner.compare takes what all jobs have")
        return "\n".join(lines)


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class SweepLog:
    """sweep.log: a line a job, with its status, overrides, metric and seconds.

    left: how many jobs are left; the last line of a launch that is stopped says so.
    """

    def __init__(self, sweep: Path, left: Callable[[], int]) -> None:
        self._left = left
        self._path = sweep / "sweep.log"
        with storage_errors(self._path):
            self._file = open(self._path, "a", encoding="utf-8", buffering=1, newline="\n")
            if self._file.tell() and not ends_a_line(self._path):  # as a full disk leaves it
                self._file.write("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: object, *__: object) -> None:
        if error is None:
            self._file.close()
            return
        with suppress(StorageError, OSError):  # as when that is what stops it
            self._write(stop_line(self._left()))
        with suppress(OSError):
            self._file.close()

    def begin(self, launch: Launch) -> None:
        """The first line of a launch."""
        self._write(launch.line)

    def add(self, end: JobEnd, overrides: str) -> None:
        """A job's line."""
        text = end.text.removeprefix(f"{end.status}: ")
        value = "" if end.failed else end.cell(end.metric)
        metric = f"{end.metric}={value}, " if value else ""
        self._write(printable(f"#{end.number} {end.status} {overrides}: {metric}{text}"))

    def _write(self, line: str) -> None:
        with storage_errors(self._path):
            self._file.write(f"{line}\n")


def ends_a_line(path: Path) -> bool:
    """Whether the last byte of a file that is not empty ends a line."""
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
