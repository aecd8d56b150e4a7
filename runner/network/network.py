"""A network: its topology and activations, and the pass from inputs to outputs."""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from runner.network.activations import ACTIVATIONS, Activation
from runner.network.arrays import Array
from runner.network.layers.dropout import NO_DROPOUT, Dropout
from runner.network.layers.parts import NONE, WITHIN, LayerKind
from runner.network.topology import Topology


@dataclass(frozen=True)
class Network:
    """Topology and activations; the weights live outside, in a flat parameter vector."""

    topology: Topology
    hidden: tuple[str, ...] = ("sigmoid",)
    """One activation for all hidden layers that take one, or one each."""
    output: str = "sigmoid"
    dropout: Dropout = NO_DROPOUT

    @property
    def named(self) -> tuple[str, ...]:
        """The activations of hidden layers that take one, and the output's."""
        layers = self.topology.activated
        return (*(self.hidden * layers)[:layers], self.output)

    @cached_property
    def activation_names(self) -> tuple[str, ...]:
        """One activation a layer, first hidden to output; linear where a layer takes none."""
        names, hidden = iter(self.named), self.topology.kinds[:-1]
        return (
            *("linear" if kind.activation_is == NONE else next(names) for kind in hidden),
            self.output,
        )

    @cached_property
    def kinds(self) -> tuple[LayerKind, ...]:
        """The layers, with what they take of activations within them."""
        pairs = zip(self.topology.kinds, self.activation_names, strict=True)
        return tuple(kind.with_activation(name) for kind, name in pairs)

    @cached_property
    def activations(self) -> tuple[Activation, ...]:
        """What is applied behind each layer, first hidden to output."""
        pairs = zip(self.topology.kinds, self.activation_names, strict=True)
        names = ("linear" if kind.activation_is == WITHIN else name for kind, name in pairs)
        return tuple(ACTIVATIONS[name] for name in names)

    @property
    def dropout_rates(self) -> tuple[float, ...]:
        """One a layer: 0 behind the output, and behind a pooling unless each is said."""
        kinds, rates = self.topology.kinds[:-1], self.dropout.rate
        if len(rates) == 1:
            rates = tuple(rates[0] if kind.parts else 0.0 for kind in kinds)
        return (*rates, 0.0)

    def predict(self, parameters: Array, inputs: Array) -> Array:
        """Outputs [batch, n_out] for inputs [batch, n_in], without dropout."""
        return self.forward(parameters, inputs)[1]

    def forward(self, parameters: Array, inputs: Array) -> tuple[Array, Array]:
        """The output layer's z and a, [batch, n_out] each, without dropout.

        a_0 = inputs.
        """
        z = a = inputs.astype(parameters.dtype, copy=False)
        for index in range(len(self.kinds)):
            z, a = self.layer_forward(parameters, index, a)
        return z, a

    def layer_forward(self, parameters: Array, index: int, a: Array) -> tuple[Array, Array]:
        """A layer's z and a of the outputs [batch, …] below it, without dropout.

        z_l = a_(l-1) @ W_l + b_l, or what the layer makes, or batch-normalised; a_l = f_l(z_l).
        """
        layer, kind = self.topology.layers[index], self.kinds[index]
        own = layer.views(parameters)
        z = np.empty((len(a), prod(kind.shape)), parameters.dtype)
        # exp(-z) may overflow on its way to an exact 0.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            kind.forward(own, a, z, kind.new_room(len(a), parameters.dtype))
            if layer.norm is not None:
                layer.norm.predict(own, z)
            a = np.empty_like(z)
            rows = -1, kind.shape[-1]  # a softmax is of a step's outputs
            self.activations[index].forward(z.reshape(rows), a.reshape(rows))
        return z, a
