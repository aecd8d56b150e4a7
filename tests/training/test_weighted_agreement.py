"""The compiled engine against the reference where rows count more, less or not at all."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.training.engine import Problem
from runner.training.metrics import METRICS, ROWS, Target
from tests.problems import ENGINE_NAMES, content, make_engine, make_state
from tests.training import test_agreement as dense_nets
from tests.training import test_layer_agreement as layered_nets
from tests.training.test_agreement import DATA, assert_close, assert_same_training, trained

NETS = {
    **{name: name for name in DATA},
    "convolution": "2x7x6-5C3-MP2-3",
    "last state": "5x3-6LSTM-3",
    "every step": "5x3-6RNN-5x3",
    "every step, deep": "6x4-9LSTM-7GRU-5-6x3",
    "many steps of one number": "20x2-5GRU-20x1",
}
LAYOUTS = ("small", "wide", "wide, sparse", "convolution", "last state", "every step")
VARIATIONS: dict[str, dict[str, Any]] = {
    "batches of one": {"batch_size": 1},
    "batches of uneven blocks": {"batch_size": 27},
    "full batches": {"batch_size": None},
    "summed loss": {"mean_loss": False, "learning_rate": 0.002},
    "forward dropout": {"rate": 0.3},
    "backward dropout": {"rate": 0.3, "stage": "backward"},
    "batch norm": {"batch_norm": True},
    "batch norm and full batches": {"batch_norm": True, "batch_size": None},
    "adam": {"optimizer": "adam", "learning_rate": 0.003},
    **{f"loss {name}": {"loss": name} for name in LOSSES},
}
dtypes = layered_nets.dtypes


def weighted(net: str, **changes: Any) -> Problem:
    """Of a third of the rows the weight is 0, and others' between 1/2 and 3."""
    of = dense_nets if net in DATA else layered_nets
    changes = {"loss": "huber" if net.endswith("number") else "cross_entropy"} | changes
    problem: Problem = of.problem_of(NETS[net], **changes)
    return replace(problem, weights=weights_of(problem.samples, problem))


def weights_of(samples: int, problem: Problem) -> Array:
    steps = problem.network.topology.steps
    generator = np.random.default_rng(3)
    each = generator.uniform(0.5, 3, (samples, steps)) * (generator.random((samples, steps)) < 0.7)
    each[samples // 2 : samples // 2 + 2] = 0  # samples of which nothing is there
    return each.astype(problem.targets.dtype)


@dtypes
@pytest.mark.parametrize("net", NETS)
def test_the_engines_weigh_the_rows_of_every_kind_of_net_alike(net: str, dtype: str) -> None:
    problem = weighted(net, dtype=dtype)
    assert_same_training(trained("compiled", problem), trained("numpy", problem))


@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("net", LAYOUTS)
def test_the_engines_weigh_rows_alike_however_a_net_is_trained(net: str, variation: str) -> None:
    problem = weighted(net, **VARIATIONS[variation])
    found, expected = trained("compiled", problem), trained("numpy", problem)
    assert_same_training(found, expected)
    assert expected.sums[ROWS] < problem.samples * problem.network.topology.steps


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("net", LAYOUTS)
def test_batches_of_which_nothing_is_there_teach_nothing(net: str, engine: str) -> None:
    problem = weighted(net)
    assert problem.weights is not None
    problem = replace(problem, weights=problem.weights * 0)
    state, before = make_state(problem), make_state(problem)
    report = make_engine(engine, problem).advance(state, 4, Target("accuracy", 0.0))
    assert state.parameters.tolist() == before.parameters.tolist()
    assert state.sums.tolist() == [0, 0, 0, 0]
    assert np.isnan(report.metrics["accuracy"])
    assert not report.reached


@pytest.mark.parametrize("slices", [[1] * 30, [7, 22, 1]])
@pytest.mark.parametrize("batch_size", [8, 27, None])
@pytest.mark.parametrize("net", LAYOUTS)
def test_slices_of_training_with_weights_come_to_the_same_bytes(
    net: str, batch_size: int | None, slices: list[int]
) -> None:
    problem = weighted(net, batch_size=batch_size)
    whole, sliced = make_state(problem), make_state(problem)
    make_engine("compiled", problem).advance(whole, 30, None)
    engine = make_engine("compiled", problem)
    for steps in slices:
        engine.advance(sliced, steps, None)
    assert content(sliced) == content(whole)


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("net", LAYOUTS)
def test_weights_of_one_change_no_bit(net: str, batch_size: int | None) -> None:
    problem = weighted(net, batch_size=batch_size)
    states = [make_state(problem), make_state(problem)]
    for state, weights in zip(states, (None, np.ones_like(problem.weights)), strict=True):
        make_engine("compiled", replace(problem, weights=weights)).advance(state, 30, None)
    assert content(states[0]) == content(states[1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("net", LAYOUTS)
def test_a_target_is_of_the_rows_that_are_there(
    net: str, batch_size: int | None, metric: str
) -> None:
    problem = weighted(net, batch_size=batch_size)
    state = make_state(problem)
    engine = make_engine("compiled", problem)
    first = engine.advance(state, problem.steps_per_epoch, None).metrics[metric]
    nearer = 0.5 * (first + (0 if metric in ("loss", "mae") else 1))
    for value, reached in ((first, True), (nearer, False)):
        target = Target(metric, value)
        report = engine.advance(make_state(problem), problem.steps_per_epoch, target)
        assert report.reached == reached


@dtypes
@pytest.mark.parametrize("net", LAYOUTS)
def test_the_engines_look_at_weighted_rows_alike(net: str, dtype: str) -> None:
    problem = weighted(net, dtype=dtype, batch_norm=True)
    state, topology = trained("numpy", problem, 5), problem.network.topology
    inputs = dense_nets.numbers(600, topology.sizes[0]).astype(dtype)
    wanted = np.tile(problem.targets, (600 // problem.samples + 1, 1))[:600]
    looked = []
    for weights in (weights_of(600, problem), None):
        pair = [
            make_engine(engine, problem).look(state.parameters, inputs, wanted, weights)
            for engine in ("compiled", "numpy")
        ]
        for found, expected in zip(*pair, strict=True):
            assert_close(found, expected, dense_nets.TOLERANCE[dtype])
        looked.append(pair[0][1])
    assert looked[0][ROWS] < looked[1][ROWS] == 600 * topology.steps
