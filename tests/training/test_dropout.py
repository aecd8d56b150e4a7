import math
from itertools import pairwise

import numpy as np
import pytest

from runner.training.state import seeded_generator
from tests.problems import ENGINE_NAMES, INPUTS, TARGETS, make_engine, make_problem, make_state

Matrix = list[list[float]]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def script(sizes: tuple[int, ...], seed: int, steps: int, rate: float, alpha: float) -> Matrix:
    """The 2018 script's training, written out sample by sample and unit by unit.

    Its dropout comes after the forward pass: outputs and errors are those of all units, and
    the hidden activations that back-propagation sees are multiplied by 0 or 1/(1-rate).
    """
    random = np.random.RandomState(seed)
    shapes = list(pairwise(sizes))
    weights = [(2 * random.random_sample(shape) - 1).tolist() for shape in shapes]
    hidden_layers = range(1, len(shapes))
    for _ in range(steps):
        layers = [INPUTS.tolist()]
        for w in weights:
            layers.append(
                [
                    [sigmoid(sum(x * w[i][j] for i, x in enumerate(row))) for j in range(len(w[0]))]
                    for row in layers[-1]
                ]
            )
        for layer in hidden_layers:
            for row in layers[layer]:
                for unit in range(len(row)):
                    row[unit] *= random.binomial(1, 1 - rate) / (1 - rate)
        deltas = [
            [(y - a) * a * (1 - a) for a, y in zip(outputs, targets, strict=True)]
            for outputs, targets in zip(layers[-1], TARGETS.tolist(), strict=True)
        ]
        updates = []
        for w, below in zip(reversed(weights), reversed(layers[:-1]), strict=True):
            updates.append(
                [
                    [
                        sum(row[i] * delta[j] for row, delta in zip(below, deltas, strict=True))
                        for j in range(len(w[0]))
                    ]
                    for i in range(len(w))
                ]
            )
            deltas = [
                [
                    sum(d * w[i][j] for j, d in enumerate(delta)) * row[i] * (1 - row[i])
                    for i in range(len(w))
                ]
                for row, delta in zip(below, deltas, strict=True)
            ]
        for w, update in zip(weights, reversed(updates), strict=True):
            for i, row in enumerate(update):
                for j, change in enumerate(row):
                    w[i][j] += alpha * change
    return [row for w in weights for row in w]


@pytest.mark.parametrize(
    ("sizes", "rate", "alpha"),
    [
        ((3, 4, 1), 0.1, 10.0),  # the script's own run
        ((3, 4, 1), 0.0, 10.0),
        ((3, 5, 1), 0.4, 1.0),
        ((3, 4, 3, 1), 0.1, 2.0),
        ((3, 1), 0.1, 1.0),
    ],
)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_backward_dropout_is_the_scripts(
    engine_name: str, sizes: tuple[int, ...], rate: float, alpha: float
) -> None:
    steps = 300
    problem = make_problem(sizes, rate=rate, stage="backward", learning_rate=alpha)
    state = make_state(problem, seed=1)
    make_engine(engine_name, problem).advance(state, steps, None)
    expected = [weight for row in script(sizes, 1, steps, rate, alpha) for weight in row]
    np.testing.assert_allclose(state.parameters, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_forward_dropout_leaves_out_a_share_and_scales_up_the_rest(
    engine_name: str, rate: float
) -> None:
    # Linear units, all weights 1: an output is the number of kept units / (1 - rate).
    units = 2000
    data = (np.ones((50, 1)), np.zeros((50, 1)))
    problem = make_problem(
        (1, units, 1), hidden="linear", output="linear", rate=rate, data=data, learning_rate=1e-9
    )
    state = make_state(problem)
    state.parameters[:] = 1
    outputs = make_engine(engine_name, problem).advance(state, 1, None).outputs
    kept = outputs * (1 - rate)
    np.testing.assert_allclose(kept, np.round(kept), atol=1e-6)
    assert kept.mean() / units == pytest.approx(1 - rate, abs=0.01)
    assert len(set(np.round(kept).ravel())) > 10  # every sample has a mask of its own


@pytest.mark.parametrize("stage", ["forward", "backward"])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_step_draws_one_number_a_hidden_unit_and_sample(engine_name: str, stage: str) -> None:
    problem = make_problem((3, 4, 5, 1), rate=0.2, stage=stage)
    state = make_state(problem)
    expected = seeded_generator(1)
    expected.random(problem.network.topology.parameters + 3 * 8 * (4 + 5))
    make_engine(engine_name, problem).advance(state, 3, None)
    assert state.generator.random() == expected.random()


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_prediction_knows_no_dropout(engine_name: str) -> None:
    dropping, whole = make_problem(rate=0.5), make_problem(rate=0.0)
    state = make_state(dropping)
    np.testing.assert_array_equal(
        dropping.network.predict(state.parameters, INPUTS),
        whole.network.predict(state.parameters, INPUTS),
    )
    report = make_engine(engine_name, dropping).advance(state, 1, None)
    start = make_state(dropping).parameters
    assert not np.allclose(report.outputs, whole.network.predict(start, INPUTS))
