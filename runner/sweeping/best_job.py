"""The best of a sweep's jobs: the same in whatever order they come."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from runner.run_folder.job_end import JobEnd, cells, places
from runner.run_folder.statuses import PRUNED
from runner.settings import OF_LOSS
from runner.training.metrics import higher_is_better


class Best(NamedTuple):
    """The best job so far, by what counts first."""

    rank: float
    steps: int
    """Minus those that it took to its target; 0 where it stopped for another reason."""
    place: int
    """Minus its number."""
    value: float


class BestJob:
    """The best of those that have come to their ends, by one column of results.csv.

    Of those that stopped at one target none is the better for what it is beyond that: the one with
    the fewest steps is the best.

    columns: by the first of them that any job has.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        """Those that may still be the one."""
        self.column: str | None = None
        """None where no job has any."""
        self.jobs = 0
        """How many have been compared, those too that lack it."""
        self._best: Best | None = None
        self._losses = set[tuple[str, ...]]()

    def add(self, end: JobEnd) -> None:
        """Takes in a job, if it has come to its end; what has failed has nothing held out."""
        if end.failed or end.status in (PRUNED, "interrupted"):
            return
        self.jobs += 1
        known, told = places(end.header), cells(end.row)  # at once, for there are many jobs

        def cell(name: str) -> str:
            return told[known[name]] if name in known else ""

        column = next(filter(cell, self.columns), None)
        if column is None:
            return
        if column != self.column:
            self.column, self._best = column, None
            self._losses.clear()
            del self.columns[self.columns.index(column) + 1 :]
        if column.endswith("loss"):
            self._losses.add(tuple(map(cell, OF_LOSS)))
        value = float(cell(column))
        if not math.isnan(value):
            stopped = column == end.metric and cell("stop_reason") == "target"
            at_target = cell("stopping.target") if stopped else ""
            worth = float(at_target) if at_target else value
            rank = worth if higher_is_better(column) else -worth
            new = Best(rank, -int(cell("steps") or 0) if at_target else 0, -end.number, value)
            self._best = max(new, self._best or new)

    @property
    def found(self) -> tuple[int, float] | None:
        """The best job's number and value, of equals the first; None of unlike losses."""
        if self._best is None or len(self._losses) > 1:
            return None
        return -self._best.place, self._best.value

    @property
    def is_first_at_target(self) -> bool:
        """Whether it is the best by its steps to a target."""
        return self.found is not None and self._best is not None and self._best.steps < 0

    @property
    def why_none(self) -> str:
        """Why of those that have come none is the best; empty where one is, or none has come."""
        if self.found is not None or not self.jobs:
            return ""
        if self.column is None:
            return f"no job has {self.columns[-1]}"
        if len(self._losses) > 1:
            return f"{self.column} is of {len(self._losses)} kinds"
        return f"{self.column} is no number in any job"
