"""A net's layers, written `a-b-…-z`, and where their parts lie in the parameter vector."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from runner.errors import printable
from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm
from runner.network.layers.dense import Dense
from runner.network.layers.kinds import LAYERS
from runner.network.layers.parts import (
    BEHIND,
    NONE,
    LayerKind,
    LayerPart,
    MisfitError,
    Place,
    Shape,
    Views,
    written,
)
from runner.network.layers.recurrent import Recurrent

NOWHERE = slice(0, 0)
AUTO = "auto"
"""A topology, or its hidden piece, that the data say."""
Written = tuple[int | str, ...]
"""A topology's pieces, input to output: numbers of units, and what else is written there."""


class Layer(NamedTuple):
    """A layer, what normalises it, and where their parts lie in the parameter vector."""

    kind: LayerKind
    norm: BatchNorm | None
    parts: tuple[LayerPart, ...]
    """What they have of parameters."""
    places: Mapping[str, slice]
    """Of each part by its name."""

    def place(self, name: str) -> slice:
        """Where that part lies; an empty slice where there is none."""
        return self.places.get(name, NOWHERE)

    def views(self, parameters: Array) -> Views:
        """Its parts, views into the parameters or a vector as long."""
        return {
            part.name: parameters[self.places[part.name]].reshape(part.shape) for part in self.parts
        }

    @property
    def weights(self) -> slice:
        """Where its weight matrix lies."""
        return self.place("weights")

    def decaying(self, parameters: Array) -> Array:
        """[n] All of its weights, those from state to state too: what decays."""
        own = self.views(parameters)
        return np.concatenate([own[part.name].ravel() for part in self.parts if part.decays])

    @property
    def bias(self) -> slice:
        """Where its biases lie: its own, or those that normalisation adds."""
        return self.places.get("bias", self.place("beta"))

    def weight_matrix(self, parameters: Array) -> Array:
        """The layer's weights [inputs of a unit, units], a view; [0, 0] where it has none."""
        shapes = [part.shape for part in self.parts if part.name == "weights"]
        return parameters[self.weights].reshape(shapes[0] if shapes else (0, 0))

    def bias_vector(self, parameters: Array) -> Array:
        """The layer's biases, a view [units] ([0] without biases)."""
        return parameters[self.bias]

    def folded(self, parameters: Array) -> dict[str, Array]:
        """The parts of a layer that predicts alike: normalisation is u = z factor + shift.

        factor = gamma / sqrt(variance + eps), shift = beta - mean factor. Where the activation is
        behind, W' = W factor and b' = shift; a recurrent layer has these two as parts of their own.
        """
        own = self.views(parameters)
        parts = {part.name: own[part.name] for part in self.kind.parts}
        if self.norm is None:
            return parts
        factor = self.norm.factor(own)
        shift = own["beta"] - own["mean"] * factor
        if self.kind.activation_is == BEHIND:
            return {"weights": parts["weights"] * factor, "bias": shift}
        return {**parts, "factor": factor, "shift": shift}


