"""What recurrent layers share: a state that goes from step to step of a sequence."""

import re
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Self

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import (
    LayerKind,
    LayerPart,
    MisfitError,
    Place,
    Room,
    Shape,
    Views,
    written,
)


@dataclass(frozen=True)
class Recurrent(LayerKind):
    """h_t of x_t and h_(t-1), which is 0 before the first step; backward through all of time.

    Of its `gates`, which are each as wide as the state, weights and biases lie side by side.
    """

    letters: ClassVar[str]
    gates: ClassVar[int]

    below: tuple[int, int]
    """(time, features)"""
    units: int
    bias: bool
    sequence: bool
    """Whether the state of every step goes on, rather than that of the last."""

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """Of sequences."""
        if len(place.below) != 2:
            # An image's rows, one after the other, are a sequence.
            way = "28x28, or as in"
            if len(place.below) == 3:
                way = f"{prod(place.below[:2])}x{place.below[2]}"
            way = f"write the input as its shape, such as {way}"
            raise MisfitError(
                f"it needs a sequence of time x features, and {written(place.below)} comes in; "
                f"{way if place.first else 'put it behind the input or a recurrent layer'}"
            )
        if int(text[1]) < 1:
            raise MisfitError(f"it has no unit; expected at least one, such as 16{cls.letters}")
        time, features = place.below
        return cls((time, features), int(text[1]), place.bias, place.every_step)

    def __str__(self) -> str:
        return f"{self.units}{self.letters}"

    @property
    def shape(self) -> Shape:
        """[time, units], or [units] of the last step."""
        return (self.below[0], self.units) if self.sequence else (self.units,)

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Weights [features, gates units], recurrent ones [units, gates units]; biases."""
        (_, features), units = self.below, self.units
        wide = self.gates * units
        found = [
            LayerPart("weights", (features, wide), (features, units)),
            LayerPart("recurrent", (units, wide), (units, units), recurrent=True),
        ]
        return (*found, LayerPart("bias", (wide,))) if self.bias else tuple(found)

    @property
    def ends(self) -> tuple[str, str]:
        """From a feature to a unit's gates."""
        return "feature", "unit, gate by gate" if self.gates > 1 else "unit"

    @property
    def products(self) -> int:
        """(features + units) gates units, a step."""
        time, features = self.below
        return time * (features + self.units) * self.gates * self.units

    @property
    def scratch(self) -> int:
        """Gates and states of every step, the gates' deltas, and what comes in side by side."""
        time, features = self.below
        return time * (self.units * (2 * self.gates + 3) + features)

    def over_time(
        self, batch: int, width: int, dtype: np.dtype[np.generic], more: int = 0
    ) -> Array:
        """Room for so many numbers of each step, and of some more [time + more, batch, width]."""
        return np.zeros((self.below[0] + more, batch, width), dtype)

    def steps_of(self, x: Array) -> Array:
        """[time, batch, features]: a view of what comes in."""
        return x.reshape(len(x), *self.below).swapaxes(0, 1)

    def each(self, gates: Array) -> list[Array]:
        """The gates [batch, gates units] one by one [batch, units], views."""
        return [gates[:, k * self.units : (k + 1) * self.units] for k in range(self.gates)]

    def put(self, states: Array, z: Array) -> None:
        """States [time, batch, units], or the last, into `z`."""
        if self.sequence:
            z.reshape(len(z), *self.shape)[...] = states.swapaxes(0, 1)
        else:
            z[...] = states[-1]

    def add_delta(self, delta: Array, step: int, carried: Array) -> None:
        """Adds dL/dh of a step to what is carried from the steps behind it, in place."""
        if self.sequence:
            carried += delta.reshape(len(delta), *self.shape)[:, step]
        elif step == self.below[0] - 1:
            carried += delta

    def gradients(
        self, gradient: Views, x: Array, before: Array, d: Array, through: Array | None = None
    ) -> None:
        """dL/dW += x.T d, dL/dR += h_(t-1).T d, dL/db += sum d, of one step; d: dL/d(gates' z).

        through: what of it goes through R, where that is not all.
        """
        through = d if through is None else through
        gradient["weights"][...] += x.T @ d  # [features, batch] @ [batch, gates units]
        gradient["recurrent"][...] += before.T @ through  # [units, batch] @ [batch, gates units]
        if self.bias:
            gradient["bias"][...] += np.add.reduce(d, 0)

    def start_backward(self, gradient: Views, room: Room) -> Array:
        """Gradients at 0, and so what is carried from behind the last step [batch, units]."""
        for part in self.parts:
            gradient[part.name][...] = 0
        return np.zeros_like(room["h"][0])
