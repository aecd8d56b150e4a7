"""Layer sizes written `a-b-…-z`, and where each layer's weights lie in the parameter vector."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm
from runner.network.layers.dense import Dense
from runner.network.layers.kinds import LAYERS
from runner.network.layers.parts import LayerPart, Views

TRAINED, RUNNING = ("weights", "bias", "gamma"), ("mean", "variance")
"""Layers' parts, in the order in which a layer's lie in the parameter vector."""


class Layer(NamedTuple):
    """A layer, what normalises it, and where their parts lie in the parameter vector."""

    kind: Dense
    norm: BatchNorm | None
    weights: slice
    """Weight matrix [inputs, outputs], row by row."""
    bias: slice
    """Bias vector [outputs]; empty without biases. A normalised layer has one in any case."""
    gamma: slice
    """Factors of batch normalisation [outputs]; empty without it, as are the next two."""
    mean: slice
    """Running means [outputs]; not trained."""
    variance: slice
    """Running variances [outputs]; not trained."""

    @property
    def inputs(self) -> int:
        """How many numbers come in."""
        return self.kind.inputs

    @property
    def outputs(self) -> int:
        """Its units."""
        return self.kind.outputs

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """What it has of parameters."""
        return self.kind.parts + (self.norm.parts if self.norm else ())

    def views(self, parameters: Array) -> Views:
        """Its parts, views into the parameters or a vector as long."""
        return {
            part.name: parameters[getattr(self, part.name)].reshape(part.shape)
            for part in self.parts
        }

    def weight_matrix(self, parameters: Array) -> Array:
        """The layer's weights, a view [inputs, outputs] into the parameter vector."""
        return parameters[self.weights].reshape(self.inputs, self.outputs)

    def bias_vector(self, parameters: Array) -> Array:
        """The layer's biases, a view [outputs] into the parameter vector ([0] without biases)."""
        return parameters[self.bias]

    def folded(self, parameters: Array) -> tuple[Array, Array]:
        """Weights [n_in, n_out] and biases [n_out] that predict alike, without a normalisation.

        W' = W gamma / sqrt(variance + eps), b' = b - mean gamma / sqrt(variance + eps).
        """
        weights, biases = self.weight_matrix(parameters), self.bias_vector(parameters)
        if self.norm is None:
            return weights, biases
        own = self.views(parameters)
        factor = self.norm.factor(own)
        return weights * factor, biases - own["mean"] * factor


@dataclass(frozen=True)
class Topology:
    """The layer sizes of a dense network, input to output, and its parameter layout.

    Parameters are one flat vector: for each layer its weight matrix [n_in, n_out]
    row by row, then, with biases, its bias vector [n_out]. Batch normalisation gives each hidden
    layer a bias, which is its shift beta, and behind it factors gamma [n_out]; behind all layers'
    come their running means and variances, [n_out] each, whose gradient is always 0.
    """

    sizes: tuple[int, ...]
    bias: bool = False
    batch_norm: bool = False

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The dense layers, first hidden to output."""
        return self.laid_out(self.sizes[1:])

    def laid_out(self, widths: Sequence[int]) -> tuple[Layer, ...]:
        """The layers where a row of weights and each vector take as many numbers as `widths` says,

        which may be more than the layer has outputs.
        """
        normalized = [*[self.batch_norm] * (len(widths) - 1), False]
        kinds = [
            (Dense(inputs, width, self.bias and not norm), BatchNorm(width) if norm else None)
            for inputs, width, norm in zip(self.sizes[:-1], widths, normalized, strict=True)
        ]
        places: list[dict[str, slice]] = [{} for _ in kinds]
        start = 0
        for names in (TRAINED, RUNNING):
            for (dense, norm), where in zip(kinds, places, strict=True):
                parts = dense.parts + (norm.parts if norm else ())
                sizes = {part.name: part.size for part in parts}
                for name in names:
                    where[name] = slice(start, start + sizes.get(name, 0))
                    start = where[name].stop
        return tuple(
            Layer(*kind, *(where[name] for name in (*TRAINED, *RUNNING)))
            for kind, where in zip(kinds, places, strict=True)
        )

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return int(self.layers[-1].gamma.stop)

    @property
    def size(self) -> int:
        """How many numbers the parameter vector holds, running means and variances included."""
        return int(self.layers[-1].variance.stop)

    def layer_name(self, index: int) -> str:
        """How layer `index` is named in logs: `L0=>L1`."""
        return f"L{index}=>L{index + 1}"


SIZE, LAYER = Dense.notation, "|".join(kind.notation for kind in LAYERS.values())


def parse_sizes(text: str) -> tuple[int, ...]:
    """Layer sizes from text such as `3-4-1`.

    Raises ValueError with the expectation in words when `text` is not a topology.
    """
    if not re.fullmatch(rf"{SIZE}(-({LAYER}))+", text, flags=re.ASCII):
        raise ValueError("expected layer sizes joined by '-', input to output, such as 3-4-1")
    sizes = tuple(map(int, text.split("-")))
    if min(sizes) < 1:
        raise ValueError("every layer needs at least one unit, such as 3-4-1")
    return sizes


def memory_needed(topology: Topology, dtype: str) -> int:
    """Bytes for the parameters, their gradient and two optimizer slots: 4 vectors."""
    return 4 * topology.size * int(np.dtype(dtype).itemsize)


def memory_of_training(topology: Topology, dtype: str, batch: int, samples: int, slots: int) -> int:
    """Bytes at the most: data in the network's dtype, parameters, and the units of a batch.

    As measured of both engines: a parameter is there 15 times, in gradients, snapshots as they are
    written and the like, and 6 times more for each of the optimizer's `slots`; of each unit its
    output and its error, a sample.
    """
    inputs, *units = topology.sizes
    numbers = (
        samples * (inputs + units[-1]) + topology.size * (15 + 6 * slots) + batch * sum(units) * 2
    )
    return numbers * int(np.dtype(dtype).itemsize)
