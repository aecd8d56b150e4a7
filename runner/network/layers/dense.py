"""A dense layer: every unit sees all that comes in."""

import re
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import BEHIND, LayerKind, LayerPart, Place, Room, Shape, Views


@dataclass(frozen=True)
class Dense(LayerKind):
    """z = x W + b; of a sequence's steps each by itself, where there are any."""

    notation: ClassVar[str] = "[0-9]{1,9}"
    """As its number of units."""
    activation_is: ClassVar[str] = BEHIND

    inputs: int
    outputs: int
    bias: bool
    steps: int | None = None
    """Of a sequence, each of which it is applied to; None where all that comes in is one."""

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """Of any shape: maps and sequences come in flat."""
        units = int(text.group())
        if place.every_step and len(place.below) == 2:
            steps, features = place.below
            return cls(features, units, place.bias_before_activation, steps)
        return cls(prod(place.below), units, place.bias_before_activation)

    def __str__(self) -> str:
        return str(self.outputs)

    @property
    def shape(self) -> Shape:
        """[n_out], or [time, n_out]."""
        return (self.outputs,) if self.steps is None else (self.steps, self.outputs)

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Its weights [n_in, n_out], row by row, and its biases [n_out]."""
        fans = self.inputs, self.outputs
        weights = LayerPart("weights", fans, fans)
        return (weights, LayerPart("bias", (self.outputs,))) if self.bias else (weights,)

    @property
    def products(self) -> int:
        """n_in n_out, a step."""
        return self.inputs * self.outputs * (self.steps or 1)

    def forward(self, own: Views, x: Array, z: Array, _room: Room) -> None:
        """z = x W + b, into `z`."""
        if self.steps is not None:
            x, z = x.reshape(-1, self.inputs), z.reshape(-1, self.outputs)
        np.dot(x, own["weights"], z)  # [batch, n_in] @ [n_in, n_out]
        if self.bias:
            np.add(z, own["bias"], z)  # [batch, n_out] + [n_out]

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, _room: Room
    ) -> None:
        """dL/dW = x.T delta, dL/db = sum delta over the batch, dL/dx = delta W.T."""
        if self.steps is not None:
            x, delta = x.reshape(-1, self.inputs), delta.reshape(-1, self.outputs)
            below = None if below is None else below.reshape(-1, self.inputs)
        np.dot(x.T, delta, gradient["weights"])  # [n_in, batch] @ [batch, n_out]
        if self.bias:
            np.add.reduce(delta, 0, out=gradient["bias"])  # [batch, n_out] -> [n_out]
        if below is not None:
            np.dot(delta, own["weights"].T, below)  # [batch, n_out] @ [n_out, n_in]
