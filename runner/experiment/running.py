"""One run, start to end: data set, network, training, recording."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.compiled import without_form
from runner.errors import INTERRUPTED, ConflictError, DivergedError, counted
from runner.experiment.branching import lineage, trained_on
from runner.experiment.building import engine_named
from runner.experiment.console import Console
from runner.experiment.ending import draw_plots, record_ending
from runner.experiment.experiment import Experiment, build
from runner.experiment.recorder import NOTHING, AnyRecorder, Before, Recorder, RunEnd
from runner.experiment.tracked_runs import folder_run, points_of
from runner.experiment.tracking import tracking
from runner.exporting.trackers import check_trackers
from runner.network.arrays import Array
from runner.network.trained import network_arrays
from runner.raising import Interrupted
from runner.run_folder.job_end import ending_words
from runner.run_folder.statuses import PRUNED
from runner.run_folder.tables import configuration_columns
from runner.run_folder.writing import RunWriter
from runner.settings import LoggerSettings, Settings
from runner.signals import Interrupts
from runner.storage.files import BySecond, Never, Syncing
from runner.training.engine import StepReport
from runner.training.layer_statistics import LayerStatistics
from runner.training.loop import report_of
from runner.training.state import TrainingState
from runner.training.stopping import RUNG, Rung
from runner.training.threads import limited

MOST_SECONDS_TO_END = 4.0
"""After a signal; what is drawn by then has to do."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and where its metrics stood."""

    status: str
    exit_code: int
    report: StepReport
    text: str
    """In words, on one line."""
    results: tuple[str, str] = ("", "")
    """Header and row of its results.csv."""


@dataclass(frozen=True)
class Manner:
    """How a process makes runs; what they come to does not depend on it."""

    shown: str = "all"
    """What the screen tells: `all`, as run.log; `progress`, a bar; or `nothing`."""
    one_of_many: bool = False
    """Whether it has pictures, and a word on how to go on, only where those are asked for."""
    build: Callable[..., Experiment] = build
    """From a configuration to its experiment, so that many runs can share parts of it."""
    syncing: Callable[[], Syncing] = BySecond
    """When files are forced to the disk, where `recording.durable` asks for it."""

    named: Path | None = None
    """What a run's folder will be called, where that is not what it is called now."""
    rung: Rung | None = None
    """Where it is to wait for others, on the way to its end."""
    tracked: bool = True
    """Whether its trackers are told; not where a run is made once more."""

    def built(self, config: Mapping[str, Any], engine: str | None = None) -> Experiment:
        """A configuration's experiment, up to the rung."""
        experiment = self.build(config, engine).up_to(self.rung)
        check_trackers(self.trackers(experiment.settings))
        return experiment

    def trackers(self, settings: Settings) -> LoggerSettings | None:
        """What is to be told of the run."""
        return settings.logger if self.tracked else None


ALONE, QUIETLY = Manner(), Manner(shown="nothing", one_of_many=True)


def run_experiment(
    config: Mapping[str, Any], folder: Path, documents: Mapping[str, str], manner: Manner = ALONE
) -> Outcome:
    """Trains a network as `config` says and records the run in `folder`.

    documents: texts to keep beside the run, such as its YAML, by file name.
    Raises RunnerError, before the folder is touched when configuration or data are at fault.
    """
    experiment = manner.built(config)
    state = experiment.first_state()
    experiment.check_branch(state)
    about = {**experiment.description(), "lineage": lineage(experiment.settings.from_, state)}
    directory = run_directory(folder, experiment, manner)
    with session(experiment.settings) as interrupts, directory.claimed(about, documents):
        return record_run(experiment, state, directory, interrupts, manner)


def run_directory(folder: Path, experiment: Experiment, manner: Manner = ALONE) -> RunWriter:
    """The folder of a run, written as durably as it is asked to."""
    syncing = manner.syncing() if experiment.settings.recording.durable else Never()
    return RunWriter(folder, experiment.columns, syncing)


@contextmanager
def session(settings: Settings) -> Iterator[Interrupts]:
    """What is the process's while it trains: signals, and the threads of linear algebra."""
    stop = settings.recording.on_sigusr1 == "stop"
    with Interrupts(stop_on_warning=stop) as interrupts, limited(settings.threads):
        yield interrupts


def record_run(
    experiment: Experiment,
    state: TrainingState,
    directory: RunWriter,
    interrupts: Interrupts,
    manner: Manner = ALONE,
    before: Before | None = None,
) -> Outcome:
    """Trains from `state` until a criterion or a signal stops it; records it in `directory`.

    before: what a run that goes on has recorded.
    """
    settings, dataset, problem = experiment.settings, experiment.dataset, experiment.engine.problem
    topology = problem.network.topology
    recorder = Recorder(
        directory,
        experiment.occasions,
        dataset.preparation | network_arrays(problem.network),
        experiment.checksum,
        problem.steps_per_epoch,
        before or NOTHING,
    )
    trackers = manner.trackers(settings)
    earlier = list(points_of(directory.path)) if trackers and before else []
    with (
        tracking(
            trackers,
            lambda: folder_run(experiment, directory.path),
            directory.path,
            interrupts,
            earlier,
        ) as told,
        recorder,
        Console(directory.path, manner.shown, manner.named) as console,
    ):
        recorder.snapshot(state, anew=before is not None)
        introduce(experiment, state, console, goes_on=before is not None)
        console.starting_weights(topology, state.parameters)
        console.begin_training(experiment.stopping, settings.stopping.metric)
        outcome, weights = come_to_end(
            experiment, state, told.recorder(recorder), console, interrupts
        )
        interrupted = outcome.status == "interrupted"
        if interrupted and not manner.one_of_many:
            console.how_to_go_on()
        # Ctrl-C is a person's, who looks on; whoever sends SIGTERM wants an end.
        left_out = interrupted and (manner.one_of_many or interrupts.received != "SIGINT")
        wanted = settings.recording.plots
        if not left_out and (not manner.one_of_many if wanted is None else wanted):
            if interrupted:
                told.close()  # before what may not come to an end
            with interrupts.ending_by(MOST_SECONDS_TO_END):
                draw_plots(experiment, weights, directory.path, console)
    return replace(outcome, results=directory.results)


