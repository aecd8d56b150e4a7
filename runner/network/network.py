"""A dense network: its topology and activations, and the pass from inputs to outputs."""

from dataclasses import dataclass

import numpy as np

from runner.network.activations import ACTIVATIONS, Activation
from runner.network.arrays import Array
from runner.network.layers.dropout import NO_DROPOUT, Dropout
from runner.network.topology import Topology


@dataclass(frozen=True)
class Network:
    """Topology and activations; the weights live outside, in a flat parameter vector."""

    topology: Topology
    hidden: tuple[str, ...] = ("sigmoid",)
    """One activation for all hidden layers, or one each."""
    output: str = "sigmoid"
    dropout: Dropout = NO_DROPOUT

    @property
    def activation_names(self) -> tuple[str, ...]:
        """One activation a layer, first hidden to output."""
        layers = len(self.topology.sizes) - 2
        return (*(self.hidden * layers)[:layers], self.output)

    @property
    def activations(self) -> tuple[Activation, ...]:
        """One activation a layer, first hidden to output."""
        return tuple(ACTIVATIONS[name] for name in self.activation_names)

    def predict(self, parameters: Array, inputs: Array) -> Array:
        """Outputs [batch, n_out] for inputs [batch, n_in], without dropout."""
        return self.forward(parameters, inputs)[1]

    def forward(self, parameters: Array, inputs: Array) -> tuple[Array, Array]:
        """The output layer's z and a, [batch, n_out] each, without dropout.

        a_0 = inputs; z_l = a_(l-1) @ W_l + b_l, or batch-normalised; a_l = f_l(z_l).
        """
        z = a = inputs.astype(parameters.dtype, copy=False)
        # exp(-z) may overflow on its way to an exact 0.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for layer, activation in zip(self.topology.layers, self.activations, strict=True):
                own = layer.views(parameters)
                z = np.empty((len(a), *layer.kind.shape), parameters.dtype)
                layer.kind.forward(own, a, z)
                if layer.norm is not None:
                    layer.norm.predict(own, z)
                a = np.empty_like(z)
                activation.forward(z, a)
        return z, a
