"""From checked settings to the objects of a run: data set, problem, stopping, state, engine."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from runner import compiled
from runner.data.dataset import Dataset, Draw
from runner.data.distortions import distort
from runner.data.sample_weights import training_weights
from runner.errors import SettingsError
from runner.experiment.loading import check_range, training_inputs, whole_topology
from runner.experiment.misfits import check_network, check_problem
from runner.experiment.occasions import Epochs, log_spaced
from runner.experiment.recorder import Occasions
from runner.network.arrays import Array
from runner.network.initializers import initial_parameters
from runner.network.losses import LOSSES
from runner.network.network import Network
from runner.network.topology import AUTO, Topology
from runner.processors import processors
from runner.settings import Settings, StoppingSettings
from runner.training.distorting import DistortingEngine
from runner.training.engine import Engine, LearningRate, Problem
from runner.training.layer_statistics import ShowingEngine
from runner.training.metrics import Reduction, Target
from runner.training.numpy_engine import NumpyEngine
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import RANGE
from runner.training.state import TrainingState, new_state, seeded_generator
from runner.training.stopping import Stopping
from runner.training.tasks import BITS, REGRESSION, Task, task_of
from runner.training.watching import Watch


def build_problem(settings: Settings, dataset: Dataset) -> Problem:
    """Network, loss and optimizer on the data. Raises SettingsError when they do not fit."""
    topology = whole_topology(settings, dataset)
    check_network(settings, dataset, topology)
    check_range(dataset, settings.dtype)
    loss = loss_name(settings, dataset, topology)
    weights = row_weights(settings, dataset, topology)
    dataset = dataset.for_outputs(topology.outputs, settings.dtype)
    targets = np.ascontiguousarray(dataset.scaled_targets(dataset.train), settings.dtype)
    task = task_on(dataset)
    samples = len(dataset.train)
    batch_size = settings.batch_size or samples
    inputs, scaling = training_inputs(dataset, settings.dtype, full_batch=batch_size == samples)
    steps_per_epoch = -(-samples // batch_size)
    problem = Problem(
        network=Network(
            topology,
            settings.network.activation.hidden,
            output_activation(settings, loss, task),
            settings.network.dropout,
        ),
        inputs=inputs,
        targets=targets,
        loss=loss,
        reduction=Reduction(
            topology.outputs,
            settings.loss.reduction == "mean",
            dataset.target_unit,
            task,
        ),
        optimizer=settings.optimizer.name,
        learning_rate=settings.optimizer.learning_rate,
        batch_size=batch_size,
        optimizer_settings=settings.optimizer.settings,
        schedule=LearningRate(
            settings.schedule.name,
            settings.schedule.settings,
            schedule_epochs(settings, steps_per_epoch),
        ),
        penalty=settings.regularization,
        scaling=scaling,
        weights=weights,
        shuffle=settings.dataset.shuffle,
    )
    check_problem(settings, dataset, problem)
    return problem


def row_weights(settings: Settings, dataset: Dataset, topology: Topology) -> Array | None:
    """[samples, steps] What losses of the training part are multiplied by; None where all are 1."""
    weights = training_weights(dataset, settings.dataset.class_weight)
    there = dataset.there(dataset.train)
    if weights is None and there is None:
        return None
    each = np.ones((len(dataset.train), topology.steps), settings.dtype)
    for factors in (weights, there):
        if factors is not None:
            each *= factors.reshape(len(each), -1)
    return each


def task_on(dataset: Dataset) -> Task:
    """What a data set's targets ask for."""
    told = dataset.counting(dataset.train, dataset.train.targets)
    return task_of(told, regression=dataset.regression)


def loss_name(settings: Settings, dataset: Dataset, topology: Topology) -> str:
    """The loss; `auto` is the likelihood's of classes, and squared error of numbers to predict.

    Of classes that is cross_entropy, or where one output tells two of them, or several are true at
    once, binary_cross_entropy. An output activation that goes with neither leaves squared_error.
    """
    if settings.loss.name != AUTO:
        return settings.loss.name
    one_of_several = topology.outputs > 1
    if not dataset.labelled:
        task = task_on(dataset)
        if task is REGRESSION or dataset.target_scaling is not None:
            return "squared_error"
        one_of_several &= task is not BITS
    fitting = "cross_entropy" if one_of_several else "binary_cross_entropy"
    asked = settings.network.activation.output
    return fitting if asked in (AUTO, LOSSES[fitting].output) else "squared_error"


def as_built(config: Mapping[str, Any], topology: Topology, loss: str) -> dict[str, Any]:
    """A configuration with what data decided of it: the whole topology, and the loss."""
    return {**config, "topology": str(topology), "loss": {**config["loss"], "name": loss}}


