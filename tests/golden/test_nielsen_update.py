"""One mini-batch update against back-propagation as Nielsen's book writes it, sample by sample."""

import numpy as np
import pytest

from runner.network.arrays import Array
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state, random_data

SIZES, SAMPLES, BATCH, RATE = (20, 7, 4), 30, 10, 3.0


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def updated(
    weights: list[Array], biases: list[Array], inputs: Array, targets: Array
) -> list[Array]:
    """Weights [n_out, n_in], then biases, after w <- w - rate/m sum of dC/dw, C = |a - y|^2 / 2.

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equations BP1 to BP4.
    """
    gradients = [np.zeros(array.shape) for array in (*weights, *biases)]
    for x, y in zip(inputs, targets, strict=True):
        hidden = sigmoid(weights[0] @ x + biases[0])
        output = sigmoid(weights[1] @ hidden + biases[1])
        output_delta = (output - y) * output * (1 - output)
        hidden_delta = (weights[1].T @ output_delta) * hidden * (1 - hidden)
        gradients[0] += np.outer(hidden_delta, x)
        gradients[1] += np.outer(output_delta, hidden)
        gradients[2] += hidden_delta
        gradients[3] += output_delta
    arrays = (*weights, *biases)
    return [a - RATE / len(inputs) * g for a, g in zip(arrays, gradients, strict=True)]


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_step_is_that_of_the_book(engine: str) -> None:
    inputs, targets = random_data(SAMPLES, SIZES[0], SIZES[-1])
    problem = make_problem(
        SIZES,
        bias=True,
        data=(inputs, targets),
        mean_loss=True,
        learning_rate=RATE,
        batch_size=BATCH,
    )
    state = make_state(problem, initializer="normal")
    layers = problem.network.topology.layers
    weights = [layer.weight_matrix(state.parameters).T.copy() for layer in layers]
    biases = [layer.bias_vector(state.parameters).copy() for layer in layers]
    make_engine(engine, problem).advance(state, 1, None)
    batch = state.order[:BATCH]
    expected = updated(weights, biases, inputs[batch], targets[batch])
    ours = [layer.weight_matrix(state.parameters).T for layer in layers]
    ours += [layer.bias_vector(state.parameters) for layer in layers]
    for array, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-14)
