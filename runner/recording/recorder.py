"""Everything a run leaves in its folder, written through one object."""

from collections.abc import Mapping

from runner.data.dataset import Dataset
from runner.network.topology import Array
from runner.recording.files import storage_errors
from runner.recording.run_directory import RunDirectory
from runner.recording.schedule import Schedule
from runner.recording.snapshots import parameters_checksum, save_snapshot
from runner.recording.tables import History, write_predictions
from runner.training.engine import StepReport
from runner.training.state import TrainingState


class Recorder:
    """Writes history, snapshots, results and run.json as training goes.

    Raises StorageError when the file system refuses; what was written before stays sound.
    """

    def __init__(
        self,
        directory: RunDirectory,
        history: Schedule,
        snapshots: Schedule,
        snapshot_seconds: float | None,
        preparation: Mapping[str, Array],
    ) -> None:
        self._preparation = preparation
        self._directory = directory
        self._history_schedule = history
        self._snapshot_schedule = snapshots
        self._snapshot_seconds = snapshot_seconds
        self._last_snapshot = (-1, 0.0, "")  # step, seconds, checksum of the weights
        with storage_errors(directory.path):
            self._history = History(directory.path)

    def next_milestone(self, epoch: int) -> int | None:
        """The next epoch at whose end something is recorded."""
        schedules = (self._history_schedule, self._snapshot_schedule)
        following = (schedule.next_after(epoch) for schedule in schedules)
        return min((epoch for epoch in following if epoch is not None), default=None)

    def record(self, report: StepReport, state: TrainingState) -> None:
        """What is due after this report."""
        if not report.finite:
            return
        with storage_errors(self._directory.path):
            due = report.epoch_ended and report.epoch in self._history_schedule
            if due or report.stop_reason is not None:
                self._history.append(report)
            scheduled = report.epoch_ended and report.epoch in self._snapshot_schedule
            seconds = state.seconds - self._last_snapshot[1]
            late = self._snapshot_seconds is not None and seconds >= self._snapshot_seconds
            if scheduled or late:
                self.snapshot(state)

    def snapshot(self, state: TrainingState) -> None:
        """A snapshot of the state, unless there is one; the history up to it is flushed.

        The best weights, restored when training ends, replace those of a step that has one.
        """
        checksum = parameters_checksum(state.parameters)
        step, _, last_checksum = self._last_snapshot
        if (state.step, checksum) == (step, last_checksum):
            return
        with storage_errors(self._directory.path):
            self._history.flush()
            save_snapshot(self._directory.path, state, self._preparation)
        self._last_snapshot = (state.step, state.seconds, checksum)

    def predictions(self, dataset: Dataset, outputs: Mapping[str, Array]) -> None:
        """predictions.csv, a row a sample."""
        with storage_errors(self._directory.path):
            write_predictions(self._directory.path, dataset, outputs)

    def finish(
        self,
        status: str,
        state: TrainingState,
        report: StepReport,
        test: Mapping[str, float],
        error: str | None = None,
    ) -> None:
        """The last history row, the last snapshot of finite weights, and results.csv.

        test: the metrics on the test part, if there is one. error: what went wrong, if it did.
        """
        with storage_errors(self._directory.path):
            self._history.append(report)
        if status != "diverged":
            self.snapshot(state)
        with storage_errors(self._directory.path):
            self._history.close()
        results = {
            "status": status,
            "stop_reason": report.stop_reason or status,
            "steps": report.step,
            "epochs": report.epoch,
            "seconds": report.seconds,
            "steps_per_second": report.step / report.seconds if report.seconds else 0.0,
            "parameters": state.parameters.size,
            **report.metrics,
            **test,
        }
        self._directory.finish(status, results, parameters_checksum(state.parameters), error)
