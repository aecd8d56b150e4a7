"""What layers have in common: parts, which are views into one flat vector."""

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from runner.network.arrays import Array

Views = Mapping[str, Array]
"""A layer's parts by name, each a view into the parameters, or into a vector as long."""


class LayerPart(NamedTuple):
    """A part of a layer's parameters."""

    name: str
    shape: tuple[int, ...]
    fans: tuple[int, int] | None = None
    """Fan-in and fan-out, which an initializer draws it by; None where it is not so drawn."""
    start: float | None = None
    """What it is before training; None where that is chosen, as of weights and biases."""

    @property
    def decays(self) -> bool:
        """Whether penalties and weight decay are of it: of weights, and of nothing else."""
        return self.fans is not None

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return prod(self.shape)
