"""A run recorded as a row of its sweep: results, history and weights, and no folder."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runner.errors import SettingsError, error_line
from runner.experiment.experiment import Experiment
from runner.experiment.recorder import Occasions, RunEnd
from runner.experiment.running import Manner, Outcome, come_to_end, session
from runner.experiment.tracked_runs import row_run
from runner.experiment.tracking import tracking
from runner.network.trained import network_arrays
from runner.run_folder.job_rows import Kind
from runner.run_folder.kept_job import MISSING
from runner.run_folder.row_checks import RATE
from runner.run_folder.writing import machine
from runner.settings import Settings
from runner.storage.npz_files import encode
from runner.training.engine import StepReport
from runner.training.state import TrainingState

COLUMNS = ("step", "epoch", "seconds")
"""Of a history, before the metrics."""


@dataclass(frozen=True)
class Recorded:
    """What is kept of a run."""

    config: Mapping[str, Any]
    """With the whole topology, where it came that far."""
    kind: Kind
    error: str | None
    results: bytes
    history: bytes
    weights: bytes


class Silence:
    """A console that says nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_arguments, **_named: None


class RowRecorder:
    """Keeps in memory what a row has of a run."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._occasions: Occasions = experiment.occasions
        self._names: tuple[str, ...] = ()
        self._rows: list[tuple[float, ...]] = []
        self._started = time.time()
        self.recorded: Recorded | None = None
        """Once the run has come to its end."""

    def row_due(self, report: StepReport) -> bool:
        """Whether this report becomes a row of the history."""
        return report.finite and self._occasions.row_due(report)

    def record(self, report: StepReport, state: TrainingState) -> None:
        """What is due after this report."""
        if self.row_due(report):
            self._append(report)

    def _append(self, report: StepReport) -> None:
        if not self._names:
            self._names = tuple(report.metrics)
        if not self._rows or report.step > self._rows[-1][0]:
            values = [report.metrics.get(name, MISSING) for name in self._names]
            self._rows.append((report.step, report.epoch, round(report.seconds, 6), *values))

    def snapshot(self, state: TrainingState) -> None:
        """Nothing: a row has no snapshots."""

    def column(self, metric: str) -> list[float]:
        """A metric of the history's rows so far."""
        place = len(COLUMNS) + self._names.index(metric)
        return [row[place] for row in self._rows]

    def tables(self, made: Callable[[], Mapping[str, bytes]]) -> None:
        """Nothing: what they tell is computed again."""

    def finish(self, end: RunEnd) -> None:
        """Keeps the run's end."""
        if end.report.metrics:
            self._append(end.report)
        history = [*COLUMNS, *self._names] if self._rows else []
        last = dict(zip(history, self._rows[-1], strict=True)) if self._rows else {}
        results = end.results
        own = {name: results[name] for name in own_names(results, last)}
        self.recorded = Recorded(
            self._experiment.config,
            kind_of(self._experiment, results, last),
            end.error,
            numbers_of(own, self._started),
            np.array(self._rows, float).tobytes(),
            end.weights.tobytes() if end.status != "diverged" else b"",
        )


def numbers_of(results: Mapping[str, object], started: float) -> bytes:
    """The numbers of a run's results, and its times."""
    return np.array([*results.values(), started, time.time()], float).tobytes()


def said_by(results: Mapping[str, object], last: Mapping[str, float]) -> dict[str, str]:
    """The results that a history's last row says too, and what they are called there."""
    names = {name: {"steps": "step", "epochs": "epoch"}.get(name, name) for name in results}
    return {n: there for n, there in names.items() if there in last and last[there] == results[n]}


ALIKE = ("parameters",)
"""Results that are those of the kind."""


def own_names(results: Mapping[str, object], last: Mapping[str, float]) -> list[str]:
    """The results that are kept of each run: numbers that nothing else says."""
    said = {*said_by(results, last), *ALIKE, RATE}
    return [name for name in results if name not in said and not isinstance(results[name], str)]


def kind_of(
    experiment: Experiment, results: Mapping[str, object], last: Mapping[str, float]
) -> Kind:
    """What a run's row shares with others of its sweep.

    last: the last row of its history.
    """
    problem = experiment.engine.problem
    numbers = {name: value for name, value in results.items() if not isinstance(value, str)}
    about = {
        "status": results["status"],
        "stop_reason": results["stop_reason"],
        **surroundings(),
        **experiment.made_by,
        "data": experiment.data_checksum,
        "dtype": problem.targets.dtype.name,
        "metric": experiment.settings.stopping.metric,
        "results": [*numbers, "started", "finished"],
        "whole": [name for name, value in numbers.items() if isinstance(value, int)],
        "history": list(last),
        "last": said_by(results, last),
        "alike": {name: results[name] for name in ALIKE if name in results},
    }
    preparation = experiment.dataset.preparation | network_arrays(problem.network)
    return Kind(json.dumps(about), encode(preparation))


def surroundings() -> dict[str, object]:
    """In what a run was made."""
    return {name: value for name, value in machine().items() if name != "process"}


def run_to_row(config: Mapping[str, Any], manner: Manner) -> tuple[Outcome, Recorded]:
    """Trains a network as `config` says; how that ended, and what is kept of it.

    Raises RunnerError when configuration or data are at fault.
    """
    experiment = manner.built(config)
    state = experiment.first_state()
    recorder = RowRecorder(experiment)
    silence: Any = Silence()
    with session(experiment.settings) as interrupts:
        trackers, place = manner.trackers(experiment.settings), manner.named or Path()
        with tracking(trackers, lambda: row_run(experiment, place), None, interrupts) as told:
            outcome, _ = come_to_end(
                experiment, state, told.recorder(recorder), silence, interrupts
            )
    assert recorder.recorded is not None
    return outcome, recorder.recorded


def failed_row(config: Mapping[str, Any], error: BaseException, started: float) -> Recorded:
    """What is kept of a run that an error has ended."""
    about = {
        "status": "failed",
        "stop_reason": "error",
        **surroundings(),
        "engine": None,
        "data": None,
        "dtype": "float64",
        "metric": config["stopping"]["metric"],
        "results": ["started", "finished"],
        "whole": [],
        "history": [],
        "last": {},
        "alike": {},
    }
    kind = Kind(json.dumps(about), b"")
    return Recorded(config, kind, error_line(error), numbers_of({}, started), b"", b"")


def check_row(settings: Settings) -> None:
    """Raises SettingsError for what a row cannot keep."""
    for said, why in (
        (settings.from_ is not None and "from", "names no run that it branched off from"),
        (settings.recording.plots is True and "recording.plots=true", "has no pictures"),
    ):
        if said:
            raise SettingsError(
                f"sweep.record=rows: a row {why}; leave {said} out, or keep sweep.record=folders"
            )
