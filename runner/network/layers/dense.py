"""A dense layer: every unit sees all that comes in."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import LayerPart, Views


@dataclass(frozen=True)
class Dense:
    """z = x W + b."""

    notation: ClassVar[str] = "[0-9]{1,9}"
    """How it is written in a topology: as its number of units."""

    inputs: int
    outputs: int
    bias: bool

    def __str__(self) -> str:
        return str(self.outputs)

    @property
    def shape(self) -> tuple[int, ...]:
        """What it makes of a sample."""
        return (self.outputs,)

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Its weights [n_in, n_out], row by row, and its biases [n_out]."""
        fans = self.inputs, self.outputs
        weights = LayerPart("weights", fans, fans)
        return (weights, LayerPart("bias", self.shape)) if self.bias else (weights,)

    def forward(self, own: Views, x: Array, z: Array) -> None:
        """z = x W + b, into `z`."""
        np.dot(x, own["weights"], z)  # [batch, n_in] @ [n_in, n_out]
        if self.bias:
            np.add(z, own["bias"], z)  # [batch, n_out] + [n_out]

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None
    ) -> None:
        """dL/dW = x.T delta, dL/db = sum delta over the batch, into `gradient`;

        dL/dx = delta W.T, into `below`, unless that is None. delta: dL/dz.
        """
        np.dot(x.T, delta, gradient["weights"])  # [n_in, batch] @ [batch, n_out]
        if self.bias:
            np.add.reduce(delta, 0, out=gradient["bias"])  # [batch, n_out] -> [n_out]
        if below is not None:
            np.dot(delta, own["weights"].T, below)  # [batch, n_out] @ [n_out, n_in]
