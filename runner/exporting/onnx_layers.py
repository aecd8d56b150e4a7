"""Layers as ONNX's operators, where runtimes have them for the weights' type, else written out.

There are some for float32 alone. Source: onnx.ai/onnx/operators.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runner.errors import SettingsError
from runner.exporting.onnx_equations import EQUATIONS, Writer
from runner.exporting.onnx_graph import Graph
from runner.network.activations import LEAK
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import LayerKind, Views
from runner.network.layers.pooling import GlobalMeanPooling, MaxPooling, MeanPooling
from runner.network.layers.recurrent import Recurrent

RNN_ACTIVATIONS: Mapping[str, Mapping[str, Any]] = {
    "elu": {"activations": ["Elu"], "activation_alpha": [1.0]},
    "leaky_relu": {"activations": ["LeakyRelu"], "activation_alpha": [LEAK]},
    "linear": {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]},
    "relu": {"activations": ["Relu"]},
    "relu_straight_through": {"activations": ["Relu"]},
    "sigmoid": {"activations": ["Sigmoid"]},
    "softplus": {"activations": ["Softplus"]},
    "tanh": {"activations": ["Tanh"]},
}
"""Elman's, of the operator RNN."""


def add_layer(graph: Graph, value: str, kind: LayerKind, own: Views) -> str:
    """What a layer makes of a value, without the activation behind it; own: `Layer.folded`."""
    write = OPERATORS.get(type(kind))
    if write is None:
        raise SettingsError(f"the layer {kind} is a plugin's; export the network as net.npz")
    if graph.dtype != np.float32:
        write = EQUATIONS.get(type(kind), write)
    value = write(graph, value, kind, own)
    if "factor" in own:
        value = graph.node("Add", graph.node("Mul", value, own["factor"]), own["shift"])
    return value


def dense(graph: Graph, value: str, kind: Dense, own: Views) -> str:
    """x W + b, of every step where there are steps."""
    below = (kind.inputs,) if kind.steps is None else (kind.steps, kind.inputs)
    z = graph.node("MatMul", graph.shaped(value, below), own["weights"])
    return graph.node("Add", z, own["bias"]) if "bias" in own else z


def max_pooling(graph: Graph, value: str, kind: MaxPooling, _own: Views) -> str:
    """The largest of each window."""
    return pooling("MaxPool", graph, value, kind)


def mean_pooling(graph: Graph, value: str, kind: MeanPooling, _own: Views) -> str:
    """The mean of each window."""
    return pooling("AveragePool", graph, value, kind)


def pooling(operator: str, graph: Graph, value: str, kind: MaxPooling | MeanPooling) -> str:
    """Windows that fit whole, which is what ONNX takes too."""
    size, stride = [kind.size] * 2, [kind.stride] * 2
    maps = graph.shaped(value, kind.below)
    return graph.node(operator, maps, kernel_shape=size, strides=stride)


def global_mean_pooling(graph: Graph, value: str, kind: GlobalMeanPooling, _own: Views) -> str:
    """[samples, channels, 1, 1], and without those."""
    means = graph.node("GlobalAveragePool", graph.shaped(value, kind.below))
    return graph.shaped(means, kind.shape)


def convolution(graph: Graph, value: str, kind: Convolution, own: Views) -> str:
    """Weights as [maps, channels, size, size]."""
    weights = own["weights"].T.reshape(kind.maps, kind.below[0], kind.size, kind.size)
    biases = [own["bias"]] if "bias" in own else []
    window: Any = {"strides": [kind.stride] * 2, "pads": [kind.padding] * 4}
    return graph.node("Conv", graph.shaped(value, kind.below), weights, *biases, **window)


def elman(graph: Graph, value: str, kind: Elman, own: Views) -> str:
    """With one of the activations that ONNX names, else written out."""
    if kind.activation not in RNN_ACTIVATIONS:
        return EQUATIONS[Elman](graph, value, kind, own)
    return recurrence(graph, value, kind, own, operator="RNN", **RNN_ACTIVATIONS[kind.activation])


def lstm(graph: Graph, value: str, kind: Lstm, own: Views) -> str:
    """ONNX has the gates in the order i o f g."""
    return recurrence(graph, value, kind, own, operator="LSTM", order=(0, 3, 1, 2))


def gru(graph: Graph, value: str, kind: Gru, own: Views) -> str:
    """ONNX has the gates in the order k r n, and says so where r acts behind the product."""
    more: Any = {"order": (1, 0, 2), "linear_before_reset": 1}
    return recurrence(graph, value, kind, own, operator="GRU", **more)


def recurrence(
    graph: Graph, value: str, kind: Recurrent, own: Views, *, operator: str, **attributes: Any
) -> str:
    """[samples, time, units], or [samples, units] of the last step, of one of ONNX's three.

    order: of the gates there, in places of ours. They take [time, samples, features], and two
    biases: before the product with the state, and behind it.
    """
    order = attributes.pop("order", range(kind.gates))
    weights, recurrent = (gates(own[name], kind, order).T for name in ("weights", "recurrent"))
    biases: list[Array] = []
    if "bias" in own:
        behind = np.zeros_like(own["bias"])
        if "recurrent_bias" in own:
            behind[-kind.units :] = own["recurrent_bias"]
        biases = [np.concatenate([gates(own["bias"], kind, order), behind])[None]]
    steps = graph.node("Transpose", graph.shaped(value, kind.below), perm=(1, 0, 2))
    parts = weights[None], recurrent[None], *biases
    attributes["hidden_size"] = kind.units
    every, last = graph.several(2, operator, steps, *parts, **attributes)
    if not kind.sequence:
        return graph.node("Squeeze", last, graph.constant([0], np.int64))
    states = graph.node("Squeeze", every, graph.constant([1], np.int64))
    return graph.node("Transpose", states, perm=(1, 0, 2))


def gates(part: Array, kind: Recurrent, order: Any) -> Array:
    """A part [..., gates units] with the gates in another order."""
    apart = part.reshape(*part.shape[:-1], kind.gates, kind.units)
    return apart[..., list(order), :].reshape(part.shape)


OPERATORS: Mapping[type[LayerKind], Writer] = {
    Dense: dense,
    MaxPooling: max_pooling,
    Convolution: convolution,
    MeanPooling: mean_pooling,
    GlobalMeanPooling: global_mean_pooling,
    Elman: elman,
    Lstm: lstm,
    Gru: gru,
}
