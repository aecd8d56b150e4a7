"""One run, start to end: data set, network, training, recording."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from runner.assembly.building import build_occasions
from runner.assembly.loading import load_dataset, samples_of
from runner.assembly.preparing import Experiment, prepare
from runner.continuing.branching import lineage
from runner.data.dataset import Dataset
from runner.errors import INTERRUPTED, ConflictError, DivergedError
from runner.final_metrics import final_confusion, final_metrics
from runner.network.topology import Array
from runner.network.trained import network_arrays, predict
from runner.recording.console import Console
from runner.recording.files import BySecond, Never, Syncing
from runner.recording.history import EMPTY, Mark
from runner.recording.recorder import Recorder
from runner.recording.run_directory import RunDirectory
from runner.recording.tables import configuration_columns, read_column
from runner.settings import DatasetSettings, LoggerSettings, Settings
from runner.signals import Interrupted, Interrupts
from runner.threads import limited
from runner.training.engine import StepReport
from runner.training.evaluation import evaluate
from runner.training.layer_statistics import LayerStatistics
from runner.training.loop import standing, train
from runner.training.metrics import VALIDATION
from runner.training.range_test import MARGIN, range_test, suggested_rate
from runner.training.schedules import RANGE
from runner.training.state import TrainingState
from runner.training.stopping import Stopping


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and where its metrics stood."""

    status: str
    exit_code: int
    report: StepReport
    text: str
    """In words, on one line."""


def run_experiment(
    config: Mapping[str, Any],
    folder: Path,
    documents: Mapping[str, str],
    *,
    quiet: bool = False,
    load: Callable[[DatasetSettings], Dataset] = load_dataset,
    durably: Callable[[], Syncing] = BySecond,
) -> Outcome:
    """Trains a network as `config` says and records the run in `folder`.

    documents: texts to keep beside the run, such as its YAML, by file name.
    load: gives the data set, so that many runs can share one.
    durably: when files are forced to the disk, where `recording.durable` asks for it.
    Raises RunnerError, before the folder is touched when configuration or data are at fault.
    """
    experiment = prepare(config, load)
    state = experiment.first_state()
    directory = run_directory(folder, experiment, durably)
    about = {**experiment.description(), "lineage": lineage(experiment.settings.from_, state)}
    with (
        session(experiment.settings) as interrupts,
        directory.claimed(about, documents),
    ):
        return record_run(experiment, state, directory, interrupts, quiet=quiet)


def run_directory(
    folder: Path, experiment: Experiment, durably: Callable[[], Syncing] = BySecond
) -> RunDirectory:
    """The folder of a run, written as durably as it is asked to."""
    syncing = durably() if experiment.settings.recording.durable else Never()
    return RunDirectory(folder, experiment.columns, syncing)


@contextmanager
def session(settings: Settings) -> Iterator[Interrupts]:
    """What is the process's while it trains: signals, and the threads of linear algebra."""
    stop = settings.recording.on_sigusr1 == "stop"
    with Interrupts(stop_on_warning=stop) as interrupts, limited(settings.threads):
        yield interrupts


def record_run(
    experiment: Experiment,
    state: TrainingState,
    directory: RunDirectory,
    interrupts: Interrupts,
    *,
    history: Mark | None = None,
    steps: Sequence[int] = (),
    quiet: bool = False,
) -> Outcome:
    """Trains from `state` until a criterion or a signal stops it; records it in `directory`.

    history, steps: of a run that goes on, the rows and the snapshots that it has.
    """
    settings, dataset, problem = experiment.settings, experiment.dataset, experiment.engine.problem
    topology, watch = problem.network.topology, experiment.watch
    recorder = Recorder(
        directory,
        build_occasions(settings),
        dataset.preparation | network_arrays(problem.network),
        experiment.checksum,
        history or EMPTY,
        steps,
    )
    with recorder, Console(directory.path, quiet=quiet) as console:
        recorder.snapshot(state)
        engine_name = experiment.engine.name
        console.introduce(settings.dataset.name, dataset, problem, engine_name, settings.seed)
        console.starting_weights(topology, state.parameters)
        console.begin_training(experiment.stopping, settings.stopping.metric)
        try:
            with interrupts.raising():
                if (prepared := experiment.engine.prepare(state)) is not None:
                    console.line(prepared)
            report = train_and_record(experiment, state, recorder, console, interrupts)
        except Interrupted:
            report = standing(state, experiment.engine)
        restored = bool(watch is not None and watch.restore_best and state.best.size)
        weights = state.best if restored else state.parameters
        outcome = outcome_of(report, interrupts.received)
        console.end_training(report, outcome.status)
        final: dict[str, float] = {}
        if report.finite:
            final = final_metrics(problem, weights, dataset)
            console.final_metrics(final)
            if settings.schedule.name == RANGE:
                final |= suggestion(directory.path, console)
            if (confused := final_confusion(problem, weights, dataset)) is not None:
                recorder.classes(dataset, *confused)
        if sum(map(len, dataset.parts.values())) <= settings.recording.predictions:
            outputs = {
                name: dataset.in_own_units(
                    predict(problem.network, weights, part.inputs, dataset.scaling)
                )
                for name, part in dataset.parts.items()
            }
            recorder.predictions(dataset, outputs)
        console.conclude(problem, dataset, weights, report)
        error = outcome.text if outcome.status == "diverged" else None
        recorder.finish(
            outcome.status,
            state,
            report,
            final,
            parameters=topology.parameters,
            error=error,
            restored=restored,
        )
        wanted = settings.recording.plots
        if outcome.status != "interrupted" and (not quiet if wanted is None else wanted):
            draw_plots(experiment, weights, directory.path, console)
    if settings.logger is not None:
        track(settings.logger, directory.path)
    return outcome


