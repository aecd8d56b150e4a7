"""Batch normalisation, worked by hand."""

from math import sqrt

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.layers.batch_norm import EPSILON
from runner.network.network import Network
from runner.network.topology import Topology
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state

# One linear hidden unit, z = x: W, b, gamma, W of the output, running mean, running variance.
START = [1.0, 0.5, 2.0, 1.0, 0.0, 1.0]
INPUTS = np.array([[1.0], [3.0], [8.0]])
TOPOLOGY = Topology((1, 1, 1), batch_norm=True)


def step(engine_name: str, inputs: Array, targets: Array, batch_size: int | None = None) -> Array:
    problem = make_problem(
        (1, 1, 1),
        batch_norm=True,
        hidden="linear",
        output="linear",
        data=(inputs, targets),
        learning_rate=0.1,
        batch_size=batch_size,
    )
    state = make_state(problem)
    assert state.parameters.size == len(START)
    state.parameters[:] = START
    state.position = 0 if batch_size is None else batch_size
    make_engine(engine_name, problem).advance(state, 1, None)
    return state.parameters


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_step_is_the_one_worked_by_hand(engine_name: str) -> None:
    # Mean 4, variance (9 + 1 + 16)/3 = 26/3; u = 2 n + 0.5; targets that leave deltas (1, 0, 0).
    inverse = 1 / sqrt(26 / 3 + EPSILON)
    normal = (INPUTS - 4) * inverse
    delta = np.array([[1.0], [0.0], [0.0]])
    found = step(engine_name, INPUTS, 2 * normal + 0.5 - delta)
    n = -3 * inverse
    delta_z = 2 * inverse * (delta - 1 / 3 - normal * n / 3)
    expected = [
        1 - 0.1 * float((delta_z * INPUTS).sum()),
        0.5 - 0.1 * 1,
        2 - 0.1 * n,
        1 - 0.1 * (2 * n + 0.5),
        0.9 * 0 + 0.1 * 4,
        0.9 * 1 + 0.1 * 13,  # 26/3 * 3/2, unbiased
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_batch_of_one_takes_the_running_statistics_and_leaves_them(engine_name: str) -> None:
    # The last of three samples, in batches of two; mean 0 and variance 1: n = x, nearly.
    inverse = 1 / sqrt(1 + EPSILON)
    problem_inputs = np.full((3, 1), 3.0)
    targets = np.full((3, 1), 2 * 3 * inverse + 0.5 - 1)  # a delta of 1
    found = step(engine_name, problem_inputs, targets, batch_size=2)
    expected = [
        1 - 0.1 * 2 * inverse * 3,
        0.5 - 0.1,
        2 - 0.1 * 3 * inverse,
        1 - 0.1 * (6 * inverse + 0.5),
        0,
        1,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_prediction_takes_the_running_statistics() -> None:
    network = Network(TOPOLOGY, ("linear",), "linear")
    parameters = np.array([1.0, 0.5, 2.0, 3.0, 4.0, 9.0])
    outputs = network.predict(parameters, INPUTS)
    expected = 3 * (2 * (INPUTS - 4) / sqrt(9 + EPSILON) + 0.5)
    np.testing.assert_allclose(outputs, expected, rtol=1e-14)


def test_it_starts_with_gamma_and_running_variance_of_one() -> None:
    start = make_state(make_problem((3, 4, 2), bias=True, batch_norm=True)).parameters
    hidden = Topology((3, 4, 2), bias=True, batch_norm=True).layers[0]
    names = ("gamma", "beta", "mean", "variance")
    parts = [hidden.place(name) for name in names]
    assert [start[part].tolist() for part in parts] == [[1] * 4, [0] * 4, [0] * 4, [1] * 4]
