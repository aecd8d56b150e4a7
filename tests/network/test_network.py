import math

import numpy as np
import pytest

from runner.errors import DataError
from runner.network.network import Network
from runner.network.topology import Topology, parse_topology
from runner.network.trained import TrainedNetwork


def test_predict_is_the_sum_over_units_written_out() -> None:
    network = Network(Topology((2, 2, 1), bias=True), ("tanh",), "sigmoid")
    w = [0.1, -0.2, 0.3, 0.4, 0.05, -0.06, 0.7, -0.8, 0.09]
    x = [0.5, -1.5]
    hidden = [math.tanh(x[0] * w[j] + x[1] * w[2 + j] + w[4 + j]) for j in range(2)]
    expected = 1 / (1 + math.exp(-(hidden[0] * w[6] + hidden[1] * w[7] + w[8])))
    outputs = network.predict(np.array(w), np.array([x]))
    np.testing.assert_allclose(outputs, [[expected]], rtol=1e-14)


def test_hidden_layers_have_one_activation_or_one_each() -> None:
    deep = Topology((2, 3, 4, 1))
    assert Network(deep, ("tanh",), "linear").activation_names == ("tanh", "tanh", "linear")
    assert Network(deep, ("relu", "tanh")).activation_names == ("relu", "tanh", "sigmoid")
    assert Network(Topology((2, 1)), ("tanh",)).activation_names == ("sigmoid",)


def test_predict_changes_neither_inputs_nor_weights() -> None:
    network = Network(Topology((2, 3, 1), bias=True))
    parameters, inputs = np.linspace(-1, 1, 13), np.ones((4, 2))
    before = parameters.tobytes(), inputs.tobytes()
    network.predict(parameters, inputs)
    assert (parameters.tobytes(), inputs.tobytes()) == before


def test_predict_computes_in_the_weights_dtype() -> None:
    network = Network(Topology((2, 1)))
    assert network.predict(np.ones(2, "float32"), np.ones((3, 2))).dtype == "float32"


def trained(written: str, **known: tuple[str, ...]) -> TrainedNetwork:
    topology = Topology(parse_topology(written))
    parameters = np.random.default_rng(5).normal(size=topology.size)
    return TrainedNetwork(Network(topology), parameters, **known)  # type: ignore[arg-type]


def test_images_and_sequences_come_in_their_shape_or_flat() -> None:
    for written, shape in (("1x4x5-2C3-3", (1, 4, 5)), ("6x2-4GRU-3", (6, 2))):
        network = trained(written)
        samples = np.random.default_rng(1).normal(size=(7, *shape))
        outputs = network.predict(samples)
        assert outputs.shape == (7, 3)
        np.testing.assert_array_equal(outputs, network.predict(samples.reshape(7, -1)))


def test_inputs_of_another_shape_are_told_which_would_do() -> None:
    with pytest.raises(
        DataError, match=r"\(7, 5, 4\); expected \(samples, 20\) or \(samples, 1, 4, 5\)"
    ):
        trained("1x4x5-2C3-3").predict(np.zeros((7, 5, 4)))


def test_too_short_sequences_are_told_what_would_take_them() -> None:
    for written, words in (
        ("6x2-4RNN-6x3", "shorter sequences are padded with NaN at their ends, to 6 steps"),
        ("6x2-4RNN-3", "this network takes 6 steps and no fewer; one that learns from sequences"),
    ):
        with pytest.raises(DataError, match=rf"\(7, 4, 2\); expected .*; {words}"):
            trained(written).predict(np.zeros((7, 4, 2)))


def test_a_network_tells_the_activations_that_its_layers_take() -> None:
    assert (
        repr(trained("1x4x5-2C3-MP2-3"))
        == "TrainedNetwork(1x4x5-2C3-MP2-3, sigmoid, sigmoid, float64)"
    )


def test_a_net_that_says_something_of_every_step_has_steps_in_its_outputs() -> None:
    network = trained("6x2-4RNN-6x3", classes=("a", "b", "c"))
    samples = np.random.default_rng(1).normal(size=(7, 6, 2))
    outputs = network.predict(samples)
    assert outputs.shape == (7, 6, 3)
    found = network.classify(samples)
    assert found.shape == (7, 6)
    assert found[2, 3] == "abc"[outputs[2, 3].argmax()]
