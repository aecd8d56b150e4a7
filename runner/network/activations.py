"""Activation functions, each beside its slope.

Both write into `out`, so that a training step allocates nothing.
`slope` is da/dz given both the pre-activation z and the activation a, as
back-propagation needs it; most need only a.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from runner.network.topology import Array

# An array operand spares NumPy converting a Python number in every call.
ONE = {np.dtype(dtype): np.ones((), dtype) for dtype in ("float32", "float64")}


class Activation(NamedTuple):
    forward: Callable[[Array, Array], object]  # (z, out) -> a in out
    slope: Callable[[Array, Array, Array], object]  # (z, a, out) -> da/dz in out


def sigmoid(z: Array, out: Array) -> None:
    """a = 1 / (1 + exp(-z)).

    exp overflows to infinity for z far below zero, which gives the right answer, 0.
    """
    one = ONE[z.dtype]
    np.negative(z, out)
    np.exp(out, out)
    np.add(out, one, out)
    np.divide(one, out, out)


def sigmoid_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = a (1 - a)."""
    np.subtract(ONE[a.dtype], a, out)
    np.multiply(out, a, out)


def tanh(z: Array, out: Array) -> None:
    """a = tanh(z)."""
    np.tanh(z, out)


def tanh_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = 1 - a^2."""
    np.multiply(a, a, out)
    np.subtract(ONE[a.dtype], out, out)


def relu(z: Array, out: Array) -> None:
    """a = max(z, 0)."""
    np.maximum(z, 0, out)


def relu_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = 1 where a > 0, else 0; 0 at the kink, as is usual."""
    np.greater(a, 0, out)


def linear(z: Array, out: Array) -> None:
    """a = z."""
    np.copyto(out, z)


def linear_slope(_z: Array, _a: Array, out: Array) -> None:
    """da/dz = 1."""
    out.fill(1)


ACTIVATIONS = {
    "linear": Activation(linear, linear_slope),
    "relu": Activation(relu, relu_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "tanh": Activation(tanh, tanh_slope),
}
