"""What a tracker is: where a run, while it goes on, is copied to for a tool that shows many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from runner.run_folder.statuses import PRUNED

NOTHING_YET = -1
"""The last step of a run that a tracker has nothing of."""


@dataclass(frozen=True)
class TrackedRun:
    """A run as trackers know it."""

    id: str
    """The same as long as it is the same run, however often it is interrupted."""
    name: str
    """Its folder's; of a sweep's job with the sweep's before it."""
    group: str | None
    """Its sweep's name."""
    settings: Mapping[str, object]
    """The configuration's columns."""
    tags: Mapping[str, str]
    started: float
    """In seconds since 1970."""
    known: bool
    """Whether a tracker may have something of it, from before it was interrupted."""


class Point(NamedTuple):
    """A row of a history."""

    step: int
    epoch: int
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class TrackedEnd:
    """How a run ended."""

    status: str
    results: Mapping[str, object]
    """What results.csv has after the configuration, but the times."""
    finished: float
    """In seconds since 1970."""
    folder: Path | None
    """Its files; None where it left a row."""

    @property
    def numbers(self) -> dict[str, float]:
        """The results that are numbers, as they are called beside metrics on the way."""
        return {
            f"result.{name}": float(value)
            for name, value in self.results.items()
            if isinstance(value, int | float)
        }

    @property
    def went_well(self) -> bool:
        """Whether it came to where it was to come to."""
        return self.status in ("completed", PRUNED)

    @property
    def step(self) -> int:
        """The last one."""
        steps = self.results.get("steps")
        return steps if isinstance(steps, int) else 0


class Tracker(Protocol):
    """One run on its way into a tool, in a thread of its own; whatever it raises, no run stops.

    A tracker that a run meets again goes on with the entry that it has.
    """

    def begin(self, run: TrackedRun) -> int:
        """Makes the run's entry, or finds it; the last step that it has a point of."""
        ...

    def record(self, points: Sequence[Point]) -> None:
        """Points after that step, in their order."""
        ...

    def end(self, end: TrackedEnd) -> None:
        """The run's end; nothing comes after it."""
        ...
