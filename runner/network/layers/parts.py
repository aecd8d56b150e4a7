"""What layers have in common: a shape, parts that are views into one flat vector, and room."""

import re
from collections.abc import Mapping
from math import prod
from typing import ClassVar, NamedTuple, Self

import numpy as np

from runner.network.arrays import Array

Views = Mapping[str, Array]
"""A layer's parts by name, each a view into the parameters, or into a vector as long."""
Room = dict[str, Array]
"""What backward needs of forward, by name; overwritten by every step."""
Shape = tuple[int, ...]
"""Of a sample: (units,), (channels, rows, columns) of maps, or (time, features) of a sequence."""
BEHIND, WITHIN, NONE = "behind", "within", "none"
"""Where a layer takes its activation: behind it, within its recurrence, or not at all."""


class LayerPart(NamedTuple):
    """A part of a layer's parameters."""

    name: str
    shape: tuple[int, ...]
    fans: tuple[int, int] | None = None
    """Fan-in and fan-out, which an initializer draws it by; None where it is not so drawn."""
    start: float | None = None
    """What it is before training; None where that is chosen, as of weights and biases."""
    recurrent: bool = False
    """Whether it leads from a step to the next: such are drawn after all that are not."""
    trained: bool = True
    """Whether there is a gradient; running statistics have none and lie behind all that have."""

    @property
    def decays(self) -> bool:
        """Whether penalties and weight decay are of it: of weights, and of nothing else."""
        return self.fans is not None

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return prod(self.shape)


class MisfitError(ValueError):
    """What comes in does not fit a layer; says what would."""


class Place(NamedTuple):
    """Where a layer stands in a net."""

    below: Shape
    """What comes in."""
    bias: bool
    every_step: bool
    """Whether something is to come of every step of a sequence, rather than of its last state."""
    normalised: bool = False
    first: bool = False
    """Whether what comes in is the input."""

    @property
    def bias_before_activation(self) -> bool:
        """Whether biases are added behind its weights: normalisation has a shift of its own."""
        return self.bias and not self.normalised


def written(shape: Shape) -> str:
    """A shape as in a topology: 1x28x28."""
    return "x".join(map(str, shape))


def by_unit(values: Array, shape: Shape) -> Array:
    """A view of values [batch, numbers of a sample] of such a shape, with an axis of units.

    [batch, units], [batch steps, units] or, of maps, [batch, units, places].
    """
    if len(shape) == 3:
        return values.reshape(-1, shape[0], shape[1] * shape[2])
    return values.reshape(-1, shape[-1])


def all_but_units(shape: Shape) -> tuple[int, ...]:
    """The axes of `by_unit` that are not its units."""
    return (0, 2) if len(shape) == 3 else (0,)


def maps_below(place: Place) -> tuple[int, int, int]:
    """The maps that come in. Raises MisfitError where they are none."""
    if len(place.below) != 3:
        way = "write the input as its shape, such as 1x28x28, or as in"
        raise MisfitError(
            f"it needs maps of channels x rows x columns, and {written(place.below)} comes in; "
            f"{way if place.first else 'put it behind a layer that makes maps: C, MP or AP'}"
        )
    channels, rows, columns = place.below
    return channels, rows, columns


class LayerKind:
    """A layer as one value: how it is written, what it makes, its parts, forward and backward.

    Arrays are flat, [batch, numbers of a sample]: maps lie channel by channel and row by row,
    sequences step by step.
    """

    notation: ClassVar[str]
    """How it is written in a topology, as a regular expression."""
    activation_is: ClassVar[str] = NONE

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """The layer that is written so. Raises MisfitError where it does not fit what comes in."""
        raise NotImplementedError

    @property
    def shape(self) -> Shape:
        """What it makes of a sample."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """What it has of parameters."""
        return ()

    @property
    def ends(self) -> tuple[str, str]:
        """What a row of its weights leads from, and a column to."""
        return "unit", "unit"

    @property
    def products(self) -> int:
        """Multiply-adds of a sample's way forward."""
        return 0

    @property
    def scratch(self) -> int:
        """Numbers of a sample that forward and backward keep besides what it makes, about."""
        return 0

    def with_activation(self, _name: str) -> Self:
        """The same, with that activation within it where it takes one there."""
        return self

    def new_room(self, _batch: int, _dtype: np.dtype[np.generic]) -> Room:
        """Room for what backward needs, in batches of so many samples."""
        return {}

    def forward(self, own: Views, x: Array, z: Array, room: Room) -> None:
        """z <- what it makes of x."""
        raise NotImplementedError

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, room: Room
    ) -> None:
        """From delta, dL/dz, the parts' gradients into `gradient`, and dL/dx into `below`.

        below: None where no layer below has a gradient.
        """
        raise NotImplementedError
