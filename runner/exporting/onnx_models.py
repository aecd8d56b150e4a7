"""A trained network as an ONNX model: raw inputs in, outputs in the targets' own units out."""

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from runner.checking.extras import extra
from runner.errors import SnapshotError
from runner.network.activations import GELU_CUBIC, GELU_SCALE, LEAK
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork

OPSET, FORMAT = 17, 8
"""Of 2022: what runtimes of today read."""
SAMPLES = 200
TOLERANCE = {"float64": 1e-6, "float32": 1e-4}
"""In units of the network's outputs, before they get those of the targets."""


class Graph:
    """Nodes and constants in the order in which they are added; a value is known by its name."""

    def __init__(self, dtype: Any) -> None:
        self.helper = extra("onnx.helper", "onnx")
        self.numpy_helper = extra("onnx.numpy_helper", "onnx")
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Array | float, dtype: Any = None) -> str:
        """An array that is part of the graph."""
        name = f"constant_{len(self.constants)}"
        array = np.asarray(value, dtype or self.dtype)
        self.constants.append(self.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str | float | Array, **attributes: object) -> str:
        """The name of an operation's result; operands are names, or numbers."""
        name = f"value_{len(self.nodes)}"
        operands = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        self.nodes.append(self.helper.make_node(kind, operands, [name], **attributes))
        return name

    def cast(self, value: str, old: Any, new: Any) -> str:
        """A value in another type of numbers."""
        if old == new:
            return value
        return self.node("Cast", value, to=self.helper.np_dtype_to_tensor_dtype(np.dtype(new)))

    def end(self, name: str, dtype: Any, size: int) -> Any:
        """The inputs or the outputs [samples, size] of the whole graph."""
        kind = self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.helper.make_tensor_value_info(name, kind, ["samples", size])


def elu(graph: Graph, z: str) -> str:
    """max(z, exp(min(z, 0)) - 1)."""
    below = graph.node("Sub", graph.node("Exp", graph.node("Min", z, 0.0)), 1.0)
    return graph.node("Max", z, below)


def softplus(graph: Graph, z: str) -> str:
    """max(z, 0) + log(1 + exp(-|z|))."""
    small = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    rest = graph.node("Log", graph.node("Add", small, 1.0))
    return graph.node("Add", graph.node("Max", z, 0.0), rest)


def gelu(graph: Graph, z: str) -> str:
    """z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2."""
    cube = graph.node("Mul", graph.node("Mul", z, z), z)
    inner = graph.node("Add", z, graph.node("Mul", cube, GELU_CUBIC))
    gate = graph.node("Add", graph.node("Tanh", graph.node("Mul", inner, GELU_SCALE)), 1.0)
    return graph.node("Mul", graph.node("Mul", z, gate), 0.5)


# In elementary operations where runtimes have none for float64.
ACTIVATIONS: Mapping[str, Callable[[Graph, str], str]] = {
    "elu": elu,
    "gelu": gelu,
    "leaky_relu": lambda graph, z: graph.node("Max", z, graph.node("Mul", z, LEAK)),
    "linear": lambda graph, z: graph.node("Identity", z),
    "relu": lambda graph, z: graph.node("Max", z, 0.0),
    "sigmoid": lambda graph, z: graph.node("Sigmoid", z),
    "softmax": lambda graph, z: graph.node("Softmax", z, axis=1),
    "softplus": softplus,
    "tanh": lambda graph, z: graph.node("Tanh", z),
}


def input_type(trained: TrainedNetwork) -> Any:
    """The type of the graph's inputs."""
    shifted = trained.scaling is not None and trained.scaling.shift.any()
    return np.dtype("float64") if shifted else trained.parameters.dtype


def output_type(trained: TrainedNetwork) -> Any:
    """The type of the graph's outputs; `TrainedNetwork.predict` gives the same."""
    return np.dtype("float64") if trained.target_scaling is not None else trained.parameters.dtype