def come_to_end(
    experiment: Experiment,
    state: TrainingState,
    recorder: AnyRecorder,
    console: Console,
    interrupts: Interrupts,
) -> tuple[Outcome, Array]:
    """Trains, and records how that ended; and the weights that are the run's result."""
    watch, problem = experiment.watch, experiment.engine.problem
    report = prepare_and_train(experiment, state, recorder, console, interrupts)
    weights, restored = experiment.result_weights(state)
    outcome = outcome_of(report, interrupts.received)
    console.end_training(report, outcome.status)
    if watch is not None and restored:
        console.restored(watch.best_epoch(state), watch.metric, watch.best_value(state))
    final = record_ending(experiment, weights, report, recorder, console)
    console.conclude(problem, experiment.dataset, weights, report)
    parameters = problem.network.topology.parameters
    error = outcome.text if outcome.status == "diverged" else None
    told = {"parameters": parameters, **report.metrics, **final}
    recorder.finish(RunEnd(outcome.status, state, report, told, error, restored))
    return outcome, weights


def introduce(
    experiment: Experiment, state: TrainingState, console: Console, *, goes_on: bool
) -> None:
    """Says what the run is, and where it goes on or branches off."""
    settings, engine = experiment.settings, experiment.engine
    problem, dataset = engine.problem, experiment.dataset
    told = engine.name
    if settings.engine == "auto" and (lacking := without_form(problem)) is not None:
        told = f"{told}, for compiled {lacking}"
    console.introduce(settings, dataset, problem, told)
    if goes_on:
        console.going_on(state.step)
    elif (start := experiment.start) is not None:
        console.branching(*start)
        if (doubt := trained_on(start, experiment.config)) is not None:
            console.warning(doubt)


def prepare_and_train(
    experiment: Experiment,
    state: TrainingState,
    recorder: AnyRecorder,
    console: Console,
    interrupts: Interrupts,
) -> StepReport:
    """Trains; a signal that comes while the engine is compiled stops the run where it stands."""
    try:
        with interrupts.raising():
            for told in experiment.engine.warm_up(state):
                console.line(told)
    except Interrupted:
        return report_of(state, experiment.engine)
    return train_and_record(experiment, state, recorder, console, interrupts)


def train_and_record(
    experiment: Experiment,
    state: TrainingState,
    recorder: AnyRecorder,
    console: Console,
    interrupts: Interrupts,
) -> StepReport:
    """Trains until a criterion or a signal stops it, validating and recording on the way."""
    statistics = None
    if experiment.settings.recording.layer_statistics:
        engine = experiment.engine
        statistics = LayerStatistics(engine.problem, engine_named(engine.name))
    for report in experiment.train(state):
        row = report
        if statistics is not None and recorder.row_due(report):
            row = report._replace(metrics=report.metrics | statistics.measure(state))
        recorder.record(row, state)
        console.progress(report)
        if report.step < state.step:  # passed, on the way to where the state is
            continue
        if interrupts.snapshot_wanted() and report.finite:
            recorder.snapshot(state)
        if interrupts.received:
            break
    if experiment.validate is not None and report.stop_reason is None:  # between epochs
        report = report._replace(metrics=report.metrics | experiment.validate(state.parameters))
    if statistics is not None and report.finite:
        report = report._replace(metrics=report.metrics | statistics.measure(state))
    return report


def outcome_of(report: StepReport, signal: str | None) -> Outcome:
    """The status and exit code that a run's last report comes to."""
    if report.stop_reason == "diverged":
        at = f"{counted(report.step, 'step')}, {report.seconds:.2f} s"
        advice = "lower optimizer.learning_rate or choose other starting weights"
        text = f"training diverged within {at}: loss or weights are not finite; {advice}"
        return Outcome("diverged", DivergedError.exit_code, report, text)
    status, code = "completed", 0
    if report.stop_reason is None and signal is not None:
        status, code = "interrupted", INTERRUPTED[signal]
    elif report.stop_reason is not None and report.stop_reason.startswith(RUNG):
        status = PRUNED
    words = ending_words(report.stop_reason or status, report.step, report.seconds)
    return Outcome(status, code, report, words)


def record_failure(
    folder: Path, config: Mapping[str, Any], documents: Mapping[str, str], error: BaseException
) -> None:
    """Records an error in a job's folder, unless the run has done so itself or still goes on."""
    directory = RunWriter(folder, configuration_columns(config))
    about = {"engine": None, "checksums": {}, "configuration": config}
    with suppress(ConflictError, ValueError):  # the latter where run.json cannot be read
        if (folder / "run.json").exists():
            directory.fail_unended(error)
        else:
            with directory.claimed(about, documents):
                directory.fail(error)
