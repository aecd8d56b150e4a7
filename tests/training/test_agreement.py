"""The compiled engine against the reference: the same training, to rounding, in every layout."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runner.network.activations import ELEMENTWISE
from runner.network.arrays import Array
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.network.scaling import Scaling
from runner.training.engine import LearningRate, Penalty, Problem
from runner.training.metrics import METRICS, Target
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from runner.training.state import TrainingState
from tests.problems import (
    SCHEDULE_SETTINGS,
    make_engine,
    make_problem,
    make_state,
    random_targets,
)

pytest.importorskip("numba")

STEPS = 100
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def images(samples: int, inputs: int, share: float) -> Array:
    """Bytes of which only a share is not zero."""
    generator = np.random.default_rng(5)
    shown = generator.random((samples, inputs)) < share
    return (shown * generator.integers(1, 256, (samples, inputs))).astype(np.uint8)


def numbers(samples: int, inputs: int, share: float = 1.0) -> Array:
    """Numbers in [0, 1) of which only a share is not zero."""
    generator = np.random.default_rng(6)
    return (generator.random((samples, inputs)) < share) * generator.random((samples, inputs))


TO_UNIT = Scaling(np.array(0.0), np.array(1 / 255))
CENTRED = Scaling(np.linspace(0, 9, 40), np.linspace(0.01, 0.03, 40))

# (sizes, inputs, their scaling, what the compiled engine makes of them)
DATA: dict[str, tuple[tuple[int, ...], Array, Scaling | None, str]] = {
    "small": ((5, 7, 3), numbers(29, 5), None, "columns"),
    "wide": ((40, 33, 5), numbers(29, 40), None, "dense rows"),
    "wide, sparse": ((40, 33, 5), numbers(29, 40, 0.2), None, "rows by sample"),
    "wider": ((300, 70, 5), numbers(29, 300), None, "dense rows"),
    "wider, sparse": ((300, 70, 5), numbers(29, 300, 0.2), None, "rows by sample"),
    "rows a power of two long": ((40, 128, 5), numbers(29, 40), None, "dense rows"),
    "bytes": ((40, 33, 5), images(29, 40, 1.0), TO_UNIT, "dense rows"),
    "bytes, sparse": ((40, 33, 5), images(29, 40, 0.2), TO_UNIT, "rows by sample"),
    "bytes, centred": ((40, 33, 5), images(29, 40, 0.2), CENTRED, "dense rows"),
    "large first layer": ((2000, 72, 5), images(150, 2000, 0.2), TO_UNIT, "rows by input"),
}


def problem_of(data: str, **changes: Any) -> Problem:
    """Mini-batches of 8 with biases, with changes."""
    sizes, inputs, scaling, _ = DATA[data]
    loss = changes.get("loss", "squared_error")
    sizes = (sizes[0], *changes.pop("between", sizes[1:-1]), sizes[-1])
    options: dict[str, Any] = {
        "bias": True,
        "hidden": "tanh",
        "output": LOSSES[loss].output or "linear",
        "data": (inputs, random_targets(loss, len(inputs), sizes[-1])),
        "mean_loss": True,
        "learning_rate": 0.02,
        "batch_size": 64 if data == "large first layer" else 8,
        "scaling": scaling,
    }
    return make_problem(sizes, **options | changes)


def way_of(problem: Problem) -> str:
    """Which of its arithmetics the compiled engine chooses."""
    from runner.compiled.layout_choice import layout_for
    from runner.compiled.structures import BY_SAMPLE, DENSE, Rows
    from runner.compiled.thread_team import Team

    arrays = layout_for(problem, Team(1)).arrays()[0]
    if not isinstance(arrays, Rows):
        return "columns"
    names = {DENSE: "dense rows", BY_SAMPLE: "rows by sample"}
    return names.get(arrays.way, "rows by input")


def trained(engine: str, problem: Problem, steps: int = STEPS, **start: Any) -> TrainingState:
    # Weights that do not saturate a unit, so that every activation is seen where it bends.
    state = make_state(problem, **{"initializer": "glorot_uniform"} | start)
    make_engine(engine, problem).advance(state, steps, None)
    return state


def assert_close(found: Array, expected: Array, tolerance: float) -> None:
    error = np.linalg.norm(found.astype(float) - expected)
    assert error <= tolerance * np.linalg.norm(expected)


def assert_same_training(found: TrainingState, expected: TrainingState) -> None:
    """Equal to rounding where there is arithmetic, else exactly."""
    tolerance = TOLERANCE[expected.parameters.dtype.name]
    assert found.parameters.dtype == expected.parameters.dtype
    assert_close(found.parameters, expected.parameters, tolerance)
    for slot, expected_slot in zip(found.slots, expected.slots, strict=True):
        assert_close(slot, expected_slot, tolerance)
    np.testing.assert_allclose(found.sums, expected.sums, rtol=tolerance)
    assert found.order.tolist() == expected.order.tolist()
    assert (found.step, found.epoch, found.position) == (
        expected.step,
        expected.epoch,
        expected.position,
    )
    assert found.generator.random(5).tolist() == expected.generator.random(5).tolist()


RATES = {"momentum": 0.02, "nesterov": 0.02, "sgd": 0.05}
VARIATIONS: dict[str, dict[str, Any]] = {
    **{f"hidden {name}": {"hidden": name} for name in ELEMENTWISE},
    **{f"output {name}": {"output": name} for name in ELEMENTWISE},
    **{f"loss {name}": {"loss": name} for name in LOSSES},
    **{
        f"optimizer {name}": {
            "optimizer": name,
            "learning_rate": RATES.get(name, 0.005),
            "batch_size": None if OPTIMIZERS[name].full_batch_only else 8,
        }
        for name in OPTIMIZERS
    },
    **{
        f"schedule {name}": {"schedule": LearningRate(name, SCHEDULE_SETTINGS[name], 20.0)}
        for name in SCHEDULES
    },
    "full batches": {"batch_size": None},
    "batches of one": {"batch_size": 1},
    "all but one": {"batch_size": 28},
    "summed loss": {"mean_loss": False, "learning_rate": 0.01},
    "no biases": {"bias": False},
    "batch norm": {"batch_norm": True},
    "batch norm without biases": {"batch_norm": True, "bias": False},
    "batch norm, full batches": {"batch_norm": True, "batch_size": None},
    "batch norm, a last batch of one": {"batch_norm": True, "batch_size": 7},
    "batch norm, three layers and dropout": {
        "batch_norm": True,
        "between": (16, 9, 12),
        "rate": 0.2,
        "hidden": ("relu", "tanh", "gelu"),
    },
    "batch norm, backward dropout": {"batch_norm": True, "rate": 0.2, "stage": "backward"},
    "batch norm, adamw and penalties": {
        "batch_norm": True,
        "optimizer": "adamw",
        "learning_rate": 0.005,
        "penalty": Penalty(l2=0.05, clip_norm=0.4, max_norm=0.8),
    },
    "no hidden layer": {"between": ()},
    "three hidden layers": {"between": (16, 9, 12)},
    "an activation for each layer": {"between": (16, 9, 12), "hidden": ("relu", "tanh", "gelu")},
    "forward dropout": {"rate": 0.3, "stage": "forward"},
    "forward dropout, full batches": {"rate": 0.3, "stage": "forward", "batch_size": None},
    "backward dropout": {"rate": 0.3, "stage": "backward"},
    "backward dropout, full batches": {"rate": 0.3, "stage": "backward", "batch_size": None},
    "dropout of two layers": {"rate": 0.2, "between": (15, 9), "optimizer": "momentum"},
    "l1": {"penalty": Penalty(l1=0.01)},
    "l2": {"penalty": Penalty(l2=0.05)},
    "clip_value": {"penalty": Penalty(clip_value=0.02)},
    "clip_norm": {"penalty": Penalty(clip_norm=0.1), "optimizer": "momentum"},
    "max_norm": {"penalty": Penalty(max_norm=0.5)},
    "all penalties": {
        "penalty": Penalty(l1=0.001, l2=0.05, clip_value=0.5, clip_norm=0.4, max_norm=0.8)
    },
    "l1 and l2": {"penalty": Penalty(l1=0.001, l2=0.05), "optimizer": "momentum"},
}
# rprop asks only for a gradient's sign, which comes to be decided by float32's rounding.
FEWER_STEPS = {("rprop", "float32"): 20}
variations = pytest.mark.parametrize("variation", VARIATIONS)
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


@pytest.mark.parametrize("data", DATA)
@dtypes
def test_each_kind_of_data_is_trained_the_way_it_is_here_for(data: str, dtype: str) -> None:
    assert way_of(problem_of(data, dtype=dtype)) == DATA[data][-1]


@pytest.mark.parametrize("data", ["small", "wide", "wide, sparse"])
@dtypes
@variations
def test_the_engines_agree(variation: str, dtype: str, data: str) -> None:
    problem = problem_of(data, dtype=dtype, **VARIATIONS[variation])
    steps = FEWER_STEPS.get((problem.optimizer, dtype), STEPS)
    assert_same_training(trained("compiled", problem, steps), trained("numpy", problem, steps))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize("data", DATA)
@dtypes
def test_the_engines_agree_on_all_kinds_of_data(
    data: str, dtype: str, rate: float, optimizer: str
) -> None:
    changes = {"dtype": dtype, "rate": rate, "optimizer": optimizer, "loss": "cross_entropy"}
    problem = problem_of(data, **changes, learning_rate=0.001 if optimizer == "adam" else 0.1)
    steps = 10 if data == "large first layer" else STEPS
    assert_same_training(trained("compiled", problem, steps), trained("numpy", problem, steps))


@pytest.mark.parametrize(
    ("sizes", "batch_size", "ways"),
    [
        ((40, 33, 5), 8, ("dense rows", "rows by sample")),
        ((2000, 72, 5), 64, ("dense rows", "rows by input")),
    ],
)
@dtypes
def test_the_engines_agree_on_inputs_whose_share_of_zeros_changes(
    sizes: tuple[int, ...], batch_size: int, ways: tuple[str, str], dtype: str
) -> None:
    dense, sparse = numbers(150, sizes[0]), numbers(150, sizes[0], 0.2)
    outputs = random_targets("squared_error", 150, sizes[-1])
    states = []
    for engine_name in ("compiled", "numpy"):
        problem = make_problem(
            sizes,
            data=(dense.copy(), outputs),
            dtype=dtype,
            batch_size=batch_size,
            hidden="tanh",
            mean_loss=True,
            learning_rate=0.01,
        )
        engine = make_engine(engine_name, problem)
        states.append(make_state(problem, initializer="glorot_uniform"))
        for shown, way in [(dense, ways[0]), (sparse, ways[1]), (dense, ways[0])]:
            problem.inputs[:] = shown
            engine.inputs_changed()
            assert way_of(problem) == way
            engine.advance(states[-1], problem.steps_per_epoch, None)
    assert_same_training(*states)


@pytest.mark.parametrize("data", ["small", "wide, sparse"])
@dtypes
@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_engines_agree_from_any_start(name: str, dtype: str, data: str) -> None:
    problem = problem_of(data, dtype=dtype)
    found = trained("compiled", problem, initializer=name, scale=0.5)
    assert_same_training(found, trained("numpy", problem, initializer=name, scale=0.5))


@pytest.mark.parametrize("data", ["small", "wide"])
@pytest.mark.parametrize("batch_size", [None, 8])
@pytest.mark.parametrize("metric", METRICS)
def test_a_target_stops_the_engines_at_the_same_step(
    metric: str, batch_size: int | None, data: str
) -> None:
    problem = problem_of(data, batch_size=batch_size, loss="cross_entropy")
    reached = trained("numpy", problem, 20 * problem.steps_per_epoch)
    watched = make_engine("numpy", problem).advance(reached, problem.steps_per_epoch, None)
    # A little worse than what an epoch comes to, so that rounding does not decide which it is.
    worse = 1 - 1e-6 if METRICS[metric].higher_is_better else 1 + 1e-6
    target = Target(metric, watched.metrics[metric] * worse)
    ends = {}
    for engine in ("numpy", "compiled"):
        state = make_state(problem, initializer="glorot_uniform")
        report = make_engine(engine, problem).advance(state, 2000, target)
        assert report.reached
        ends[engine] = state
    assert ends["numpy"].step < 2000
    assert_same_training(ends["compiled"], ends["numpy"])


@pytest.mark.parametrize("data", ["small", "wide, sparse"])
@dtypes
def test_one_kernel_serves_every_problem_of_a_layout_and_dtype(data: str, dtype: str) -> None:
    from runner.compiled import machine_code

    trained("compiled", problem_of(data, dtype=dtype), 1)
    kernels = machine_code.function.cache_info().currsize
    for variation in VARIATIONS.values():
        problem = problem_of(data, dtype=dtype, **variation)
        engine, state = make_engine("compiled", problem), make_state(problem)
        for steps, target in [(1, None), (2, Target("loss", 0.0)), (3, Target("accuracy", 1))]:
            engine.advance(state, steps, target)
    assert machine_code.function.cache_info().currsize == kernels


@pytest.mark.parametrize("data", ["small", "wide, sparse"])
def test_data_that_may_not_be_written_to_needs_no_kernel_of_its_own(data: str) -> None:
    from runner.compiled import machine_code

    problem = problem_of(data)
    expected = trained("compiled", problem)
    kernels = machine_code.function.cache_info().currsize
    inputs, targets = problem.inputs.copy(), problem.targets.copy()
    inputs.flags.writeable = targets.flags.writeable = False
    found = trained("compiled", replace(problem, inputs=inputs, targets=targets))
    assert found.parameters.tobytes() == expected.parameters.tobytes()
    assert machine_code.function.cache_info().currsize == kernels
