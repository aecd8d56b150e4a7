"""Layer sizes written `a-b-…-z`, and where each layer's weights lie in the parameter vector."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Layer(NamedTuple):
    """One dense layer's place in the parameter vector."""

    inputs: int
    outputs: int
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

    def weight_matrix(self, parameters: Array) -> Array:
        """The layer's weights, a view [inputs, outputs] into the parameter vector."""
        return parameters[self.weights].reshape(self.inputs, self.outputs)

    def bias_vector(self, parameters: Array) -> Array:
        """The layer's biases, a view [outputs] into the parameter vector ([0] without biases)."""
        return parameters[self.bias]


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
        trained, start = [], 0
        for inputs, width, norm in zip(self.sizes, widths, normalized, strict=False):
            weights = slice(start, start + inputs * width)
            bias = slice(weights.stop, weights.stop + width * (self.bias or norm))
            gamma = slice(bias.stop, bias.stop + width * norm)
            trained.append((inputs, width, weights, bias, gamma))
            start = gamma.stop
        layers = []
        for parts, width, norm in zip(trained, widths, normalized, strict=True):
            mean = slice(start, start + width * norm)
            variance = slice(mean.stop, mean.stop + width * norm)
            layers.append(Layer(*parts, mean, variance))
            start = variance.stop
        return tuple(layers)

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        stop: int = self.layers[-1].gamma.stop
        return stop

    @property
    def size(self) -> int:
        """How many numbers the parameter vector holds, running means and variances included."""
        stop: int = self.layers[-1].variance.stop
        return stop

    def layer_name(self, index: int) -> str:
        """How layer `index` is named in logs: `L0=>L1`."""
        return f"L{index}=>L{index + 1}"


def parse_sizes(text: str) -> tuple[int, ...]:
    """Layer sizes from text such as `3-4-1`.

    Raises ValueError with the expectation in words when `text` is not a topology.
    """
    if not re.fullmatch(r"[0-9]{1,9}(-[0-9]{1,9})+", text, flags=re.ASCII):
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
