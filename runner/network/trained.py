"""A network with its weights and the preparation of its inputs, and these as plain arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from runner.errors import DataError, listed, printable
from runner.network.activations import ACTIVATIONS
from runner.network.arrays import LARGEST, Array
from runner.network.labels import labels
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Topology

NUMBERS = 1 << 21
"""Activations of the widest layer that are computed together: 8 or 16 MB."""


def scaled_blocks(
    inputs: Array, scaling: Scaling | None, dtype: np.dtype[Any], widest: int
) -> Iterator[tuple[slice, Array]]:
    """Inputs as a network sees them, some rows at a time, and which rows they are.

    widest: units of its widest layer.
    """
    step = max(256, NUMBERS // widest)
    scaling = None if scaling is None else scaling.astype(dtype.name)
    for start in range(0, len(inputs), step):
        rows = slice(start, min(start + step, len(inputs)))
        block = inputs[rows]
        if scaling is not None:
            raw, block = block, np.empty(block.shape, dtype)
            scaling.apply(raw, block)
        yield rows, block


def predict(
    network: Network, parameters: Array, inputs: Array, scaling: Scaling | None = None
) -> Array:
    """Outputs [samples, n_out], without dropout."""
    outputs = np.empty((len(inputs), network.topology.sizes[-1]), parameters.dtype)
    widest = max(network.topology.sizes)
    for rows, block in scaled_blocks(inputs, scaling, parameters.dtype, widest):
        outputs[rows] = network.predict(parameters, block)
    return outputs


@dataclass(frozen=True, repr=False)
class TrainedNetwork:
    """A network that predicts: raw inputs in, as the data set has them, outputs out."""

    network: Network
    parameters: Array
    """[n_parameters]"""
    scaling: Scaling | None = None
    """x = (raw - shift) * scale, what the network was trained on."""
    target_scaling: Scaling | None = None
    """From targets in their own units to what the network gives, or None where these are one."""
    fill: Array | None = None
    """[n_in] What stands in for a missing input (NaN), or None where none may be missing."""
    input_names: tuple[str, ...] | None = None
    """One an input, or None for images."""
    input_groups: tuple[slice, ...] = ()
    """Inputs that together are one category, one-hot, named `column=category`."""
    target_names: tuple[str, ...] | None = None
    """One an output."""
    classes: tuple[str, ...] | None = None
    """Names of the classes that labels 0, 1, … stand for, or None for numbers."""

    def __repr__(self) -> str:
        names = ", ".join(self.network.activation_names)
        return f"TrainedNetwork({self.network.topology}, {names}, {self.parameters.dtype})"

    @property
    def weights(self) -> tuple[Array, ...]:
        """Of each layer its matrix [n_in, n_out]."""
        layers = self.network.topology.layers
        return tuple(layer.weight_matrix(self.parameters) for layer in layers)

    @property
    def biases(self) -> tuple[Array, ...]:
        """Of each layer its vector [n_out]; empty where there are none."""
        return tuple(layer.bias_vector(self.parameters) for layer in self.network.topology.layers)

    def predict(self, inputs: ArrayLike) -> Array:
        """Outputs [samples, n_out] for raw inputs [samples, n_in], without dropout.

        They are in the targets' own units. NaN, and what an array masks, is missing. Raises
        DataError for inputs of another shape or no finite numbers, and where one is missing and
        none may be.
        """
        raw = numbers_of(inputs)
        expected = self.network.topology.sizes[0]
        if raw.ndim != 2 or raw.shape[1] != expected:
            names = "" if self.input_names is None else f": {listed(self.input_names, 10)}"
            named = "" if self.input_names is None else ", or a DataFrame with the columns' names"
            raise DataError(
                f"inputs have the shape {raw.shape}; expected (samples, {expected}){names}{named}"
            )
        missing = np.isnan(raw)
        if missing.any():
            raw = np.where(missing, self._fill(missing), raw)
        outputs = predict(self.network, self.parameters, raw, self.scaling)
        return outputs if self.target_scaling is None else self.target_scaling.restore(outputs)

    def labels(self, outputs: Array) -> Array:
        """The class of each row of outputs [samples]: arg-max, or threshold 0.5 for one output.

        Names of classes, or numbers where the classes have no names.
        """
        numbers = labels(outputs)
        if self.classes is None:
            return numbers
        return np.array(self.classes)[np.minimum(numbers, len(self.classes) - 1)]

    def classify(self, inputs: ArrayLike) -> Array:
        """The class of each sample [samples], for raw inputs [samples, n_in]."""
        return self.labels(self.predict(inputs))

    def _fill(self, missing: Array) -> Array:
        if self.fill is not None:
            return self.fill
        row, column = np.argwhere(missing)[0]
        name = str(column + 1) if self.input_names is None else self.input_names[column]
        raise DataError(
            f"inputs row {row + 1} column '{name}': a missing value; this network was trained "
            "without any, with dataset.missing=mean it learns what to fill in"
        )


def numbers_of(inputs: ArrayLike) -> Array:
    """Inputs as an array of numbers, NaN for what is masked. Raises DataError for what is none."""
    try:
        given: Any = np.ma.asarray(inputs)
        if given.dtype.kind in "cmM":
            raise TypeError(f"they are of type {given.dtype}")
        masked = bool(given.mask.any())
        if masked or given.dtype.kind not in "biuf":
            given = given.astype(float)
        raw: Array = given.filled(np.nan) if masked else given.data
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"inputs cannot be read as numbers ({printable(error)}); expected (samples, inputs)"
        ) from error
    if raw.dtype.kind == "f" and (np.abs(raw) > np.float64(LARGEST)).any():
        raise DataError(f"inputs are beyond ±{LARGEST:g}; expected finite numbers, scaled down")
    return raw


def network_arrays(network: Network) -> dict[str, Array]:
    """What a network is, as plain arrays for the snapshots; dropout is of no use afterwards."""
    return {
        "topology": np.array(network.topology.sizes),
        "bias": np.array(network.topology.bias),
        "batch_norm": np.array(network.topology.batch_norm),
        "activations": np.array(network.activation_names),
    }


class UnknownPartError(ValueError):
    """A network with parts that this version does not have."""


def trained_network(arrays: Mapping[str, Array]) -> TrainedNetwork:
    """The network that a snapshot's arrays describe.

    Raises ValueError or KeyError where they do not describe one, and UnknownPartError where it has
    parts that are not known here.
    """
    sizes = tuple(int(size) for size in arrays["topology"])
    activations = texts(arrays["activations"])
    topology = Topology(sizes, bool(arrays["bias"]), bool(arrays["batch_norm"]))
    network = Network(topology, activations[:-1], activations[-1])
    parameters = arrays["parameters"]
    unknown = set(activations) - set(ACTIVATIONS)
    if unknown:
        raise UnknownPartError(f"this version knows no activation '{min(unknown)}'")
    if len(activations) != len(topology.layers) or len(parameters) != topology.size:
        raise ValueError(f"{len(parameters):,} parameters and {activations} do not make {topology}")
    check_around(arrays, sizes[0], sizes[-1])
    scalings = {
        of: Scaling(arrays[f"{of}_shift"], arrays[f"{of}_scale"])
        for of in ("input", "target")
        if f"{of}_scale" in arrays
    }
    names = {
        name: texts(arrays[name]) if name in arrays else None
        for name in ("input_names", "target_names", "classes")
    }
    groups = arrays.get("input_groups", np.empty((0, 2), int)).tolist()
    return TrainedNetwork(
        network,
        parameters,
        scalings.get("input"),
        scalings.get("target"),
        arrays.get("input_fill"),
        input_groups=tuple(slice(start, stop) for start, stop in groups),
        **names,
    )


def check_around(arrays: Mapping[str, Array], inputs: int, outputs: int) -> None:
    """Raises ValueError where what goes with a network does not fit its inputs and outputs."""
    fitting = {
        "input_shift": (1, inputs),
        "input_scale": (1, inputs),
        "input_fill": (inputs,),
        "input_names": (inputs,),
        "target_shift": (1, outputs),
        "target_scale": (1, outputs),
        "target_names": (1, outputs),
        "classes": (1, 2) if outputs == 1 else (outputs,),
    }
    for name, sizes in fitting.items():
        found = arrays.get(name)
        if found is not None and found.size not in sizes:
            raise ValueError(
                f"its {name} are {found.size:,}, for {inputs:,} inputs, {outputs:,} outputs"
            )
        if found is not None and found.dtype.kind == "f" and not np.isfinite(found).all():
            raise ValueError(f"its {name} are not finite")
    if (arrays.get("target_scale", np.ones(1)) == 0).any():
        raise ValueError("its target_scale is 0")
    groups = arrays.get("input_groups", np.empty((0, 2), int))
    if groups.size and (
        groups.shape[1] != 2
        or groups.min() < 0
        or groups.max() > inputs
        or (np.diff(groups) <= 0).any()
    ):
        raise ValueError("its input_groups are not among its inputs")
    names = texts(arrays["input_names"]) if "input_names" in arrays else ()
    for start, stop in groups.tolist() if names else ():
        # Characters in common, as `colour=` of colour=red and colour=green.
        if "=" not in commonprefix(names[start:stop]):  # noqa: RUF071 - no paths
            raise ValueError("its input_groups are not named as the categories of a column")


def texts(array: Array) -> tuple[str, ...]:
    """An array of texts as a tuple."""
    return tuple(array.tolist())