def output_activation(settings: Settings, loss: str, task: Task) -> str:
    """The output layer's activation; `auto` is what the loss comes with, or what the task asks for:

    linear for numbers to predict, else sigmoid.
    """
    asked = settings.network.activation.output
    if asked != AUTO:
        return asked
    return LOSSES[loss].output or ("linear" if task is REGRESSION else "sigmoid")


def schedule_epochs(settings: Settings, steps_per_epoch: int) -> float:
    """How long the run will be, for schedules that need to know; 1 where no limit says it."""
    epochs, steps = settings.stopping.max_epochs, settings.stopping.max_steps
    limits = (epochs, steps and steps / steps_per_epoch)
    return min((float(limit) for limit in limits if limit is not None), default=1.0)


def build_stopping(settings: StoppingSettings) -> Stopping:
    """The stopping criteria."""
    target = None if settings.target is None else Target(settings.metric, settings.target)
    return Stopping(target, settings.max_steps, settings.max_epochs, settings.max_seconds)


def build_watch(settings: Settings) -> Watch | None:
    """What is watched from epoch to epoch, or None where nothing follows from it."""
    stopping, schedule = settings.stopping, settings.schedule
    factor_and_patience = schedule.settings if schedule.name == "plateau" else None
    watch = Watch(
        stopping.metric,
        stopping.min_delta,
        stopping.patience,
        stopping.restore_best,
        stopping.plateau,
        None if factor_and_patience is None else (factor_and_patience[0], factor_and_patience[1]),
    )
    return watch if watch.active else None


def with_drawn_data(settings: Settings, dataset: Dataset) -> Dataset:
    """The data set with what the run draws of it, where it draws."""
    if dataset.drawn is None:
        return dataset
    _, generator = draw_weights(settings, whole_topology(settings, dataset))
    return replace(dataset, train=dataset.drawn(generator))


def draw_weights(settings: Settings, topology: Topology) -> tuple[Array, np.random.Generator]:
    """The starting weights, the first that is drawn from the seed's generator; and that."""
    generator = seeded_generator(settings.seed)
    parameters = initial_parameters(topology, settings.network.initializer.starts, generator)
    return parameters.astype(settings.dtype), generator


def build_state(settings: Settings, problem: Problem, draw: Draw | None = None) -> TrainingState:
    """The state before the first step: weights are drawn, and behind them data that are."""
    parameters, generator = draw_weights(settings, problem.network.topology)
    if draw is not None:
        draw(generator)
    slots = OPTIMIZERS[settings.optimizer.name].slots
    return new_state(parameters, slots, problem.samples, generator)


def build_engine(
    name: str,
    problem: Problem,
    distort: Callable[[Array, np.random.Generator], Array] | None = None,
    threads: int | None = 1,
) -> Engine:
    """The engine that `engine=` names; `auto` is the compiled one where it can be had.

    distort: how training images are changed at random for every epoch, or None.
    threads: of the compiled engine, at most one a processor; None for as many as are worthwhile.
    Raises SettingsError when `compiled` is asked for and cannot be had.
    """
    problem_with = None if name == "numpy" else compiled.unsupported(problem)
    if name == "compiled" and problem_with is not None:
        raise SettingsError(f"engine='compiled' {problem_with}")
    engine = engine_named("numpy" if name == "numpy" or problem_with else "compiled", threads)
    return engine(problem) if distort is None else DistortingEngine(engine, problem, distort)


def engine_named(name: str, threads: int | None = 1) -> Callable[[Problem], ShowingEngine]:
    """The engine itself, as it comes from a problem."""
    if name == "compiled":
        # More than processors change no bit and would only wait for one another.
        most = None if threads is None else min(threads, processors())
        return partial(compiled.CompiledEngine, threads=most)
    return NumpyEngine


def build_distortion(
    dataset: Dataset,
) -> Callable[[Array, np.random.Generator], Array] | None:
    """How the data set's training images are distorted, or None where they are left alone."""
    distortion = dataset.distortion
    if distortion is None or distortion.changes_nothing:
        return None
    return lambda images, generator: distort(images, dataset.shape, distortion, generator)


HISTORY_LOG = log_spaced(per_decade=25)
SNAPSHOTS_LOG = log_spaced(per_decade=1, first=1000)


def build_occasions(settings: Settings) -> Occasions:
    """When history rows and snapshots are written."""
    recording = settings.recording
    return Occasions(
        build_schedule(recording.history, HISTORY_LOG),
        build_schedule(recording.snapshots.epochs, SNAPSHOTS_LOG),
        recording.snapshots.seconds,
        recording.snapshots.keep,
        every_report=settings.schedule.name == RANGE,
    )


def build_schedule(setting: str | int | tuple[int, ...] | None, log: Epochs) -> Epochs:
    """A schedule from its setting; `log` is what that word means here."""
    if setting == "log":
        return log
    if isinstance(setting, int):
        return Epochs(every=setting)
    return Epochs(epochs=setting if isinstance(setting, tuple) else ())
