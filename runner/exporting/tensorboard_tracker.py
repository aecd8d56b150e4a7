"""A run into an event file of TensorBoard's: a folder each, points as they are recorded.

Source of the format: tensorboardX, which writes it without TensorFlow or PyTorch. Its plain writer
is used, and not the one of the same package that has a thread: what goes wrong there is not told.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event

from runner.exporting.tracker import NOTHING_YET, Point, TrackedEnd, TrackedRun
from runner.settings import TrackerSettings

FILES = "events.out.tfevents.*"


class EventFile:
    """An event file. It has no place for other files; the text `run` says where a run's are."""

    def __init__(self, settings: TrackerSettings) -> None:
        self._root = Path(settings.folder or "tensorboard") / settings.experiment
        self._started = 0.0
        self._writer: EventsWriter

    def begin(self, run: TrackedRun) -> int:
        """Writes the run's file anew: it is given the points of before once more."""
        suffix = f".{run.id}"
        folder = self._root / run.name
        if any(path.suffix != suffix for path in folder.glob(FILES)):  # another run's of that name
            folder = folder.with_name(f"{folder.name}-{run.id}")
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{FILES}{suffix}"):
            old.unlink()
        self._started = run.started
        self._writer = EventsWriter(str(folder / "events"), suffix)
        _, start, self._success = summary.hparams(readable(run.settings), {})
        table = "".join(f"| {name} | {value} |\n" for name, value in run.tags.items())
        self._write(start, 0, 0.0)
        self._write(summary.text("run", f"| | |\n|---|---|\n{table}"), 0, 0.0)
        self._writer.flush()
        return NOTHING_YET

    def record(self, points: Sequence[Point]) -> None:
        """A number for each metric."""
        for step, epoch, seconds, metrics in points:
            for name, value in {"epoch": epoch, **metrics}.items():
                self._write(summary.scalar(name, value), step, seconds)
        self._writer.flush()

    def end(self, end: TrackedEnd) -> None:
        """The results, as numbers of the last step."""
        seconds = end.finished - self._started
        for name, value in end.numbers.items():
            self._write(summary.scalar(name, value), end.step, seconds)
        if end.went_well:
            self._write(self._success, end.step, seconds)
        self._writer.close()

    def _write(self, told: object, step: int, seconds: float) -> None:
        self._writer.write_event(Event(step=step, wall_time=self._started + seconds, summary=told))


def readable(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings as TensorBoard takes them: numbers, truths and texts."""
    return {
        name: value if isinstance(value, bool | int | float | str) else str(value)
        for name, value in settings.items()
    }
