import math

import numpy as np

from runner.network.network import Network
from runner.network.topology import Topology


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
