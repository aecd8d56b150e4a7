"""Elman's recurrent units: the state is an activation. Source: Elman 1990."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from runner.network.activations import ACTIVATIONS
from runner.network.arrays import Array
from runner.network.layers.parts import WITHIN, Room, Views
from runner.network.layers.recurrent import Recurrent


@dataclass(frozen=True)
class Elman(Recurrent):
    """h_t = f(x_t W + h_(t-1) R + b)."""

    letters: ClassVar[str] = "RNN"
    notation: ClassVar[str] = "([0-9]{1,9})RNN"
    gates: ClassVar[int] = 1
    activation_is: ClassVar[str] = WITHIN

    activation: str = "tanh"

    def with_activation(self, name: str) -> Self:
        """With that f."""
        return replace(self, activation=name)

    def new_room(self, batch: int, dtype: np.dtype[np.generic]) -> Room:
        """z of every step; h of every step behind the 0 before the first; a slope."""
        units = self.units
        return {
            "z": self.over_time(batch, units, dtype),
            "h": self.over_time(batch, units, dtype, more=1),
            "slope": np.empty((batch, units), dtype),
        }

    def forward(self, own: Views, x: Array, z: Array, room: Room) -> None:
        """h_t = f(x_t W + h_(t-1) R + b), from the first step to the last."""
        f, states = ACTIVATIONS[self.activation].forward, room["h"]
        for t, of_step in enumerate(self.steps_of(x)):
            at = room["z"][t]
            np.add(of_step @ own["weights"], states[t] @ own["recurrent"], at)
            if self.bias:
                at += own["bias"]
            f(at, states[t + 1])
        self.put(states[1:], z)

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, room: Room
    ) -> None:
        """From the last step to the first: d_t = (dL/dh_t + d_(t+1) R.T) f'(z_t).

        dL/dx_t = d_t W.T.
        """
        slope, states, steps = ACTIVATIONS[self.activation].slope, room["h"], self.steps_of(x)
        carried = self.start_backward(gradient, room)
        for t in reversed(range(self.below[0])):
            self.add_delta(delta, t, carried)
            slope(room["z"][t], states[t + 1], room["slope"])
            d = carried * room["slope"]
            self.gradients(gradient, steps[t], states[t], d)
            carried = d @ own["recurrent"].T
            if below is not None:
                self.steps_of(below)[t] = d @ own["weights"].T
