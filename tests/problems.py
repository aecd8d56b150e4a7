"""Small training problems for the tests, and what two states must share to be the same."""

from typing import Any

import numpy as np

from runner.experiment.building import build_engine
from runner.network.activations import ELEMENTWISE
from runner.network.arrays import Array
from runner.network.initializers import Start, initial_parameters
from runner.network.layers.dropout import Dropout
from runner.network.losses import LOSSES
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Topology, parse_topology
from runner.run_folder.snapshots import snapshot_arrays
from runner.settings import ENGINES
from runner.training.engine import Engine, LearningRate, Penalty, Problem
from runner.training.metrics import Reduction
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import TrainingState, new_state, seeded_generator

ENGINE_NAMES = sorted(set(ENGINES) - {"auto"})
DIFFERENTIATED = sorted(set(ELEMENTWISE) - {"relu_straight_through"})
"""Activations whose slope is their own."""

NO_PENALTY, CONSTANT = Penalty(), LearningRate()

# PyTorch's defaults.
OPTIMIZER_SETTINGS = {
    "adagrad": (1e-10,),
    "adam": (0.9, 0.999, 1e-8),
    "adamw": (0.9, 0.999, 1e-8, 0.01),
    "momentum": (0.9,),
    "nesterov": (0.9,),
    "rmsprop": (0.99, 1e-8),
    "rprop": (0.5, 1.2, 1e-6, 50.0),
}

# In the order of each schedule's settings.
SCHEDULE_SETTINGS: dict[str, tuple[float, ...]] = {
    "constant": (),
    "cosine": (0.1,),
    "exponential": (0.9,),
    "one_cycle": (0.3, 25.0, 1e4),
    "plateau": (0.5, 3.0),
    "range": (0.001, 1.0),
    "step": (3.0, 0.5),
    "warmup": (5.0,),
}

# The eight samples of the 2018 script that the default configuration repeats.
INPUTS = np.array(
    [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1], [1, 0, 1], [0, 0, 1], [1, 0, 1], [1, 0, 1]], float
)
TARGETS = INPUTS[:, :1].copy()


def random_data(samples: int, inputs: int, outputs: int) -> tuple[Array, Array]:
    """Inputs and targets in [0, 1) that are the same every time."""
    generator = np.random.default_rng(7)
    return generator.random((samples, inputs)), generator.random((samples, outputs))


def random_targets(loss: str, samples: int, outputs: int) -> Array:
    """Targets that the loss is meant for, the same every time: classes or numbers."""
    generator = np.random.default_rng(11)
    if LOSSES[loss].output == "softmax":
        return np.eye(outputs)[generator.integers(outputs, size=samples)]
    if LOSSES[loss].output == "sigmoid":
        return generator.integers(2, size=(samples, outputs)).astype(float)
    return generator.random((samples, outputs))


def make_problem(
    written: tuple[int, ...] | str = (3, 4, 1),
    *,
    bias: bool = False,
    batch_norm: bool = False,
    hidden: str | tuple[str, ...] = "sigmoid",
    output: str = "sigmoid",
    rate: float | tuple[float, ...] = 0.0,
    stage: str = "forward",
    data: tuple[Array, Array] = (INPUTS, TARGETS),
    mean_loss: bool = False,
    optimizer: str = "sgd",
    learning_rate: float = 1.0,
    batch_size: int | None = None,
    dtype: str = "float64",
    loss: str = "squared_error",
    penalty: Penalty = NO_PENALTY,
    schedule: LearningRate = CONSTANT,
    scaling: Scaling | None = None,
) -> Problem:
    """A problem; the defaults are the 2018 script's without dropout.

    scaling: of the inputs, which then keep the type they have.
    """
    names = (hidden,) if isinstance(hidden, str) else hidden
    pieces = parse_topology(written) if isinstance(written, str) else written
    rates = rate if isinstance(rate, tuple) else (rate,)
    topology = Topology(pieces, bias, batch_norm)
    inputs, targets = (np.ascontiguousarray(part, dtype) for part in data)
    if scaling is not None:
        inputs, scaling = np.ascontiguousarray(data[0]), scaling.astype(dtype)
    return Problem(
        network=Network(topology, names, output, Dropout(rates, stage)),
        inputs=inputs,
        targets=targets,
        loss=loss,
        reduction=Reduction(topology.outputs, mean_loss),
        optimizer=optimizer,
        learning_rate=learning_rate,
        batch_size=batch_size or len(inputs),
        optimizer_settings=OPTIMIZER_SETTINGS.get(optimizer, ()),
        penalty=penalty,
        schedule=schedule,
        scaling=scaling,
    )


def make_state(
    problem: Problem, seed: int = 1, initializer: str = "uniform", scale: float = 1.0
) -> TrainingState:
    """The state before the first step; the defaults are weights uniform in [-1, 1)."""
    generator = seeded_generator(seed)
    starts = [Start(initializer, scale)]
    parameters = initial_parameters(problem.network.topology, starts, generator).astype(
        problem.targets.dtype
    )
    slots = OPTIMIZERS[problem.optimizer].slots
    return new_state(parameters, slots, problem.samples, generator)


def make_engine(name: str, problem: Problem) -> Engine:
    """The engine of that name."""
    return build_engine(name, problem)


def content(state: TrainingState) -> dict[str, Any]:
    """All that a state holds, as bytes; how long it took is left out."""
    arrays = snapshot_arrays(state)
    return {name: array.tobytes() for name, array in arrays.items() if name != "seconds"}
