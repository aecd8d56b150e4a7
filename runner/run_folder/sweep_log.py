"""What sweep.log says of a sweep's launches, between the lines of its jobs."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from runner.errors import counted
from runner.storage.reading import read_text

COUNT = r"(\d[\d,]*)"
LAUNCH = re.compile(
    rf"^\S+ {COUNT} jobs? to run, {COUNT} finished before"
    rf"(?:, {COUNT} of other launches)?(?:; best by (\S.*))?$",
    re.MULTILINE,
)
STOP = re.compile(rf"^\S+ stopped, {COUNT} jobs? left$", re.MULTILINE)


class Launch(NamedTuple):
    """One launch of a sweep."""

    to_run: int
    finished: int
    """Jobs of it that were finished before."""
    others: int
    """Jobs of other launches whose results lie beside its."""
    best_by: Sequence[str]
    """The columns by which the best is told, by the first that any job has; none in old logs."""
    is_stopped: bool = False
    """Whether it was interrupted, or ended by a job that failed."""

    @property
    def planned(self) -> int:
        """Jobs that there will be."""
        return self.to_run + self.finished + self.others

    @property
    def line(self) -> str:
        """How it is written, as the first line of the launch."""
        others = f", {self.others:,} of other launches" if self.others else ""
        counts = f"{counted(self.to_run, 'job')} to run, {self.finished:,} finished before{others}"
        return f"{now()} {counts}; best by {', '.join(self.best_by)}"


def stop_line(left: int) -> str:
    """The last line of a launch that is stopped. left: jobs that have not come to their ends."""
    return f"{now()} stopped, {counted(left, 'job')} left"


def last_launch(sweep: Path) -> Launch | None:
    """The last launch that a sweep's log tells of; None where it cannot be read or has none."""
    try:
        text = read_text(sweep / "sweep.log")
    except (OSError, ValueError):
        return None
    launches = list(LAUNCH.finditer(text))
    if not launches:
        return None
    *counts, best_by = launches[-1].groups(default="")
    to_run, finished, others = (int(count.replace(",", "") or 0) for count in counts)
    columns = best_by.split(", ") if best_by else []
    stopped = STOP.search(text, launches[-1].end()) is not None
    return Launch(to_run, finished, others, columns, stopped)


def now() -> str:
    """The time as a log has it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
