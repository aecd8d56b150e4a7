"""One run, start to end: data set, network, training, recording."""

import time
from collections.abc import Mapping
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
from runner.errors import INTERRUPTED, ConflictError, DivergedError
from runner.loading import held_out, load_dataset
from runner.recording.console import Console
from runner.recording.recorder import Recorder
from runner.recording.run_directory import RunDirectory
from runner.recording.tables import configuration_columns
from runner.settings import parse_settings
from runner.signals import Interrupts
from runner.threads import limited
from runner.training.engine import Engine, StepReport
from runner.training.evaluation import HeldOut, evaluate, predict
from runner.training.loop import train
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.watching import Watch


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and where its metrics stood."""

    status: str
    exit_code: int
    report: StepReport
    text: str
    """In words, on one line."""


def run_experiment(
    config: Mapping[str, Any], folder: Path, documents: Mapping[str, str], *, quiet: bool = False
) -> Outcome:
    """Trains a network as `config` says and records the run in `folder`.

    documents: texts to keep beside the run, such as its YAML, by file name.
    Raises RunnerError, before the folder is touched when configuration or data are at fault.
    """
    settings = parse_settings(config)
    dataset = load_dataset(settings.dataset)
    problem = build_problem(settings, dataset)
    engine = build_engine(settings.engine, problem, build_distortion(dataset))
    stopping = build_stopping(settings.stopping)
    state = build_state(settings, problem)
    watch = build_watch(settings)

    checksum = dataset.checksum
    topology = problem.network.topology
    dataset = dataset.for_outputs(topology.sizes[-1], settings.dtype)
    validation = held_out("val_", dataset.validation, dataset)

    directory = RunDirectory(folder, configuration_columns({**config, "topology": str(topology)}))
    directory.claim(documents, engine=engine.name, data=checksum)
    with (
        limited(settings.threads),
        directory.failures_recorded(),
        Console(folder, quiet=quiet) as console,
        Interrupts() as interrupts,
    ):
        recorder = build_recorder(directory, settings.recording, dataset)
        recorder.snapshot(state)
        console.introduce(settings.dataset.name, dataset, problem, engine.name, settings.seed)
        console.starting_weights(topology, state.parameters)
        console.begin_training(stopping, settings.stopping.metric)
        if (prepared := engine.prepare(state)) is not None:
            console.line(prepared)
        report = train_and_record(
            state, engine, stopping, watch, recorder, console, interrupts, validation
        )
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
                name: predict(problem.network, state.parameters, part.inputs, dataset.scaling)
                for name, part in dataset.parts.items()
            }
            recorder.predictions(dataset, outputs)
        console.conclude(problem, dataset, state.parameters, report)
        error = outcome.text if outcome.status == "diverged" else None
        recorder.finish(outcome.status, state, report, test, error)
    return outcome


def train_and_record(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    watch: Watch | None,
    recorder: Recorder,
    console: Console,
    interrupts: Interrupts,
    validation: HeldOut | None,
) -> StepReport:
    """Trains until a criterion or a signal stops it, validating and recording on the way."""
    problem = engine.problem
    milestone, validate = recorder.next_milestone, None
    if validation is not None:
        validate = partial(evaluate, problem, held_out=validation)
        if watch is not None or not problem.full_batch:
            milestone = every_epoch
    for report in train(state, engine, stopping, milestone, time.perf_counter, validate, watch):
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
