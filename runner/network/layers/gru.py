"""Gated recurrent units, in PyTorch's form: the reset gate acts on the product with the state.

Of PyTorch's two biases those that only add to one another are made one. Source: Cho et al. 2014.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runner.network.activations import sigmoid
from runner.network.arrays import Array
from runner.network.layers.parts import LayerPart, Room, Views
from runner.network.layers.recurrent import Recurrent


@dataclass(frozen=True)
class Gru(Recurrent):
    """h_t = (1 - k) n + k h_(t-1), with gates that reset and keep.

    r, k = sigmoid of x_t W + h_(t-1) R + b; n = tanh(x_t W_n + b_n + r (h_(t-1) R_n + b')). Parts
    of r, k and n lie in this order; k is PyTorch's z.
    """

    letters: ClassVar[str] = "GRU"
    notation: ClassVar[str] = "([0-9]{1,9})GRU"
    gates: ClassVar[int] = 3

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """As of all, and the biases b' [units] that the reset gate acts on."""
        found = super().parts
        return (*found, LayerPart("recurrent_bias", (self.units,))) if self.bias else found

    def new_room(self, batch: int, dtype: np.dtype[np.generic]) -> Room:
        """Gates, and h R_n + b', of every step; h behind the 0 before the first."""
        return {
            "gates": self.over_time(batch, 3 * self.units, dtype),
            "reset": self.over_time(batch, self.units, dtype),
            "h": self.over_time(batch, self.units, dtype, more=1),
        }

    def forward(self, own: Views, x: Array, z: Array, room: Room) -> None:
        """From the first step to the last."""
        states, both = room["h"], 2 * self.units
        for t, of_step in enumerate(self.steps_of(x)):
            gates, reset, before = room["gates"][t], room["reset"][t], states[t]
            np.dot(of_step, own["weights"], gates)
            if self.bias:
                gates += own["bias"]
            from_state = before @ own["recurrent"]  # [batch, units] @ [units, 3 units]
            gates[:, :both] += from_state[:, :both]
            sigmoid(gates[:, :both], gates[:, :both])
            r, k, n = self.each(gates)
            np.copyto(reset, from_state[:, both:])
            if self.bias:
                reset += own["recurrent_bias"]
            n += r * reset
            np.tanh(n, n)
            np.add((1 - k) * n, k * before, states[t + 1])
        self.put(states[1:], z)

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, room: Room
    ) -> None:
        """From the last step to the first, with q = h_(t-1) R_n + b' and e = dL/dh_t.

        dL/dz of the gates: d_n = e (1-k) (1-n^2), d_k = e (h_(t-1) - n) k (1-k),
        d_r = d_n q r (1-r); dL/dq = d_q = d_n r. dL/dh_(t-1) = e k + (d_r, d_k, d_q) R.T,
        dL/dx_t = (d_r, d_k, d_n) W.T.
        """
        states, steps, both = room["h"], self.steps_of(x), 2 * self.units
        carried = self.start_backward(gradient, room)
        for t in reversed(range(self.below[0])):
            self.add_delta(delta, t, carried)
            gates, before = room["gates"][t], states[t]
            r, k, n = self.each(gates)
            d = np.empty_like(gates)
            at_r, at_k, at_n = self.each(d)
            at_n[...] = carried * (1 - k) * (1 - n * n)
            at_k[...] = carried * (before - n) * k * (1 - k)
            at_r[...] = at_n * room["reset"][t] * r * (1 - r)
            through = d.copy()  # what goes through R: of n what the reset gate lets
            through[:, both:] *= r
            self.gradients(gradient, steps[t], before, d, through)
            if self.bias:
                gradient["recurrent_bias"][...] += np.add.reduce(through[:, both:], 0)
            carried = carried * k + through @ own["recurrent"].T
            if below is not None:
                self.steps_of(below)[t] = d @ own["weights"].T
