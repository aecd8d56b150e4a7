"""Layer sizes written `a-b-…-z`, and where each layer's weights lie in the parameter vector."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
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
    """Bias vector [outputs]; empty without biases."""

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
    row by row, then, with biases, its bias vector [n_out].
    """

    sizes: tuple[int, ...]
    bias: bool = False

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The dense layers, first hidden to output."""
        return tuple(self._layers())

    def _layers(self) -> Iterator[Layer]:
        start = 0
        for inputs, outputs in pairwise(self.sizes):
            bias_start = start + inputs * outputs
            end = bias_start + (outputs if self.bias else 0)
            yield Layer(inputs, outputs, slice(start, bias_start), slice(bias_start, end))
            start = end

    @property
    def parameters(self) -> int:
        """How many numbers the parameter vector holds."""
        return sum((a + self.bias) * b for a, b in pairwise(self.sizes))

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
    return 4 * topology.parameters * int(np.dtype(dtype).itemsize)
