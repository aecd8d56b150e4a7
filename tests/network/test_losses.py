from math import exp, log

import numpy as np
import pytest

from runner.network.activations import ACTIVATIONS
from runner.network.arrays import Array
from runner.network.losses import LOSSES
from tests.problems import random_targets


def outputs_of(name: str, z: Array) -> Array:
    """The activation that comes with the loss; any other loss takes z itself for a."""
    a = np.empty_like(z)
    ACTIVATIONS[LOSSES[name].output or "linear"].forward(z, a)
    return a


def value(name: str, z: Array, y: Array) -> float:
    return LOSSES[name].value(z, outputs_of(name, z), y)


def gradient(name: str, z: Array, y: Array) -> Array:
    out = np.empty_like(z)
    LOSSES[name].gradient(outputs_of(name, z), y, out)
    return out


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_central_differences(name: str) -> None:
    z = np.random.default_rng(3).normal(0, 2, (5, 3))
    y = random_targets(name, 5, 3)
    found = gradient(name, z, y)
    step = 1e-6
    for place in np.ndindex(z.shape):
        up, down = z.copy(), z.copy()
        up[place] += step
        down[place] -= step
        difference = value(name, up, y) - value(name, down, y)
        assert found[place] == pytest.approx(difference / (2 * step), abs=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_sums_over_samples(name: str) -> None:
    z, y = np.random.default_rng(4).normal(0, 2, (6, 3)), random_targets(name, 6, 3)
    parts = sum(value(name, z[i : i + 1], y[i : i + 1]) for i in range(6))
    assert value(name, z, y) == pytest.approx(parts, rel=1e-12)


# One sample, z = (1, -2, 0): y, the loss and its gradient, worked by hand from the docstrings.
SIGMOID = 1 / (1 + exp(-1)), 1 / (1 + exp(2)), 0.5
WHOLE = exp(1) + exp(-2) + 1
HAND_WORKED: dict[str, tuple[list[float], float, list[float]]] = {
    "absolute_error": ([0.5, 1, 0], 0.5 + 3 + 0, [1, -1, 0]),
    "binary_cross_entropy": (
        [1, 0, 0.25],
        log(1 + exp(-1)) + log(1 + exp(-2)) + log(2),
        [SIGMOID[0] - 1, SIGMOID[1], 0.25],
    ),
    "cross_entropy": (
        [0.75, 0, 0.25],
        0.75 * (log(WHOLE) - 1) + 0.25 * log(WHOLE),
        [exp(1) / WHOLE - 0.75, exp(-2) / WHOLE, 1 / WHOLE - 0.25],
    ),
    "huber": ([0.5, 1, 0], 0.125 + 2.5 + 0, [0.5, -1, 0]),
    "squared_error": ([0, 3, 0], 0.5 + 12.5, [1, -5, 0]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_are_those_worked_by_hand(name: str) -> None:
    targets, expected, slopes = HAND_WORKED[name]
    z, y = np.array([[1.0, -2.0, 0.0]]), np.array([targets])
    assert value(name, z, y) == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient(name, z, y), [slopes], rtol=1e-14, atol=1e-16)


# z, y, the loss and its gradient where a naive formula overflows or takes the logarithm of 0.
EXTREME = {
    "binary_cross_entropy": [
        ([1e4], [1.0], 0.0, [0.0]),
        ([1e4], [0.0], 1e4, [1.0]),
        ([-1e4], [0.0], 0.0, [0.0]),
        ([-1e4], [1.0], 1e4, [-1.0]),
    ],
    "cross_entropy": [
        ([1e4, -1e4], [1.0, 0.0], 0.0, [0.0, 0.0]),
        ([1e4, -1e4], [0.0, 1.0], 2e4, [1.0, -1.0]),
        ([-1e4, -1e4], [1.0, 0.0], log(2), [-0.5, 0.5]),
    ],
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].output])
def test_extreme_logits_give_exact_losses_and_gradients(name: str, dtype: str) -> None:
    for z, y, expected, slopes in EXTREME[name]:
        logits, wanted = np.array([z], dtype), np.array([y], dtype)
        # The engines and predictions let exp(-z) overflow on its way to an exact 0 likewise.
        with np.errstate(over="ignore"):
            found, loss = gradient(name, logits, wanted), value(name, logits, wanted)
        assert loss == pytest.approx(expected, rel=1e-12 if dtype == "float64" else 1e-3)
        assert found.tolist() == [slopes]


@pytest.mark.parametrize("name", LOSSES)
def test_float32_keeps_its_digits_when_many_samples_are_summed(name: str) -> None:
    z, y = np.random.default_rng(5).normal(1000, 2, (20_000, 3)), random_targets(name, 20_000, 3)
    z = z.astype("float32")
    exact = value(name, z.astype(float), y)
    assert value(name, z, y.astype("float32")) == pytest.approx(exact, rel=1e-6)
