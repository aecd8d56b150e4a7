"""Long short-term memory: a cell that gates write to, keep and read.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; PyTorch's
equations and order of gates, its two biases, which only add to one another, made one.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runner.network.activations import sigmoid
from runner.network.arrays import Array
from runner.network.layers.parts import Room, Views
from runner.network.layers.recurrent import Recurrent


@dataclass(frozen=True)
class Lstm(Recurrent):
    """h_t = o tanh(c_t), c_t = f c_(t-1) + i g.

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of x_t W + h_(t-1) R + b, in this order.
    """

    letters: ClassVar[str] = "LSTM"
    notation: ClassVar[str] = "([0-9]{1,9})LSTM"
    gates: ClassVar[int] = 4

    def new_room(self, batch: int, dtype: np.dtype[np.generic]) -> Room:
        """Gates and tanh(c) of every step; h and c behind the 0 before the first."""
        units = self.units
        return {
            "gates": self.over_time(batch, 4 * units, dtype),
            "squashed": self.over_time(batch, units, dtype),
            "h": self.over_time(batch, units, dtype, more=1),
            "c": self.over_time(batch, units, dtype, more=1),
        }

    def forward(self, own: Views, x: Array, z: Array, room: Room) -> None:
        """From the first step to the last."""
        states, cells = room["h"], room["c"]
        for t, of_step in enumerate(self.steps_of(x)):
            gates = room["gates"][t]
            np.add(of_step @ own["weights"], states[t] @ own["recurrent"], gates)
            if self.bias:
                gates += own["bias"]
            i, f, g, o = self.each(gates)
            for gate in (i, f, o):
                sigmoid(gate, gate)
            np.tanh(g, g)
            np.add(f * cells[t], i * g, cells[t + 1])
            np.tanh(cells[t + 1], room["squashed"][t])
            np.multiply(o, room["squashed"][t], states[t + 1])
        self.put(states[1:], z)

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, room: Room
    ) -> None:
        """From the last step to the first, with e = dL/dc_t.

        e = dL/dh o (1 - tanh(c)^2) + e_(t+1) f_(t+1); dL/dz of the gates: e g i (1-i),
        e c_(t-1) f (1-f), e i (1-g^2), dL/dh tanh(c) o (1-o).
        """
        states, cells, steps = room["h"], room["c"], self.steps_of(x)
        carried = self.start_backward(gradient, room)
        e = np.zeros_like(carried)
        for t in reversed(range(self.below[0])):
            self.add_delta(delta, t, carried)
            gates, squashed = room["gates"][t], room["squashed"][t]
            d = np.empty_like(gates)
            i, f, g, o = self.each(gates)
            at_i, at_f, at_g, at_o = self.each(d)
            e += carried * o * (1 - squashed * squashed)
            at_i[...] = e * g * i * (1 - i)
            at_f[...] = e * cells[t] * f * (1 - f)
            at_g[...] = e * i * (1 - g * g)
            at_o[...] = carried * squashed * o * (1 - o)
            e *= f
            self.gradients(gradient, steps[t], states[t], d)
            carried = d @ own["recurrent"].T
            if below is not None:
                self.steps_of(below)[t] = d @ own["weights"].T
