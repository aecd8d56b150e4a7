"""What onnxruntime makes of an exported network, beside the network itself."""

from importlib.util import find_spec

import numpy as np

from runner.errors import SnapshotError
from runner.exporting.onnx_graph import input_type
from runner.network.topology import Array
from runner.network.trained import TrainedNetwork

SAMPLES = 200
TOLERANCE = {"float64": 1e-6, "float32": 1e-4}
"""In units of the network's outputs, before they get those of the targets."""


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
