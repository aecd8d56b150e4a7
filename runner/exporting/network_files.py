"""The network of a run as a file for other programs, in the format that its name asks for."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from runner.errors import SettingsError, printable
from runner.exporting.onnx_models import checked, input_type, onnx_bytes, output_type
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork
from runner.run_folder.run_network import load_network
from runner.storage.files import write_output


def export_network(run: Path, file: Path, step: int | None) -> str:
    """Writes the network of a run, maybe of one step; gives what was written, in a line.

    Raises SettingsError where the file's name asks for no format that is known.
    """
    if file.suffix not in FORMATS:
        raise SettingsError(
            f"{printable(file)} has no ending of a format; expected {' or '.join(FORMATS)}"
        )
    trained = load_network(run, step)
    content, words = FORMATS[file.suffix](trained)
    write_output(file, content)
    return f"{printable(file)}: network {trained.network.topology}, {words}"


PARTS: Mapping[str, str] = {
    "weights": "weights",
    "recurrent": "recurrent",
    "bias": "biases",
    "recurrent_bias": "recurrent_biases",
    "factor": "factors",
    "shift": "shifts",
}
"""What the parts of `Layer.folded` are called in an npz file, before a layer's number."""


def npz_bytes(trained: TrainedNetwork) -> bytes:
    """The network as named arrays, no pickle: matrices and vectors, with their layer's number."""
    topology = trained.network.topology
    arrays: dict[str, Array] = {
        "topology": np.array(str(topology)),
        "sizes": np.array(topology.sizes),
        "activations": np.array(trained.network.activation_names),
    }
    for number, layer in enumerate(topology.layers, 1):
        parts = layer.folded(trained.parameters)
        arrays |= {f"{PARTS[name]}_{number}": part for name, part in parts.items()}
    for name, scaling in (("input", trained.scaling), ("target", trained.target_scaling)):
        if scaling is not None:
            arrays |= {f"{name}_shift": scaling.shift, f"{name}_scale": scaling.scale}
    if trained.fill is not None:
        arrays["input_fill"] = trained.fill
    for name in ("input_names", "target_names", "classes"):
        if (texts := getattr(trained, name)) is not None:
            arrays[name] = np.array(texts)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def npz_file(trained: TrainedNetwork) -> tuple[bytes, str]:
    """The npz file, and what it holds."""
    parts = [part for layer in trained.network.topology.layers for part in layer.kind.parts]
    count = sum(len(part.shape) == 2 for part in parts)
    matrices = f"{count} weight matri{'x' if count == 1 else 'ces'}"
    return npz_bytes(trained), f"{matrices} of {trained.parameters.dtype}"


def onnx_file(trained: TrainedNetwork) -> tuple[bytes, str]:
    """The ONNX file, and what goes in, what comes out, and how far onnxruntime agrees.

    Of padded sequences with one target each, outputs are of every step: the answer is the one at a
    sequence's last step, wherever that is.
    """
    content = onnx_bytes(trained)
    topology = trained.network.topology
    taken, given = (
        ", ".join(map(str, ("samples", *shape)))
        for shape in (topology.shape, topology.output_shape)
    )
    ends = f"inputs [{taken}] {input_type(trained)}, outputs [{given}] {output_type(trained)}"
    ends += ", the answer at a sequence's last step" * trained.last_only
    return content, f"{ends}; {checked(content, trained)}"


FORMATS: Mapping[str, Callable[[TrainedNetwork], tuple[bytes, str]]] = {
    ".npz": npz_file,
    ".onnx": onnx_file,
}
"""By the end of the file's name: its content, and that in words."""
