"""One run, start to end: data set, network, training, recording."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from runner.building import (
    build_distortion,
    build_engine,
    build_problem,
    build_recorder,
    build_state,
    build_stopping,
    build_watch,
)
from runner.data.dataset import Dataset
from runner.errors import INTERRUPTED, ConflictError, DivergedError
from runner.loading import held_out, load_dataset
from runner.network.trained import predict
from runner.recording.console import Console
from runner.recording.recorder import Recorder
from runner.recording.run_directory import RunDirectory
from runner.recording.tables import configuration_columns
from runner.settings import DatasetSettings, Settings, parse_settings
from runner.signals import Interrupts
from runner.threads import limited
from runner.training.engine import Engine, StepReport
from runner.training.evaluation import evaluate
from runner.training.loop import train
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.watching import Watch


@dataclass(frozen=True)
class Experiment:
    """A run that is ready to start: its settings checked, its data loaded, its engine built."""

    settings: Settings
    columns: Mapping[str, object]
    """The configuration's part of results.csv."""
    dataset: Dataset
    """With targets as the network's outputs are."""
    checksum: str
    """Of the data as they came."""
    engine: Engine
    stopping: Stopping
    watch: Watch | None

    def first_state(self) -> TrainingState:
        """The state before the first step."""
        return build_state(self.settings, self.engine.problem)


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and where its metrics stood."""

    status: str
    exit_code: int
    report: StepReport
    text: str
    """In words, on one line."""


def prepare(
    config: Mapping[str, Any], load: Callable[[DatasetSettings], Dataset] = load_dataset
) -> Experiment:
    """The experiment that a configuration describes; no file is written.

    load: gives the data set, so that many runs can share one.
    Raises RunnerError when configuration or data are at fault.
    """
    settings = parse_settings(config)
    dataset = load(settings.dataset)
    problem = build_problem(settings, dataset)
    topology = problem.network.topology
    return Experiment(
        settings,
        configuration_columns({**config, "topology": str(topology)}),
        dataset.for_outputs(topology.sizes[-1], settings.dtype),
        dataset.checksum,
        build_engine(settings.engine, problem, build_distortion(dataset)),
        build_stopping(settings.stopping),
        build_watch(settings),
    )


def run_experiment(
    config: Mapping[str, Any], folder: Path, documents: Mapping[str, str], *, quiet: bool = False
) -> Outcome:
    """Trains a network as `config` says and records the run in `folder`.

    documents: texts to keep beside the run, such as its YAML, by file name.
    Raises RunnerError, before the folder is touched when configuration or data are at fault.
    """
    experiment = prepare(config)
    state = experiment.first_state()
    directory = RunDirectory(folder, experiment.columns)
    directory.claim(documents, engine=experiment.engine.name, data=experiment.checksum)
    with limited(experiment.settings.threads), Interrupts() as interrupts:
        return record_run(experiment, state, directory, interrupts, quiet=quiet)


def record_run(
    experiment: Experiment,
    state: TrainingState,
    directory: RunDirectory,
    interrupts: Interrupts,
    *,
    quiet: bool = False,
) -> Outcome:
    """Trains from `state` until a criterion or a signal stops it; records it in `directory`."""
    settings, dataset, engine = experiment.settings, experiment.dataset, experiment.engine
    stopping, watch, problem = experiment.stopping, experiment.watch, engine.problem
    topology = problem.network.topology
    with directory.failures_recorded(), Console(directory.path, quiet=quiet) as console:
        recorder = build_recorder(directory, settings.recording, dataset, problem.network)
        recorder.snapshot(state)
        console.introduce(settings.dataset.name, dataset, problem, engine.name, settings.seed)
        console.starting_weights(topology, state.parameters)
        console.begin_training(stopping, settings.stopping.metric)
        if (prepared := engine.prepare(state)) is not None:
            console.line(prepared)
        report = train_and_record(experiment, state, recorder, console, interrupts)
        if watch is not None and watch.restore_best and state.best.size:
            state.parameters[:] = state.best
        outcome = outcome_of(report, interrupts.received)
        console.end_training(report, outcome.status)
        test = {}
        if (samples := held_out("test_", dataset.test, dataset)) is not None:
            test = evaluate(problem, state.parameters, samples)
            console.test(test, classes=dataset.classes is not None)
        if sum(map(len, dataset.parts.values())) <= settings.recording.predictions:
            outputs = {
                name: dataset.in_own_units(
                    predict(problem.network, state.parameters, part.inputs, dataset.scaling)
                )
                for name, part in dataset.parts.items()
            }
            recorder.predictions(dataset, outputs)
        console.conclude(problem, dataset, state.parameters, report)
        error = outcome.text if outcome.status == "diverged" else None
        recorder.finish(outcome.status, state, report, test, error)
        wanted = settings.recording.plots
        if outcome.status != "interrupted" and (not quiet if wanted is None else wanted):
            draw_plots(experiment, state, directory.path, console)
    return outcome


def draw_plots(
    experiment: Experiment, state: TrainingState, folder: Path, console: Console
) -> None:
    """The pictures of a run that has ended; what goes wrong with one is said, no more."""
    from runner.analysis.plots.pictures import draw_run  # noqa: PLC0415 - loads matplotlib

    network = experiment.engine.problem.network
    for problem in draw_run(folder, network, state.parameters, experiment.dataset):
        console.line(f"warning: {problem}")


def train_and_record(
    experiment: Experiment,
    state: TrainingState,
    recorder: Recorder,
    console: Console,
    interrupts: Interrupts,
) -> StepReport:
    """Trains until a criterion or a signal stops it, validating and recording on the way."""
    engine, watch, dataset = experiment.engine, experiment.watch, experiment.dataset
    problem, milestone, validate = engine.problem, recorder.next_milestone, None
    if (validation := held_out("val_", dataset.validation, dataset)) is not None:
        validate = partial(evaluate, problem, held_out=validation)
        if watch is not None or not problem.full_batch:
            milestone = every_epoch
    clock = time.perf_counter
    for report in train(state, engine, experiment.stopping, milestone, clock, validate, watch):
        recorder.record(report, state)
        console.progress(report)
        if interrupts.received:
            break
    if validate is not None and report.stop_reason is None:  # interrupted between epochs
        report = replace(report, metrics=report.metrics | validate(state.parameters))
    return report


def every_epoch(epoch: int) -> int:
    """The next epoch: what mini-batch training validates after each of."""
    return epoch + 1


def outcome_of(report: StepReport, signal: str | None) -> Outcome:
    """The status and exit code that a run's last report comes to."""
    at = f"{report.step:,} steps, {report.seconds:.2f} s"
    if report.stop_reason == "diverged":
        advice = "lower optimizer.learning_rate or choose other starting weights"
        text = f"training diverged within {at}: loss or weights are not finite; {advice}"
        return Outcome("diverged", DivergedError.exit_code, report, text)
    if report.stop_reason is None and signal is not None:
        return Outcome("interrupted", INTERRUPTED[signal], report, f"interrupted after {at}")
    return Outcome("completed", 0, report, f"{report.stop_reason} reached after {at}")


def record_failure(
    folder: Path, config: Mapping[str, Any], documents: Mapping[str, str], error: Exception
) -> None:
    """Records an error in a job's folder, unless the run has done so itself."""
    directory = RunDirectory(folder, configuration_columns(config))
    with suppress(ConflictError):
        directory.claim(documents, engine=None, data=None)
        directory.fail(error)
