"""A run told to trackers as it goes: the rows of its history, and how it ended.

Each tracker has a thread. Training only lays down what is to be told, so no tracker holds it up;
one that fails or hangs is told of once, and the run is none the worse.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from runner import leaving
from runner.errors import error_line, printable
from runner.experiment.recorder import AnyRecorder, RunEnd
from runner.exporting.tracker import NOTHING_YET, Point, TrackedEnd, TrackedRun
from runner.exporting.trackers import KINDS, chosen, opened
from runner.settings import LoggerSettings, TrackerSettings
from runner.signals import Interrupts
from runner.standard_output import forgiving
from runner.training.engine import StepReport
from runner.training.state import TrainingState

SECONDS_BETWEEN = 1.0
"""So often a tracker is told what is new."""
MOST_SECONDS = 60.0
"""So long a run that has ended waits for a tracker."""
MOST_SECONDS_TO_END = 4.0
"""The same, after a signal or an error."""
SLOW = 5.0
"""Seconds after which a tracker that failed is not tried again by later runs of the process."""
MOST_WAITING = 100_000
"""Points that a tracker may leave lying, beside those from before; it takes some 3,000 a second."""

_told: set[tuple[str, str]] = set()
"""Trackers and kinds of errors of which a warning was given."""
_left_out: set[tuple[str, TrackerSettings]] = set()
"""Trackers that would hold up one run after the other."""


class Feed(Thread):
    """Tells a tracker of a run, in its own time."""

    def __init__(
        self, name: str, settings: TrackerSettings, run: TrackedRun, most_waiting: int
    ) -> None:
        super().__init__(name=f"tells {name}", daemon=True)
        self._tracker, self._settings, self._run = name, settings, run
        self._most_waiting = most_waiting
        self._points: deque[Point] = deque()
        self._end: TrackedEnd | None = None
        self._ended = Event()
        self._over, self._giving_up = False, Lock()

    def add(self, point: Point) -> None:
        """Lays down what the tracker is to be told."""
        if not self._over:
            self._points.append(point)
            if len(self._points) > self._most_waiting:
                self._give_up(TimeoutError("it takes points too slowly"), hangs=True)

    def end(self, end: TrackedEnd) -> None:
        """Says that nothing more comes."""
        self._end = end
        self._ended.set()

    def wait(self, over: Callable[[], bool]) -> None:
        """Until the tracker has it all, or there is no more time."""
        while self.is_alive() and not self._over:
            self.join(0.1)
            if over() and self.is_alive():
                self._give_up(TimeoutError("it does not come to an end"), hangs=True)

    def run(self) -> None:
        """Called by the thread."""
        began = time.monotonic()
        try:
            self._tell()
        except BaseException as error:  # whatever a tracker raises, it is no error of the run's
            self._give_up(error, hangs=time.monotonic() > began + SLOW)

    def _tell(self) -> None:
        tracker = opened(self._tracker, self._settings)
        last, ended = tracker.begin(self._run), False
        while not (ended or self._over):
            ended = self._ended.wait(SECONDS_BETWEEN)
            points = [self._points.popleft() for _ in range(len(self._points))]
            # It may have them from before the run was interrupted, which came to the same.
            new = [point for point in points if point.step > last]
            if new:
                tracker.record(new)
                last = new[-1].step
        if self._end is not None and not self._over:
            tracker.end(self._end)

    def _give_up(self, error: BaseException, *, hangs: bool) -> None:
        with self._giving_up:  # told, before anybody who waits may go
            if self._over:
                return
            if hangs:
                _left_out.add((self._tracker, self._settings))
                leaving.hanging.append(self._tracker)
            try:
                self._tell_why(error)
            finally:
                self._over = True
                self._points.clear()

    def _tell_why(self, error: BaseException) -> None:
        kind = self._tracker, type(error).__name__
        if kind in _told:
            return
        _told.add(kind)
        title, text = KINDS[self._tracker].title, error_line(error)[:300]
        run = printable(self._run.tags["runner.folder"])
        message = f"warning: {title} did not take the run {run}: {text}"
        print(message, file=forgiving(sys.stderr))


class Tracking:
    """A run's trackers; none where it is given none.

    folder: the run's files, for when it has ended.
    """

    def __init__(self, feeds: Sequence[Feed], folder: Path | None, interrupts: Interrupts) -> None:
        self._feeds, self._folder, self._interrupts = feeds, folder, interrupts
        self._names: tuple[str, ...] = ()
        self._last = NOTHING_YET
        self._told: tuple[str, Mapping[str, object]] = ("failed", {"stop_reason": "error"})

    def recorder(self, recorder: AnyRecorder) -> AnyRecorder:
        """A recorder that tells them what becomes a row of the history."""
        return TrackedRecorder(recorder, self) if self._feeds else recorder

    def add(self, point: Point) -> None:
        """A row of the history, unless its step already has one."""
        if point.step <= self._last:
            return
        self._last = point.step
        self._names = self._names or tuple(point.metrics)  # which the first row decides there too
        known = {name: point.metrics[name] for name in self._names if name in point.metrics}
        told = point._replace(metrics=known)
        for feed in self._feeds:
            feed.add(told)

    def ended(self, status: str, results: Mapping[str, object]) -> None:
        """How the run ended; they are told when its files are whole."""
        self._told = status, results

    def close(self, most_seconds: float = MOST_SECONDS) -> None:
        """Tells them of the end, and waits for them; done already, it comes to nothing."""
        began = time.monotonic()

        def over() -> bool:
            if self._interrupts.received is None:
                return time.monotonic() > began + most_seconds
            since = self._interrupts.received_at or began
            return time.monotonic() > since + MOST_SECONDS_TO_END

        for feed in self._feeds:
            feed.end(TrackedEnd(*self._told, time.time(), self._folder))
        for feed in self._feeds:
            feed.wait(over)


@contextmanager
def tracking(
    settings: LoggerSettings | None,
    described: Callable[[], TrackedRun],
    folder: Path | None,
    interrupts: Interrupts,
    earlier: Sequence[Point] = (),
) -> Iterator[Tracking]:
    """While entered, a run's trackers are told of it.

    described: gives what they know it by. earlier: the history of a run that goes on.
    """
    wanted = [each for each in chosen(settings).items() if each not in _left_out]
    run = described() if wanted else None
    most_waiting = MOST_WAITING + len(earlier)
    feeds = [Feed(*each, run, most_waiting) for each in wanted if run is not None]
    told = Tracking(feeds, folder, interrupts)
    for point in earlier:
        told.add(point)
    for feed in feeds:
        feed.start()
    most_seconds = MOST_SECONDS_TO_END
    try:
        yield told
        most_seconds = MOST_SECONDS
    finally:
        told.close(most_seconds)


class TrackedRecorder:
    """Records a run, and tells its trackers."""

    def __init__(self, recorder: AnyRecorder, tracking: Tracking) -> None:
        self._recorder, self._tracking = recorder, tracking

    def row_due(self, report: StepReport) -> bool:
        """Whether this report becomes a row of the history."""
        return self._recorder.row_due(report)

    def record(self, report: StepReport, state: TrainingState) -> None:
        """What is due after this report."""
        self._recorder.record(report, state)
        if self.row_due(report):
            self._tell(report)

    def _tell(self, report: StepReport) -> None:
        self._tracking.add(Point(report.step, report.epoch, report.seconds, report.metrics))

    def snapshot(self, state: TrainingState) -> None:
        """A snapshot of the state, unless its step has one."""
        self._recorder.snapshot(state)

    def column(self, metric: str) -> list[float]:
        """A metric of the history's rows so far."""
        return self._recorder.column(metric)

    def tables(self, made: Callable[[], Mapping[str, bytes]]) -> None:
        """What is told of the final weights, by the files' names."""
        self._recorder.tables(made)

    def finish(self, end: RunEnd) -> None:
        """The run's end."""
        self._recorder.finish(end)
        if end.report.metrics:
            self._tell(end.report)
        self._tracking.ended(end.status, end.results)