@dataclass(frozen=True)
class Topology:
    """The layers of a network, input to output, and its parameter layout.

    Parameters are one flat vector: of each layer its weights, row by row, and its biases. Batch
    normalisation gives each hidden layer that has weights a shift beta in the place of its biases,
    or behind those of a recurrent layer, which stay; and behind it factors gamma. Behind all
    layers' come their running means and variances, whose gradient is always 0.
    """

    written: Written
    bias: bool = False
    batch_norm: bool = False

    def __str__(self) -> str:
        return "-".join(map(str, self.written))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, first hidden to output. Raises MisfitError where one does not fit."""
        return self.laid_out()

    @cached_property
    def kinds(self) -> tuple[LayerKind, ...]:
        """The layers themselves. Raises MisfitError where one does not fit what comes in."""
        shape, kinds = shape_of(self.written[0]), []
        last = shape_of(self.written[-1])
        every_step = len(last) == 2
        recurrent = [number for number, text in enumerate(self.written) if is_recurrent(text)]
        for number, text in enumerate(self.written[1:], 1):
            more = every_step or number < max(recurrent, default=0)
            is_last = number == len(self.written) - 1
            normalised = self.batch_norm and not is_last
            place = Place(shape, self.bias, more, normalised, first=number == 1)
            try:
                kind = read_layer(str(last[-1] if is_last else text), place)
            except MisfitError as misfit:
                raise MisfitError(f"layer {number}, {text}: {misfit}") from None
            kinds.append(kind)
            shape = kind.shape
        if every_step and shape != last:
            raise MisfitError(f"its last layer gives {written(shape)}; expected {self.written[-1]}")
        return tuple(kinds)

    @property
    def fits(self) -> bool:
        """Whether each layer takes what comes in."""
        try:
            return bool(self.kinds)
        except MisfitError:
            return False

    def laid_out(self, width: Callable[[int], int] = int) -> tuple[Layer, ...]:
        """The layers where a row of a matrix, or a vector, takes `width` of its numbers or more."""
        normalised = [self.batch_norm and bool(kind.parts) for kind in self.kinds[:-1]]
        norms = [
            BatchNorm(kind.shape) if norm else None
            for kind, norm in zip(self.kinds, (*normalised, False), strict=True)
        ]
        parts = [
            tuple(
                part._replace(shape=(*part.shape[:-1], width(part.shape[-1])))
                for part in (*kind.parts, *(norm.parts if norm else ()))
            )
            for kind, norm in zip(self.kinds, norms, strict=True)
        ]
        places: list[dict[str, slice]] = [{} for _ in parts]
        start = 0
        for trained in (True, False):
            for of_layer, where in zip(parts, places, strict=True):
                for part in of_layer:
                    if part.trained == trained:
                        where[part.name] = slice(start, start + part.size)
                        start += part.size
        return tuple(map(Layer, self.kinds, norms, parts, places))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers a sample is: at the input, and behind each layer."""
        return (prod(self.shape), *(prod(kind.shape) for kind in self.kinds))

    @property
    def widest(self) -> int:
        """Numbers of a sample in its widest layer, those that it keeps besides included."""
        return max(*self.sizes, *(kind.scratch for kind in self.kinds))

    @property
    def shape(self) -> Shape:
        """Of a sample as it comes in."""
        return shape_of(self.written[0])

    @property
    def output_shape(self) -> Shape:
        """Of a sample as it comes out: (n,), or (time, n) where every step has an output."""
        return self.kinds[-1].shape

    @property
    def outputs(self) -> int:
        """Numbers that are an output: of a sample, or of each of its steps."""
        return self.output_shape[-1]

    @property
    def steps(self) -> int:
        """Outputs a sample: one, or one a step."""
        return self.sizes[-1] // self.outputs

    @cached_property
    def is_dense(self) -> bool:
        """Whether every layer is dense, of all that comes in."""
        return all(isinstance(kind, Dense) and kind.steps is None for kind in self.kinds)

    @property
    def activated(self) -> int:
        """How many hidden layers take an activation."""
        return sum(kind.activation_is != NONE for kind in self.kinds[:-1])

    @cached_property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(part.size for layer in self.layers for part in layer.parts if part.trained)

    @property
    def products(self) -> int:
        """Multiply-adds of a sample's way forward."""
        return sum(kind.products for kind in self.kinds)

    @cached_property
    def size(self) -> int:
        """How many numbers the parameter vector holds, running means and variances included."""
        return sum(part.size for layer in self.layers for part in layer.parts)

    def layer_name(self, index: int) -> str:
        """How layer `index` is named in logs: `L0=>L1`."""
        return f"L{index}=>L{index + 1}"


NUMBER, EXTENT = "[0-9]{1,9}", "[0-9]{1,9}(?:x[0-9]{1,9}){1,2}"
EXPECTED = "expected layers joined by '-', input to output, such as 3-4-1 or in-8C3-MP2-out"


