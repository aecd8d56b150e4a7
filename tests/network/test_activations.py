import numpy as np
import pytest

from runner.network.activations import ACTIVATIONS
from runner.network.network import Network
from runner.network.topology import Array, Topology

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
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_that_of_central_differences(
    name: str, dtype: str, step: float, tolerance: float
) -> None:
    z = POINTS[np.abs(POINTS) > step].astype(dtype)  # no difference across relu's kink
    wide = z.astype(float)
    differences = (forward(name, wide + step) - forward(name, wide - step)) / (2 * step)
    assert slope(name, z).dtype == dtype
    np.testing.assert_allclose(slope(name, z), differences, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_leaves_its_input_alone(name: str, dtype: str) -> None:
    z = POINTS.astype(dtype)
    slope(name, z)
    assert z.tolist() == POINTS.astype(dtype).tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", [0, 0.5, 1]),
        ("tanh", [-1, 0, 1]),
        ("relu", [0, 0, 1e4]),
        ("linear", [-1e4, 0, 1e4]),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saturated_net_gives_exact_outputs_without_a_warning(
    name: str, expected: list[float], dtype: str
) -> None:
    network = Network(Topology((1, 1)), output=name)
    outputs = network.predict(np.ones(1, dtype), np.array([[-1e4], [0], [1e4]]))
    assert outputs.dtype == dtype
    assert outputs.ravel().tolist() == expected


def test_relu_has_slope_zero_at_its_kink() -> None:
    assert slope("relu", np.zeros(1)).tolist() == [0]
