"""A trained network as an ONNX model: raw inputs in, outputs in the targets' own units out."""

import json
from dataclasses import replace
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np

from runner.errors import SnapshotError, counted, printable
from runner.exporting.onnx_graph import Graph, activated
from runner.exporting.onnx_layers import add_layer
from runner.network.arrays import Array
from runner.network.layers.parts import BEHIND, Shape
from runner.network.trained import TrainedNetwork, rows_at_once

OPSET, FORMAT = 17, 8
"""Of 2022: what runtimes of today read."""
SAMPLES = 200
TOLERANCE = {"float64": 1e-6, "float32": 1e-4}
"""In units of the network's outputs, before they get those of the targets."""


def input_type(trained: TrainedNetwork) -> Any:
    """The type of the graph's inputs."""
    shifted = trained.scaling is not None and trained.scaling.shift.any()
    return np.dtype("float64") if shifted else trained.parameters.dtype


def output_type(trained: TrainedNetwork) -> Any:
    """The type of the graph's outputs; `TrainedNetwork.predict` gives the same."""
    return np.dtype("float64") if trained.target_scaling is not None else trained.parameters.dtype


def onnx_bytes(trained: TrainedNetwork) -> bytes:
    """The network as an ONNX model, `inputs` [samples, n_in] to `outputs` [samples, n_out].

    Images are [samples, channels, rows, columns], sequences [samples, time, features], as are
    outputs of every step. They have the type of the weights; float64 where they are shifted, as
    prices or years are: far from 0 their differences would be lost. Raises SettingsError when onnx
    is not installed.
    """
    network, parameters = trained.network, trained.parameters
    topology = network.topology
    graph = Graph(parameters.dtype)
    taken, given = input_type(trained), output_type(trained)
    value = prepared(graph, trained)
    graph.shapes[value] = topology.shape
    layers = zip(topology.layers, network.kinds, network.activation_names, strict=True)
    for layer, kind, activation in layers:
        value = add_layer(graph, value, kind, layer.folded(parameters))
        if kind.activation_is == BEHIND:
            value = activated(graph, activation, value)
        graph.shapes[value] = kind.shape
    if trained.target_scaling is not None:
        value = graph.cast(value, parameters.dtype, given)
        scale, shift = (
            graph.constant(as_sample(array, topology.output_shape), given)
            for array in (trained.target_scaling.scale, trained.target_scaling.shift)
        )
        value = graph.node("Add", graph.node("Div", value, scale), shift)
    graph.nodes.append(graph.helper.make_node("Identity", [value], ["outputs"]))
    first = graph.end("inputs", taken, topology.shape)
    last = graph.end("outputs", given, topology.output_shape)
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


def prepared(graph: Graph, trained: TrainedNetwork) -> str:
    """The inputs filled in and scaled, of the weights' type."""
    shape, taken, value = trained.network.topology.shape, input_type(trained), "inputs"
    if trained.fill is not None:
        fill = graph.constant(as_sample(trained.fill, shape), taken)
        value = graph.node("Where", graph.node("IsNaN", value), fill, value)
    if trained.scaling is not None:
        if trained.scaling.shift.any():
            shift = graph.constant(as_sample(trained.scaling.shift, shape), taken)
            value = graph.cast(graph.node("Sub", value, shift), taken, trained.parameters.dtype)
        value = graph.node("Mul", value, as_sample(trained.scaling.scale, shape))
    return value


def as_sample(array: Array, shape: Shape) -> Array:
    """An array that goes with each number of a sample, in the sample's shape; one of one stays."""
    return array.reshape(shape) if array.size == prod(shape) else array


def checked(content: bytes, trained: TrainedNetwork) -> str:
    """How far onnxruntime agrees with the network on made-up inputs, in words.

    Raises SnapshotError when it does not.
    """
    if find_spec("onnxruntime") is None:
        return "not checked: onnxruntime is not installed"
    inputs = made_up_inputs(trained)
    every = replace(trained, last_only=False)  # outputs of every step, as the graph gives them
    away = np.abs(run_onnx(content, inputs) - every.predict(inputs))
    if trained.target_scaling is not None:
        shape = trained.network.topology.output_shape
        away = away * as_sample(trained.target_scaling.scale, shape)
    largest = float(away.max())
    if not largest <= TOLERANCE[trained.parameters.dtype.name]:
        raise SnapshotError(
            f"onnxruntime's outputs differ from the run's by {largest:.2g}, so nothing is written; "
            "its weights may be too large or not finite; export an earlier snapshot by --step"
        )
    return f"onnxruntime agrees to {largest:.1g} on {counted(len(inputs), 'made-up sample')}"


def made_up_inputs(trained: TrainedNetwork) -> Array:
    """Inputs [samples, …] like those that were learnt from, some missing where they may be."""
    generator = np.random.default_rng(1)
    topology = trained.network.topology
    samples = min(SAMPLES, rows_at_once(topology))
    size = (samples, topology.sizes[0])
    inputs: Array = generator.uniform(0, 1, size)
    if trained.scaling is not None:
        spread = generator.normal(size=size) if trained.scaling.shift.any() else inputs
        inputs = trained.scaling.restore(spread)
    if trained.fill is not None:
        inputs[::7, 0] = np.nan
    shaped = inputs.reshape(samples, *topology.shape)
    return shaped.astype(input_type(trained))


def run_onnx(content: bytes, inputs: Array) -> Array:
    """The outputs [samples, …] of an ONNX model for inputs of its type."""
    from onnxruntime import InferenceSession  # noqa: PLC0415 - slow, and for those who have it

    try:
        session = InferenceSession(content, providers=["CPUExecutionProvider"])
        outputs: Array = session.run(["outputs"], {"inputs": inputs})[0]
    except Exception as error:  # of many classes, which have nothing in common
        raise SnapshotError(
            f"onnxruntime does not run the model, so nothing is written: {printable(error)}"
        ) from error
    return outputs
