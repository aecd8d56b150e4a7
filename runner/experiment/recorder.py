"""Everything a run leaves in its folder, written through one object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from runner.errors import StorageError
from runner.experiment.occasions import Epochs, earlier
from runner.network.arrays import Array
from runner.run_folder.history import EMPTY, HistoryFile, Mark, history_column
from runner.run_folder.kept_job import rate_of
from runner.run_folder.layout import snapshot_path
from runner.run_folder.row_checks import RATE
from runner.run_folder.snapshots import Snapshot, parameters_checksum, save_snapshot
from runner.run_folder.writing import RunWriter
from runner.storage.files import storage_errors, write_atomically
from runner.storage.npz_files import is_whole
from runner.training.engine import StepReport
from runner.training.state import TrainingState


class Occasions(NamedTuple):
    """When history rows and snapshots are written."""

    history: Epochs
    snapshots: Epochs
    seconds: float | None
    """So often a snapshot is written besides; None is never."""
    keep: int | None
    """So many snapshots stay, the newest, besides those that last; None is all."""
    every_report: bool = False
    """Whether the history has a row of every report, as a range test's has."""

    def next_milestone(self, epoch: int) -> int | None:
        """The next epoch at whose end something is recorded."""
        return earlier(self.history.next_after(epoch), self.snapshots.next_after(epoch))

    def lasts(self, step: int, steps_per_epoch: int) -> bool:
        """Whether a step's snapshot stays for good: that of an epoch that is listed by itself.

        Log-spaced are one in every factor of ten from 1,000 epochs on, so that a run of 10^9 epochs
        has `keep` and eight at most: its first one, and seven.
        """
        epoch, rest = divmod(step, steps_per_epoch)
        return rest == 0 and epoch in self.snapshots.epochs

    def row_due(self, report: StepReport) -> bool:
        """Whether the history has a row of where this report stands."""
        return self.every_report or (report.epoch_ended and report.epoch in self.history)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended."""

    status: str
    state: TrainingState
    report: StepReport
    final: Mapping[str, object]
    """What results.csv says of the final weights."""
    error: str | None
    """What went wrong, if it did."""
    restored: bool
    """Whether the best weights are the result."""

    @property
    def weights(self) -> Array:
        """The run's result."""
        return self.state.best if self.restored else self.state.parameters

    @property
    def results(self) -> dict[str, object]:
        """What results.csv has after the configuration, but the times."""
        report = self.report
        return {
            "status": self.status,
            "stop_reason": report.stop_reason or self.status,
            "steps": report.step,
            "epochs": report.epoch,
            "seconds": report.seconds,
            RATE: rate_of({"steps": report.step, "seconds": report.seconds}),
            **self.final,
        }


class Before(NamedTuple):
    """What a run that goes on has recorded."""

    history: Mark
    """Its rows."""
    steps: Sequence[int]
    """Its snapshots."""


NOTHING = Before(EMPTY, ())


class Recorder:
    """Writes history, snapshots, results and run.json as training goes.

    extra: what else every snapshot holds, such as what prediction needs.
    experiment: its checksum. steps_per_epoch: to tell of which epoch a snapshot is.
    Raises StorageError when the file system refuses; what was written before stays sound.
    """

    def __init__(
        self,
        directory: RunWriter,
        occasions: Occasions,
        extra: Mapping[str, Array],
        experiment: str,
        steps_per_epoch: int = 1,
        before: Before = NOTHING,
    ) -> None:
        self._steps_per_epoch = steps_per_epoch
        self._directory = directory
        self._occasions = occasions
        self._extra = extra
        self._experiment = experiment
        self._steps = list(before.steps)
        self._snapshot_seconds = 0.0
        with storage_errors(directory.path):
            self._history = HistoryFile(directory.path, before.history, directory.syncing)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._directory.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with storage_errors(self._directory.path):
            self._history.close()

    def row_due(self, report: StepReport) -> bool:
        """Whether this report becomes a row of the history."""
        return report.finite and self._occasions.row_due(report)

    def record(self, report: StepReport, state: TrainingState) -> None:
        """What is due after this report."""
        if not report.finite:
            return
        if self._occasions.row_due(report):
            self._history.append(report)
        if report.step < state.step:  # passed, on the way to where the state is
            return
        scheduled = report.epoch_ended and report.epoch in self._occasions.snapshots
        passed = state.seconds - self._snapshot_seconds
        if scheduled or (self._occasions.seconds is not None and passed >= self._occasions.seconds):
            self.snapshot(state)

    def column(self, metric: str) -> list[float]:
        """A metric of the history's rows so far."""
        self._history.write()
        return list(history_column(self.folder, metric).values())

    def snapshot(self, state: TrainingState, *, restored: bool = False, anew: bool = False) -> None:
        """A snapshot of the state, unless its step has one; the history before it is kept first.

        restored: whether the best weights are the run's result, which is then noted there.
        anew: whether what the step's says of that is no longer so, for the run goes on.
        """
        if self._steps[-1:] == [state.step] and not (restored or anew):
            return
        with storage_errors(self._directory.path):
            self._history.sync()
            path = save_snapshot(
                self._directory.path,
                Snapshot(state, self._experiment, self._history.mark),
                self._extra,
                restored=restored,
                syncing=self._directory.syncing,
            )
            self._directory.syncing.settle()
            self._steps = [*(step for step in self._steps if step != state.step), state.step]
            self._prune(path)
        self._snapshot_seconds = state.seconds

    def _prune(self, newest: Path) -> None:
        """Removes all but the first snapshot, those that last and the newest ones.

        That is once the last of them has been read back.
        """
        keep = self._occasions.keep
        old = [] if keep is None else self._steps[1:-keep]
        passing = [step for step in old if not self._occasions.lasts(step, self._steps_per_epoch)]
        if not passing:
            return
        self._directory.syncing.settle(wait=True)
        if not is_whole(newest):
            raise StorageError(f"{newest} reads back otherwise than it was written; check the disk")
        for step in passing:
            snapshot_path(self._directory.path, step).unlink(missing_ok=True)
        self._steps = [step for step in self._steps if step not in passing]

    def tables(self, made: Callable[[], Mapping[str, bytes]]) -> None:
        """What is told of the final weights, by the files' names."""
        folder = self._directory.path
        with storage_errors(folder):
            for name, content in made().items():
                write_atomically(folder / name, content, self._directory.syncing)

    def finish(self, end: RunEnd) -> None:
        """The last snapshot of finite weights, the last history row, and results.csv."""
        if end.status != "diverged":
            self.snapshot(end.state, restored=end.restored)
        with storage_errors(self._directory.path):  # after it: an earlier end than the next one's
            if end.report.metrics:
                self._history.append(end.report)
            self._history.sync()
        checksum = parameters_checksum(end.weights)
        self._directory.finish(end.status, end.results, checksum, end.error)


class AnyRecorder(Protocol):
    """What records a run: in its folder, or as a row of its sweep."""

    def row_due(self, report: StepReport) -> bool:
        """Whether this report becomes a row of the history."""
        ...

    def record(self, report: StepReport, state: TrainingState) -> None:
        """What is due after this report."""
        ...

    def snapshot(self, state: TrainingState) -> None:
        """A snapshot of the state, unless its step has one."""
        ...

    def column(self, metric: str) -> list[float]:
        """A metric of the history's rows so far."""
        ...

    def tables(self, made: Callable[[], Mapping[str, bytes]]) -> None:
        """What is told of the final weights, by the files' names."""
        ...

    def finish(self, end: RunEnd) -> None:
        """The run's end."""
        ...
