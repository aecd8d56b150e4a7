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
from runner.network.sequence_ends import behind_ends
from runner.network.topology import Topology, Written, parse_topology

MOST_TOLD = 200
"""Letters of what cannot be a network's."""
MOST_PIECES = 10_000
"""Of a topology that is kept."""
MOST_NUMBERS = 1 << 27
"""Of a sample in one layer, a gigabyte."""
NUMBERS = 1 << 21
"""Of the widest layer, that are computed together: 8 or 16 MB."""


def rows_at_once(topology: Topology) -> int:
    """How many samples NumPy takes through a net together."""
    return max(256 if topology.is_dense else 1, NUMBERS // topology.widest)


def scaled_blocks(
    inputs: Array, scaling: Scaling | None, dtype: np.dtype[Any], step: int
) -> Iterator[tuple[slice, Array]]:
    """Inputs as a network sees them, `step` rows at a time, and which rows they are."""
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
    topology = network.topology
    outputs = np.empty((len(inputs), topology.sizes[-1]), parameters.dtype)
    for rows, block in scaled_blocks(inputs, scaling, parameters.dtype, rows_at_once(topology)):
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
    last_only: bool = False
    """Whether the answer is the output at a sequence's last step, wherever that is."""

    def __repr__(self) -> str:
        names = ", ".join(self.network.named)
        return f"TrainedNetwork({self.network.topology}, {names}, {self.parameters.dtype})"

    @property
    def weights(self) -> tuple[Array, ...]:
        """Of each layer its matrix [inputs of a unit, units]; [0, 0] where it has none."""
        layers = self.network.topology.layers
        return tuple(layer.weight_matrix(self.parameters) for layer in layers)

    @property
    def biases(self) -> tuple[Array, ...]:
        """Of each layer its vector [units]; empty where there are none."""
        return tuple(layer.bias_vector(self.parameters) for layer in self.network.topology.layers)

    @property
    def steps(self) -> int:
        """Answers a sample: one, or one a step."""
        return 1 if self.last_only else self.network.topology.steps

    def predict(self, inputs: ArrayLike) -> Array:
        """Outputs [samples, n_out] for raw inputs [samples, n_in], without dropout.

        Images may come as [samples, channels, rows, columns], sequences as [samples, time,
        features]; outputs of every step are [samples, time, n_out]. They are in the targets' own
        units. NaN, and what an array masks, is missing: it is filled in as training learnt it. Of a
        net with outputs of every step, steps that are missing throughout at a sequence's end are
        behind it, and their outputs NaN. Raises DataError for inputs of another shape or no finite
        numbers, and for missing ones where training filled in none.
        """
        raw = self._flat(numbers_of(inputs))
        behind = self.steps_behind(raw)
        if behind is not None:  # what is put there touches nothing before
            raw = np.where(np.repeat(behind, raw.shape[1] // behind.shape[1], axis=1), 0.0, raw)
        missing = np.isnan(raw)
        if missing.any():
            raw = np.where(missing, self._fill(missing), raw)
        outputs = predict(self.network, self.parameters, raw, self.scaling)
        if self.target_scaling is not None:
            outputs = self.target_scaling.restore(outputs)
        outputs = outputs.reshape(-1, *self.network.topology.output_shape)
        if self.last_only:
            ends = -1 if behind is None else (~behind).sum(1) - 1
            last: Array = outputs[np.arange(len(outputs)), ends]
            return last
        if behind is not None:
            outputs[behind] = np.nan
        return outputs

    def steps_behind(self, raw: Array) -> Array | None:
        """[samples, steps] What of inputs [samples, n_in] is behind the ends of sequences.

        None of a net without outputs of every step: its one output would be of what is behind.
        """
        topology = self.network.topology
        if len(topology.shape) != 2 or topology.output_shape[:-1] != topology.shape[:1]:
            return None
        behind = behind_ends(raw.reshape(-1, *topology.shape))
        return behind if behind.any() else None

    def labels(self, outputs: Array) -> Array:
        """The class of each row of outputs [samples]: arg-max, or threshold 0.5 for one output.

        Of outputs of every step [samples, time, n_out] one each [samples, time]. Names of classes,
        or numbers where the classes have no names; of no outputs (NaN) an empty name, or -1.
        """
        numbers = labels(outputs.reshape(-1, outputs.shape[-1])).reshape(outputs.shape[:-1])
        numbers = np.where(np.isnan(outputs).any(axis=-1), -1, numbers)
        if self.classes is None:
            return numbers
        return np.array([*self.classes, ""])[np.minimum(numbers, len(self.classes) - 1)]

    def classify(self, inputs: ArrayLike) -> Array:
        """The class of each sample [samples], or of each step, for raw inputs as in `predict`."""
        return self.labels(self.predict(inputs))

    def _flat(self, raw: Array) -> Array:
        """Inputs [samples, n_in], which come so or each in the shape of the topology's input."""
        topology = self.network.topology
        shapes = {(topology.sizes[0],), topology.shape}
        if raw.shape[1:] in shapes:
            return raw.reshape(len(raw), topology.sizes[0])
        names = "" if self.input_names is None else f": {listed(self.input_names, 10)}"
        named = "" if self.input_names is None else ", or a DataFrame with the columns' names"
        expected = " or ".join(
            f"(samples, {', '.join(map(str, shape))})" for shape in sorted(shapes, key=len)
        )
        found = f"inputs have the shape {raw.shape}; expected {expected}"
        if told := self.way_out_of_short(raw.shape[1:]):
            raise DataError(f"{found}; {told}")
        raise DataError(f"{found}{names}{named}")

    def way_out_of_short(self, given: tuple[int, ...]) -> str:
        """What to do with samples of a shape that are too short sequences; nothing of others."""
        topology, shape = self.network.topology, self.network.topology.shape
        if len(shape) != 2 or given[1:] != shape[1:] or not 0 < given[0] < shape[0]:
            return ""
        if topology.output_shape[:-1] == shape[:1]:
            return f"shorter sequences are padded with NaN at their ends, to {shape[0]} steps"
        return (
            f"this network takes {shape[0]} steps and no fewer; one that learns from sequences "
            "padded with NaN at their ends takes such"
        )

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
        "topology": written_array(network.topology),
        "bias": np.array(network.topology.bias),
        "batch_norm": np.array(network.topology.batch_norm),
        "activations": np.array(network.named),
    }


def written_array(topology: Topology) -> Array:
    """A topology's pieces: numbers where all are, else texts."""
    plain = all(isinstance(piece, int) for piece in topology.written)
    return np.array(topology.written if plain else [str(p) for p in topology.written])


def written_in(array: Array) -> Written:
    """The pieces that such an array holds. Raises ValueError where they are none."""
    if array.size > MOST_PIECES:
        raise ValueError(f"{array.size:,} layers are more than {MOST_PIECES:,}")
    return parse_topology("-".join(map(str, array.tolist())))


class UnknownPartError(ValueError):
    """A network with parts that this version does not have."""


def trained_network(arrays: Mapping[str, Array]) -> TrainedNetwork:
    """The network that a snapshot's arrays describe.

    Raises ValueError or KeyError where they do not describe one, and UnknownPartError where it has
    parts that are not known here.
    """
    written = written_in(arrays["topology"])
    activations = texts(arrays["activations"])
    topology = Topology(written, bool(arrays["bias"]), bool(arrays["batch_norm"]))
    network = Network(topology, activations[:-1], activations[-1])
    parameters = arrays["parameters"]
    unknown = set(activations) - set(ACTIVATIONS)
    if unknown:
        raise UnknownPartError(f"this version knows no activation '{min(unknown)[:MOST_TOLD]}'")
    fits = len(activations) == topology.activated + 1 and len(parameters) == topology.size
    if not fits or topology.widest > MOST_NUMBERS:
        told = (str(each)[:MOST_TOLD] for each in (activations, topology))
        raise ValueError(f"{len(parameters):,} parameters and {' do not make '.join(told)}")
    check_around(arrays, topology)
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
        last_only=bool(arrays.get("last_only", False)),
        **names,
    )


def check_around(arrays: Mapping[str, Array], topology: Topology) -> None:
    """Raises ValueError where what goes with a network does not fit its inputs and outputs."""
    inputs, outputs, of_steps = topology.sizes[0], topology.outputs, topology.sizes[-1]
    fitting = {
        "input_shift": (1, inputs),
        "input_scale": (1, inputs),
        "input_fill": (inputs,),
        "input_names": (inputs,),
        "target_shift": (1, of_steps),
        "target_scale": (1, of_steps),
        "target_names": (1, outputs) if "classes" in arrays else (outputs,),
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
    if arrays.get("last_only", False) and topology.output_shape[:-1] != topology.shape[:1]:
        raise ValueError("its last_only is of a network without an output at every step")
    groups = arrays.get("input_groups", np.empty((0, 2), int))
    if groups.size and (
        "input_names" not in arrays
        or groups.shape[1] != 2
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