def any_layer() -> str:
    """How layers are written, as a regular expression."""
    return "|".join(f"(?:{kind.notation})" for kind in LAYERS.values())


def shape_of(piece: int | str) -> Shape:
    """The shape that an end of a topology has: (3,), or of 1x28x28 (1, 28, 28)."""
    return (piece,) if isinstance(piece, int) else tuple(map(int, piece.split("x")))


def is_recurrent(piece: int | str) -> bool:
    """Whether that piece is a layer whose state goes from step to step."""
    return any(
        issubclass(kind, Recurrent) and re.fullmatch(kind.notation, str(piece))
        for kind in LAYERS.values()
    )


def read_layer(text: str, place: Place) -> LayerKind:
    """The layer that is written so. Raises MisfitError where it does not fit what comes in."""
    for kind in LAYERS.values():
        match = re.fullmatch(kind.notation, text, flags=re.ASCII)
        if match is not None:
            return kind.read(match, place)
    raise MisfitError(f"is no layer; {EXPECTED}")


def said_wrong(piece: str) -> str:
    """What is wrong with a piece that is no layer, and which may be meant; nothing of no piece."""
    if not piece:
        return ""
    capitals = re.sub("CONV(2D)?", "C", piece.upper())
    swapped = re.sub("([A-Z]+)([0-9]+)", r"\2\1", capitals)
    meant = (capitals, swapped, capitals.lstrip("0123456789"), f"16{capitals}")
    hints = [layer for layer in meant if re.fullmatch(any_layer(), layer, flags=re.ASCII)]
    hint = f", did you mean {hints[0]}?" if hints else ";"
    return f"'{printable(piece[:40])}' is no layer{hint} "


def parse_topology(text: str) -> Written:
    """The pieces of text such as `3-4-1`; its ends may be `in` and `out`, or shapes.

    Raises ValueError with the expectation in words when `text` is not a topology.
    """
    first, *hidden, last = text.split("-") if "-" in text else ("", "")
    end = f"{NUMBER}|{EXTENT}"
    fits = [
        re.fullmatch(f"in|{end}", first, flags=re.ASCII),
        *(re.fullmatch(any_layer(), piece, flags=re.ASCII) for piece in hidden),
        re.fullmatch(f"out|{end}", last, flags=re.ASCII),
    ]
    if not all(fits):
        misread = [
            piece for piece, fit in zip((first, *hidden, last), fits, strict=True) if not fit
        ]
        raise ValueError(f"{said_wrong(misread[0])}{EXPECTED}")
    numbered = [re.sub(r"(?<![0-9])0+(?=[0-9])", "", piece) for piece in (first, *hidden, last)]
    pieces = tuple(int(piece) if piece.isdigit() else piece for piece in numbered)
    if any(re.search(r"(^|x)0+(x|$)", str(piece)) for piece in pieces):
        raise ValueError("every layer needs at least one unit, such as 3-4-1")
    if last.count("x") > 1:
        raise ValueError(
            "expected as its last layer outputs, such as 10, or steps x outputs, as 8x1"
        )
    return pieces


def memory_needed(topology: Topology, dtype: str) -> int:
    """Bytes for the parameters, their gradient and two optimizer slots: 4 vectors."""
    return 4 * topology.size * int(np.dtype(dtype).itemsize)


def memory_of_training(topology: Topology, dtype: str, batch: int, samples: int, slots: int) -> int:
    """Bytes at the most: data in the network's dtype, parameters, and the units of a batch.

    As measured of both engines: a parameter is there 15 times, in gradients, snapshots as they are
    written and the like, and 6 times more for each of the optimizer's `slots`; of each unit its
    output and its error, a sample, and what its layer keeps besides.
    """
    inputs, *units = topology.sizes
    a_sample = 2 * sum(units) + sum(kind.scratch for kind in topology.kinds)
    numbers = samples * (inputs + units[-1]) + topology.size * (15 + 6 * slots) + batch * a_sample
    return numbers * int(np.dtype(dtype).itemsize)
