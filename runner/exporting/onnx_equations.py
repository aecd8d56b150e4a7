"""Layers in ONNX's elementary operations, for which runtimes have every type of numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from runner.exporting.onnx_graph import Graph, activated
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import LayerKind, Views
from runner.network.layers.pooling import GlobalMeanPooling, MeanPooling
from runner.network.layers.recurrent import Recurrent
from runner.network.layers.windows import Windows


def convolution(graph: Graph, value: str, kind: Convolution, own: Views) -> str:
    """The windows' content times W, [samples, places, taps] @ [taps, maps]; then maps first."""
    maps, (channels, rows, columns), border = (
        graph.shaped(value, kind.below),
        kind.below,
        kind.padding,
    )
    if border:
        around = graph.constant((0, 0, border, border) * 2, np.int64)
        maps = graph.node("Pad", maps, around)
    bordered = (channels, rows + 2 * border, columns + 2 * border)
    windows = Windows(bordered, kind.size, kind.stride)
    flat = graph.node("Reshape", maps, graph.constant((0, -1), np.int64))
    content = graph.node("Gather", flat, graph.constant(contents(windows), np.int64), axis=1)
    z = graph.node("MatMul", content, own["weights"])
    if "bias" in own:
        z = graph.node("Add", z, own["bias"])
    return graph.shaped(graph.node("Transpose", z, perm=(0, 2, 1)), kind.shape)


def contents(windows: Windows) -> Array:
    """[places, taps] Where in a flat sample each window's numbers lie."""
    channels, rows, columns = windows.below
    flat = np.arange(channels * rows * columns).reshape(1, channels, rows, columns)
    seen = windows.over(flat)[0]  # [channels, rows, columns, size, size]
    places: Array = seen.transpose(1, 2, 0, 3, 4).reshape(-1, channels * windows.size**2)
    return places


def mean_pooling(graph: Graph, value: str, kind: MeanPooling, _own: Views) -> str:
    """Each channel's windows' content, and its mean."""
    channels, rows, columns = kind.below
    maps = graph.shaped(value, (channels, rows * columns))
    windows = Windows((1, rows, columns), kind.size, kind.stride)
    content = graph.node("Gather", maps, graph.constant(contents(windows), np.int64), axis=2)
    return graph.shaped(graph.node("ReduceMean", content, axes=[3], keepdims=0), kind.shape)


def global_mean_pooling(graph: Graph, value: str, kind: GlobalMeanPooling, _own: Views) -> str:
    """The mean over rows and columns."""
    return graph.node("ReduceMean", graph.shaped(value, kind.below), axes=[2, 3], keepdims=0)


Step = Callable[[Graph, Any, Views, str, list[str]], list[str]]
"""From x_t W + b [samples, gates units] and states to the next states, of which the first is h."""


def elman_step(graph: Graph, kind: Elman, own: Views, x: str, states: list[str]) -> list[str]:
    """h = f(x + h R)."""
    z = graph.node("Add", x, graph.node("MatMul", states[0], own["recurrent"]))
    return [activated(graph, kind.activation, z)]


def lstm_step(graph: Graph, kind: Lstm, own: Views, x: str, states: list[str]) -> list[str]:
    """c = f c + i g, h = o tanh(c)."""
    before, cell = states
    z = graph.node("Add", x, graph.node("MatMul", before, own["recurrent"]))
    i, f, g, o = graph.several(kind.gates, "Split", z, axis=1)
    i, f, o = (graph.node("Sigmoid", gate) for gate in (i, f, o))
    written = graph.node("Mul", i, graph.node("Tanh", g))
    cell = graph.node("Add", graph.node("Mul", f, cell), written)
    return [graph.node("Mul", o, graph.node("Tanh", cell)), cell]


def gru_step(graph: Graph, kind: Gru, own: Views, x: str, states: list[str]) -> list[str]:
    """n = tanh(x_n + r (h R_n + b')), h = (1 - k) n + k h, as n + k (h - n)."""
    (before,) = states
    from_input = graph.several(kind.gates, "Split", x, axis=1)
    from_state = graph.several(
        kind.gates, "Split", graph.node("MatMul", before, own["recurrent"]), axis=1
    )
    r, k = (
        graph.node("Sigmoid", graph.node("Add", *each))
        for each in zip(from_input[:2], from_state[:2], strict=True)
    )
    q = from_state[2]
    if "recurrent_bias" in own:
        q = graph.node("Add", q, own["recurrent_bias"])
    n = graph.node("Tanh", graph.node("Add", from_input[2], graph.node("Mul", r, q)))
    kept = graph.node("Mul", k, graph.node("Sub", before, n))
    return [graph.node("Add", n, kept)]


STEPS: Mapping[type[Recurrent], tuple[Step, int]] = {
    Elman: (elman_step, 1),
    Lstm: (lstm_step, 2),
    Gru: (gru_step, 1),
}
"""Of each kind its step, and how many states it has."""


def recurrence(graph: Graph, value: str, kind: Recurrent, own: Views) -> str:
    """[samples, time, units], or [samples, units] of the last step: a Scan over steps."""
    step, count = STEPS[type(kind)]
    x = graph.node("MatMul", graph.shaped(value, kind.below), own["weights"])
    if "bias" in own:
        x = graph.node("Add", x, own["bias"])
    x = graph.node("Transpose", x, perm=(1, 0, 2))  # [time, samples, gates units]
    samples = graph.node("Slice", graph.node("Shape", x), *whole_numbers(graph, [1], [2]))
    sizes = graph.node("Concat", samples, *whole_numbers(graph, [kind.units]), axis=0)
    zero = graph.numpy_helper.from_array(np.zeros(1, graph.dtype))
    start = graph.node("ConstantOfShape", sizes, value=zero)
    body = scan_body(graph, kind, own, step, count)
    *last, every = graph.several(
        count + 1, "Scan", *[start] * count, x, body=body, num_scan_inputs=1
    )
    return graph.node("Transpose", every, perm=(1, 0, 2)) if kind.sequence else last[0]


def whole_numbers(graph: Graph, *lists: list[int]) -> list[str]:
    """Constants of whole numbers."""
    return [graph.constant(numbers, np.int64) for numbers in lists]


def scan_body(graph: Graph, kind: Recurrent, own: Views, step: Step, count: int) -> Any:
    """What is done at every step: states and x_t in; states, and h to be kept, out."""
    body = graph.inner()
    tensor = graph.helper.make_tensor_value_info
    number = graph.helper.np_dtype_to_tensor_dtype(np.dtype(graph.dtype))
    states, x = [f"{body.prefix}state_{place}" for place in range(count)], f"{body.prefix}x"
    after = [body.node("Identity", state) for state in step(body, kind, own, x, states)]
    kept = body.node("Identity", after[0])
    before = [tensor(name, number, None) for name in (*states, x)]
    behind = [tensor(name, number, None) for name in (*after, kept)]
    return graph.helper.make_graph(body.nodes, f"{body.prefix}step", before, behind)


Writer = Callable[[Graph, str, Any, Views], str]
EQUATIONS: Mapping[type[LayerKind], Writer] = {
    Convolution: convolution,
    MeanPooling: mean_pooling,
    GlobalMeanPooling: global_mean_pooling,
    Elman: recurrence,
    Lstm: recurrence,
    Gru: recurrence,
}
"""Of the kinds whose operators runtimes have for float32 alone."""
