"""An ONNX graph as it grows, and activations in its operations."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from runner.checking.extras import extra
from runner.errors import SettingsError
from runner.network.activations import GELU_CUBIC, GELU_SCALE, LEAK
from runner.network.arrays import Array
from runner.network.layers.parts import Shape


class Graph:
    """Nodes and constants in the order in which they are added; a value is known by its name.

    Of samples, [samples, …], what follows is known as a value's shape, where it is asked for.
    """

    def __init__(self, dtype: Any) -> None:
        self.helper = extra("onnx.helper", "onnx")
        self.numpy_helper = extra("onnx.numpy_helper", "onnx")
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.shapes: dict[str, Shape] = {}
        self.prefix = ""

    def constant(self, value: ArrayLike, dtype: Any = None) -> str:
        """An array that is part of the graph."""
        name = f"constant_{len(self.constants)}"
        array = np.asarray(value, dtype or self.dtype)
        self.constants.append(self.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str | float | Array, **attributes: object) -> str:
        """The name of an operation's result; operands are names, or numbers."""
        (name,) = self.several(1, kind, *inputs, **attributes)
        return name

    def several(
        self, count: int, kind: str, *inputs: str | float | Array, **attributes: object
    ) -> list[str]:
        """The names of an operation's results, of which there are so many."""
        names = [f"{self.prefix}value_{len(self.nodes)}_{place}" for place in range(count)]
        operands = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        self.nodes.append(self.helper.make_node(kind, operands, names, **attributes))
        return names

    def shaped(self, value: str, shape: Shape) -> str:
        """A value with samples of that shape."""
        if self.shapes.get(value) == shape:
            return value
        return self.node("Reshape", value, self.constant((0, *shape), np.int64))

    def inner(self) -> "Graph":
        """A graph within this one, whose values it sees; its constants are this one's."""
        graph = Graph(self.dtype)
        graph.constants, graph.prefix = self.constants, f"{self.prefix}in_{len(self.nodes)}_"
        return graph

    def cast(self, value: str, old: Any, new: Any) -> str:
        """A value in another type of numbers."""
        if old == new:
            return value
        return self.node("Cast", value, to=self.helper.np_dtype_to_tensor_dtype(np.dtype(new)))

    def end(self, name: str, dtype: Any, shape: Shape) -> Any:
        """The inputs or the outputs [samples, …] of the whole graph."""
        kind = self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.helper.make_tensor_value_info(name, kind, ["samples", *shape])


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
    "relu_straight_through": lambda graph, z: graph.node("Max", z, 0.0),
    "sigmoid": lambda graph, z: graph.node("Sigmoid", z),
    "softmax": lambda graph, z: graph.node("Softmax", z, axis=-1),
    "softplus": softplus,
    "tanh": lambda graph, z: graph.node("Tanh", z),
}


def activated(graph: Graph, name: str, z: str) -> str:
    """What an activation makes of z. Raises SettingsError for one of a person's own."""
    if name not in ACTIVATIONS:
        raise SettingsError(
            f"the activation '{name}' is a plugin's, which ONNX has no operation for; "
            "export the network as net.npz"
        )
    return ACTIVATIONS[name](graph, z)