def suggestion(folder: Path, console: Console) -> dict[str, float]:
    """What a range test's history suggests, for results.csv; it is printed as well."""
    rates, losses = (
        list(read_column(folder / "history.csv", name).values())
        for name in ("learning_rate", "loss")
    )
    rate = suggested_rate(rates, losses)
    if rate is None:
        advice = "set another schedule.least and .most, or more stopping.max_steps"
        console.line(f"No learning rate suggested: the loss hardly fell; {advice}")
        return {}
    shown, lowest = (f"{float(f'{value:.2g}'):g}" for value in (rate, MARGIN * rate))
    why = f"the smoothed loss is lowest at {lowest}, {MARGIN:g} times that"
    if rate == rates[-1] / MARGIN:
        why += "; the range ends there, raise schedule.most"
    console.line(f"Suggested learning rate: {shown} ({why})")
    return {"suggested_rate": rate}


def track(settings: LoggerSettings, folder: Path) -> None:
    """Copies a run that has ended to where it is tracked; what goes wrong is said, no more."""
    from runner.recording.mlflow_logger import log_run  # noqa: PLC0415 - for those who ask for it

    if (problem := log_run(folder, settings.folder, settings.experiment)) is not None:
        print(f"warning: {problem}", file=sys.stderr)


def draw_plots(experiment: Experiment, weights: Array, folder: Path, console: Console) -> None:
    """The pictures of a run that has ended; what goes wrong with one is said, no more."""
    from runner.analysis.plots.pictures import draw_run  # noqa: PLC0415 - loads matplotlib

    network = experiment.engine.problem.network
    for problem in draw_run(folder, network, weights, experiment.dataset):
        console.line(f"warning: {problem}")


def train_and_record(
    experiment: Experiment,
    state: TrainingState,
    recorder: Recorder,
    console: Console,
    interrupts: Interrupts,
) -> StepReport:
    """Trains until a criterion or a signal stops it, validating and recording on the way."""
    statistics = None
    if experiment.settings.recording.layer_statistics:
        statistics = LayerStatistics(experiment.engine.problem)
    for report in course(experiment, state, experiment.stopping):
        row = report
        if statistics is not None and recorder.row_due(report):
            row = replace(report, metrics=report.metrics | statistics.measure(state))
        recorder.record(row, state)
        console.progress(report)
        if interrupts.snapshot_wanted() and report.finite:
            recorder.snapshot(state)
        if interrupts.received:
            break
    validate = validation_of(experiment)
    if validate is not None and report.stop_reason is None:  # interrupted between epochs
        report = replace(report, metrics=report.metrics | validate(state.parameters))
    if statistics is not None and report.finite:
        report = replace(report, metrics=report.metrics | statistics.measure(state))
    return report


def course(
    experiment: Experiment, state: TrainingState, stopping: Stopping
) -> Iterator[StepReport]:
    """The reports of an experiment's training from `state` on, which is changed in place."""
    engine, watch = experiment.engine, experiment.watch
    if experiment.settings.schedule.name == RANGE:
        return range_test(state, engine, stopping, time.perf_counter)
    milestone = build_occasions(experiment.settings).next_milestone
    validate = validation_of(experiment)
    often = experiment.stopping.loop_target or not engine.problem.full_batch
    if watch is not None or (validate is not None and often):
        milestone = every_epoch
    return train(state, engine, stopping, milestone, time.perf_counter, validate, watch)


def validation_of(experiment: Experiment) -> Callable[[Array], dict[str, float]] | None:
    """From weights to their metrics on the validation part, where there is one."""
    dataset = experiment.dataset
    if dataset.validation is None:
        return None
    validation = samples_of(VALIDATION, dataset.validation, dataset)
    return partial(evaluate, experiment.engine.problem, held_out=validation)


def every_epoch(epoch: int) -> int:
    """The next epoch, where each is looked at."""
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
    folder: Path, config: Mapping[str, Any], documents: Mapping[str, str], error: BaseException
) -> None:
    """Records an error in a job's folder, unless the run has done so itself or still goes on."""
    directory = RunDirectory(folder, configuration_columns(config))
    about = {"engine": None, "checksums": {}, "configuration": config}
    with suppress(ConflictError, ValueError):  # the latter where run.json cannot be read
        if (folder / "run.json").exists():
            directory.fail_unended(error)
        else:
            with directory.claimed(about, documents):
                directory.fail(error)
