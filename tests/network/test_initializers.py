from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.initializers import BIASES, INITIALIZERS, Start, initial_parameters
from runner.network.layers.parts import LayerPart
from runner.network.normal_numbers import standard_normal
from runner.network.topology import Topology
from runner.training.state import seeded_generator

N_IN, N_OUT = 300, 200

STANDARD_DEVIATIONS = {
    "fan_out_normal": sqrt(1 / N_OUT),
    "glorot_normal": sqrt(2 / (N_IN + N_OUT)),
    "glorot_uniform": sqrt(2 / (N_IN + N_OUT)),
    "he_normal": sqrt(2 / N_IN),
    "he_uniform": sqrt(2 / N_IN),
    "lecun_normal": sqrt(1 / N_IN),
    "lecun_uniform": sqrt(1 / N_IN),
    "normal": 1.0,
    "orthogonal": sqrt(1 / N_IN),  # a column of N_IN has length 1
    "uniform": sqrt(1 / 3),
    "zeros": 0.0,
}


def weights_of(n_in: int, n_out: int) -> LayerPart:
    return LayerPart("weights", (n_in, n_out), (n_in, n_out))


def draw(name: str, scale: float = 1.0, seed: int = 1) -> Array:
    return INITIALIZERS[name](seeded_generator(seed), weights_of(N_IN, N_OUT), scale)


@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_have_mean_zero_and_the_documented_spread(name: str, scale: float) -> None:
    weights, expected = draw(name, scale), scale * STANDARD_DEVIATIONS[name]
    assert weights.shape == (N_IN, N_OUT)
    assert abs(weights.mean()) <= 5 * expected / sqrt(weights.size)
    assert weights.std() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name.endswith("uniform")])
def test_uniform_weights_fill_their_interval_evenly(name: str) -> None:
    weights = draw(name) / (STANDARD_DEVIATIONS[name] * sqrt(3))
    assert weights.min() >= -1
    assert weights.max() < 1
    counts, _ = np.histogram(weights, bins=10, range=(-1, 1))
    np.testing.assert_allclose(counts / weights.size, 0.1, atol=0.01)


def test_normal_weights_have_the_tails_of_a_normal_distribution() -> None:
    weights = draw("normal")
    assert np.mean(np.abs(weights) < 1) == pytest.approx(0.6827, abs=0.01)
    assert np.mean(np.abs(weights) < 2) == pytest.approx(0.9545, abs=0.005)


@pytest.mark.parametrize("seed", [1, 0, 42, 2**32 - 1])
def test_uniform_weights_are_what_the_seeded_global_generator_draws(seed: int) -> None:
    legacy = np.random.RandomState(seed)  # np.random.seed(seed) makes the same one
    topology = Topology((3, 4, 1))
    drawn = initial_parameters(topology, [Start("uniform")], seeded_generator(seed))
    for layer in topology.layers:
        expected = 2 * legacy.random_sample(layer.parts[0].shape) - 1
        assert layer.weight_matrix(drawn).tolist() == expected.tolist()


@pytest.mark.parametrize(("n_in", "n_out"), [(5, 5), (7, 3), (3, 7), (1, 4)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(n_in: int, n_out: int) -> None:
    weights = INITIALIZERS["orthogonal"](seeded_generator(1), weights_of(n_in, n_out), 2.0) / 2
    square = weights.T @ weights if n_in >= n_out else weights @ weights.T
    np.testing.assert_allclose(square, np.eye(min(n_in, n_out)), atol=1e-12)


# How biases are drawn after 3 x 4 weights have been.
STARTING_BIASES: dict[str, Callable[[np.random.Generator], Array]] = {
    "normal": lambda generator: generator.standard_normal(4),
    "zeros": lambda _: np.zeros(4),
}


@pytest.mark.parametrize("bias", BIASES)
def test_biases_are_drawn_after_the_weights_of_their_layer(bias: str) -> None:
    topology, generator = Topology((3, 4), bias=True), seeded_generator(1)
    drawn = initial_parameters(topology, [Start("uniform", 1.0, bias)], seeded_generator(1))
    generator.random((3, 4))
    expected = STARTING_BIASES[bias](generator)
    assert topology.layers[0].bias_vector(drawn).tolist() == expected.tolist()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_biases_start_at_zero(name: str) -> None:
    topology = Topology((3, 4, 2), bias=True)
    drawn = initial_parameters(topology, [Start(name)], seeded_generator(1))
    assert [layer.bias_vector(drawn).tolist() for layer in topology.layers] == [[0] * 4, [0] * 2]


def test_each_layer_that_has_weights_may_start_otherwise() -> None:
    topology, generator = Topology(("1x6x6", "2C3", "MP2", 5, 3), bias=True), seeded_generator(1)
    starts = [Start("normal", 2.0, "normal"), Start("uniform"), Start("zeros", 1.0, "normal")]
    drawn = initial_parameters(topology, starts, seeded_generator(1))
    convolution, _, dense, output = topology.layers
    assert (
        convolution.weight_matrix(drawn).tolist()
        == (2 * standard_normal(generator, (9, 2))).tolist()
    )
    assert convolution.bias_vector(drawn).tolist() == standard_normal(generator, (2,)).tolist()
    assert dense.weight_matrix(drawn).tolist() == (2 * generator.random((8, 5)) - 1).tolist()
    assert dense.bias_vector(drawn).tolist() == [0.0] * 5
    assert output.weight_matrix(drawn).tolist() == [[0.0] * 3] * 5
    assert output.bias_vector(drawn).tolist() == standard_normal(generator, (3,)).tolist()
