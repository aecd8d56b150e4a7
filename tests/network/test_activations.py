from math import exp, log

import numpy as np
import pytest

from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.arrays import Array
from runner.network.network import Network
from runner.network.topology import Topology
from tests.problems import DIFFERENTIATED

POINTS = np.array([-30.0, -6.0, -2.0, -1.0, -0.3, -1e-2, 1e-2, 0.3, 1.0, 2.0, 6.0, 30.0])


def forward(name: str, z: Array) -> Array:
    out = np.empty_like(z)
    ACTIVATIONS[name].forward(z, out)
    return out


def slope(name: str, z: Array) -> Array:
    out = np.empty_like(z)
    ACTIVATIONS[name].slope(z, forward(name, z), out)
    return out


# The step balances rounding (eps / step) against curvature (step^2).
@pytest.mark.parametrize(
    ("dtype", "step", "tolerance"), [("float64", 1e-5, 1e-9), ("float32", 1e-2, 1e-4)]
)
@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_the_slope_is_that_of_central_differences(
    name: str, dtype: str, step: float, tolerance: float
) -> None:
    z = POINTS[np.abs(POINTS) > step].astype(dtype)  # no difference across relu's kink
    wide = z.astype(float)
    differences = (forward(name, wide + step) - forward(name, wide - step)) / (2 * step)
    assert slope(name, z).dtype == dtype
    np.testing.assert_allclose(slope(name, z), differences, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_slope_that_is_not_of_z_is_known_from_what_comes_out(name: str) -> None:
    out, nothing = np.empty_like(POINTS), np.full_like(POINTS, np.nan)
    ACTIVATIONS[name].slope(nothing, forward(name, POINTS), out)
    assert np.isnan(out).any() == ACTIVATIONS[name].slope_of_z


def test_a_straight_through_activation_goes_back_as_if_it_were_linear() -> None:
    assert slope("relu_straight_through", POINTS).tolist() == slope("linear", POINTS).tolist()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_leaves_its_input_alone(name: str, dtype: str) -> None:
    z = POINTS.astype(dtype)
    forward(name, z[None])
    if name in ELEMENTWISE:
        slope(name, z)
    assert z.tolist() == POINTS.astype(dtype).tolist()


# At z = -1e4, 0 and 1e4.
SATURATED = {
    "elu": [-1, 0, 1e4],
    "gelu": [0, 0, 1e4],
    "leaky_relu": [-100, 0, 1e4],
    "linear": [-1e4, 0, 1e4],
    "relu": [0, 0, 1e4],
    "relu_straight_through": [0, 0, 1e4],
    "sigmoid": [0, 0.5, 1],
    "softplus": [0, log(2), 1e4],
    "tanh": [-1, 0, 1],
}


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saturated_net_gives_exact_outputs_without_a_warning(name: str, dtype: str) -> None:
    network = Network(Topology((1, 1)), output=name)
    outputs = network.predict(np.ones(1, dtype), np.array([[-1e4], [0], [1e4]]))
    assert outputs.dtype == dtype
    assert outputs.ravel().tolist() == np.array(SATURATED[name], dtype).tolist()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saturated_softmax_is_exact_without_a_warning(dtype: str) -> None:
    network = Network(Topology((1, 3)), output="softmax")
    weights = np.array([1, -1, 1], dtype)
    outputs = network.predict(weights, np.array([[-1e4], [0], [1e4]]))
    third = float(np.ones((), dtype) / np.array(3, dtype))
    assert outputs.dtype == dtype
    assert outputs.tolist() == [[0, 1, 0], [third] * 3, [0.5, 0, 0.5]]


def test_softmax_is_the_share_of_each_exponential() -> None:
    z = np.array([[0.5, -1.0, 2.0], [3.0, 3.0, 3.0]])
    whole = exp(0.5) + exp(-1.0) + exp(2.0)
    expected = [[exp(0.5) / whole, exp(-1.0) / whole, exp(2.0) / whole], [1 / 3] * 3]
    np.testing.assert_allclose(forward("softmax", z), expected, rtol=1e-15)
    np.testing.assert_allclose(forward("softmax", z + 700), expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "at_zero"), [("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)])
def test_the_slope_at_a_kink_is_that_of_the_left(name: str, at_zero: float) -> None:
    np.testing.assert_allclose(slope(name, np.zeros(1)), at_zero, rtol=1e-15)


# Worked from the definitions; gelu's from PyTorch's documentation of approximate="tanh":
# z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), at 1: tanh(0.8335625019) = 0.6823839842.
HAND_WORKED = {
    "elu": [(2.0, 2.0), (-1.0, exp(-1) - 1)],
    "gelu": [(1.0, 0.8411919906), (-1.0, -0.1588080094)],
    "leaky_relu": [(2.0, 2.0), (-3.0, -0.03)],
    "linear": [(2.5, 2.5)],
    "relu": [(2.0, 2.0), (-3.0, 0.0)],
    "relu_straight_through": [(2.0, 2.0), (-3.0, 0.0)],
    "sigmoid": [(log(3), 0.75), (-log(3), 0.25)],
    "softplus": [(0.0, log(2)), (1.0, log(1 + exp(1))), (-40.0, exp(-40))],
    "tanh": [(log(2), 0.6), (-log(3), -0.8)],
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_are_those_of_the_definition(name: str) -> None:
    for z, a in HAND_WORKED[name]:
        np.testing.assert_allclose(forward(name, np.array([z])), a, rtol=1e-9)
