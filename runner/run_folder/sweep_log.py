"""What sweep.log says of a sweep's launches, between the lines of its jobs."""

import re
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from runner.errors import counted
from runner.run_folder.writing import now
from runner.storage.reading import read_text

COUNT = r"(\d[\d,]{0,12})"
LAUNCH = re.compile(
    rf"\S+ {COUNT} jobs? to run, {COUNT} finished before(?: \(#([\d,-]*)\))?(?:; best by (\S.*))?"
)
STRETCH = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
STOP = re.compile(rf"\S+ stopped, {COUNT} jobs? left")
MOST_STRETCHES = 10_000
"""Of consecutive numbers; more are not written, and then nobody knows which jobs those are."""
MOST_JOBS = 10_000_000
"""Of a launch that is believed."""


class Launch(NamedTuple):
    """One launch of a sweep."""

    jobs: Sequence[range]
    """The numbers of all that it has; none where they were too many stretches to be written."""
    finished: int
    """How many of them were finished before."""
    best_by: Sequence[str]
    """The columns by which the best is told, by the first that any job has; none in old logs."""
    is_stopped: bool = False
    """Whether it was interrupted, or ended by a job that failed."""

    @property
    def line(self) -> str:
        """How it is written, as the first line of the launch."""
        texts = [str(each[0]) if len(each) == 1 else f"{each[0]}-{each[-1]}" for each in self.jobs]
        which = f" (#{','.join(texts) if len(texts) <= MOST_STRETCHES else ''})"
        to_run = counted(sum(map(len, self.jobs)) - self.finished, "job")
        counts = f"{to_run} to run, {self.finished:,} finished before{which}"
        return f"{now()} {counts}; best by {', '.join(self.best_by)}"

    def missing(self, there: Container[int]) -> list[int]:
        """The numbers of the jobs that are not among these."""
        return [number for each in self.jobs for number in each if number not in there]


def stop_line(left: int) -> str:
    """The last line of a launch that is stopped. left: jobs that have not come to their ends."""
    return f"{now()} stopped, {counted(left, 'job')} left"


def last_launch(sweep: Path) -> Launch | None:
    """The last launch that a sweep's log tells of; None where it cannot be read or has none."""
    try:
        text = read_text(sweep / "sweep.log")
    except (OSError, ValueError):
        return None
    end = len(text)
    while (at := text.rfind(" to run", 0, end)) >= 0:  # from the end: a line a job comes after it
        end = text.rfind("\n", 0, at) + 1
        stop = text.find("\n", at)
        found = LAUNCH.fullmatch(text[end : stop if stop >= 0 else len(text)])
        jobs = None if found is None else jobs_of(found)
        if found is not None and jobs is not None:
            finished, best_by = number_in(found[2]), found[4]
            last = text[end:].rstrip("\n").rpartition("\n")[2]
            stopped = STOP.fullmatch(last) is not None
            return Launch(jobs, finished, best_by.split(", ") if best_by else [], stopped)
    return None


def jobs_of(line: re.Match[str]) -> list[range] | None:
    """The jobs that a line names; of one that names none those from 0 on. None of absurd ones."""
    count, text = number_in(line[1]) + number_in(line[2]), line[3]
    if count > MOST_JOBS:
        return None
    if not text:
        return [] if text == "" else [range(count)]
    found = [STRETCH.fullmatch(part) for part in text.split(",")]
    ranges = [range(int(each[1]), int(each[2] or each[1]) + 1) for each in found if each]
    return ranges if sum(map(len, ranges)) == count else None


def number_in(text: str) -> int:
    """A number with commas between thousands."""
    return int(text.replace(",", ""))


def stretches(numbers: Iterable[int]) -> list[range]:
    """Ascending numbers as ranges."""
    found: list[range] = []
    for number in numbers:
        if found and found[-1].stop == number:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found