def onnx_bytes(trained: TrainedNetwork) -> bytes:
    """The network as an ONNX model, `inputs` [samples, n_in] to `outputs` [samples, n_out].

    They have the type of the weights; float64 where they are shifted, as prices or years are: far
    from 0 their differences would be lost. Raises SettingsError when onnx is not installed.
    """
    topology, parameters = trained.network.topology, trained.parameters
    graph = Graph(parameters.dtype)
    taken, given = input_type(trained), output_type(trained)
    value = "inputs"
    if trained.fill is not None:
        fill = graph.constant(trained.fill, taken)
        value = graph.node("Where", graph.node("IsNaN", value), fill, value)
    if trained.scaling is not None:
        if trained.scaling.shift.any():
            value = graph.node("Sub", value, graph.constant(trained.scaling.shift, taken))
            value = graph.cast(value, taken, parameters.dtype)
        value = graph.node("Mul", value, trained.scaling.scale)
    for layer, name in zip(topology.layers, trained.network.activation_names, strict=True):
        weights, biases = layer.folded(parameters)  # batch normalisation is one affine map
        value = graph.node("MatMul", value, weights)
        if len(biases):
            value = graph.node("Add", value, biases)
        value = ACTIVATIONS[name](graph, value)
    if trained.target_scaling is not None:
        value = graph.cast(value, parameters.dtype, given)
        scale, shift = trained.target_scaling.scale, trained.target_scaling.shift
        value = graph.node("Div", value, graph.constant(scale, given))
        value = graph.node("Add", value, graph.constant(shift, given))
    graph.nodes.append(graph.helper.make_node("Identity", [value], ["outputs"]))
    first = graph.end("inputs", taken, topology.sizes[0])
    last = graph.end("outputs", given, topology.sizes[-1])
    whole = graph.helper.make_graph(
        graph.nodes, f"network {topology}", [first], [last], graph.constants
    )
    model = graph.helper.make_model(
        whole,
        producer_name="runner",
        ir_version=FORMAT,
        opset_imports=[graph.helper.make_opsetid("", OPSET)],
    )
    named = {"classes": trained.classes, "input_names": trained.input_names}
    texts = {name: json.dumps(value) for name, value in named.items() if value is not None}
    graph.helper.set_model_props(model, texts)
    content: bytes = model.SerializeToString()
    return content


def checked(content: bytes, trained: TrainedNetwork) -> str:
    """How far onnxruntime agrees with the network on made-up inputs, in words.

    Raises SnapshotError when it does not.
    """
    if find_spec("onnxruntime") is None:
        return "not checked: onnxruntime is not installed"
    inputs = made_up_inputs(trained)
    away = np.abs(run_onnx(content, inputs) - trained.predict(inputs))
    if trained.target_scaling is not None:
        away = away * trained.target_scaling.scale
    largest = float(away.max())
    if not largest <= TOLERANCE[trained.parameters.dtype.name]:
        raise SnapshotError(
            f"onnxruntime's outputs differ from the run's by {largest:.2g}, so nothing is written; "
            "its weights may be too large or not finite; export an earlier snapshot by --step"
        )
    return f"onnxruntime agrees to {largest:.1g} on {SAMPLES} made-up samples"


def made_up_inputs(trained: TrainedNetwork) -> Array:
    """Inputs [samples, n_in] like those that were learnt from, some missing where they may be."""
    generator = np.random.default_rng(1)
    size = (SAMPLES, trained.network.topology.sizes[0])
    inputs: Array = generator.uniform(0, 1, size)
    if trained.scaling is not None:
        spread = generator.normal(size=size) if trained.scaling.shift.any() else inputs
        inputs = trained.scaling.restore(spread)
    if trained.fill is not None:
        inputs[::7, 0] = np.nan
    return inputs.astype(input_type(trained))


def run_onnx(content: bytes, inputs: Array) -> Array:
    """The outputs [samples, n_out] of an ONNX model for inputs of its type."""
    from onnxruntime import InferenceSession  # noqa: PLC0415 - slow, and for those who have it

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    outputs: Array = session.run(["outputs"], {"inputs": inputs})[0]
    return outputs
