"""Activation functions, each beside its slope.

Both write into `out`, so that a training step allocates nothing.
`slope` is da/dz given both the pre-activation z and the activation a, as
back-propagation needs it; most need only a.
"""

from collections.abc import Callable
from math import pi, sqrt
from typing import Any, NamedTuple

import numpy as np

from runner.checking.tables import Table
from runner.network.arrays import Array

# An array operand spares NumPy converting a Python number in every call.
ONE = {np.dtype(dtype): np.ones((), dtype) for dtype in ("float32", "float64")}
MINUS_ONE = {dtype: np.array(-1, dtype) for dtype in ONE}


class Activation(NamedTuple):
    forward: Callable[[Array, Array], object]  # (z, out) -> a in out
    slope: Callable[[Array, Array, Array], object]  # (z, a, out) -> da/dz in out
    slope_of_z: bool = False  # whether that needs z, rather than a
    scalar: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    """Of one of a person's own both on a number, z -> a and (z, a) -> da/dz, which Numba compiles;
    None where it has no compiled form."""


def sigmoid(z: Array, out: Array) -> None:
    """a = 1 / (1 + exp(-z)).

    exp overflows to infinity for z far below zero, which gives the right answer, 0.
    """
    one = ONE[z.dtype]
    # NumPy 2.4's negative is wrong in place on numbers that lie 16 or 64 bytes apart.
    np.multiply(z, MINUS_ONE[z.dtype], out)
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
    np.maximum(z, 0, out=out)


def relu_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = 1 where a > 0, else 0; 0 at the kink, as is usual."""
    np.greater(a, 0, out)


def straight_through_slope(_z: Array, _a: Array, out: Array) -> None:
    """1 everywhere, in place of the true slope. Source: Bengio et al. 2013, straight-through."""
    out.fill(1)


def linear(z: Array, out: Array) -> None:
    """a = z."""
    np.copyto(out, z)


def linear_slope(_z: Array, _a: Array, out: Array) -> None:
    """da/dz = 1."""
    out.fill(1)


LEAK = 0.01


def leaky_relu(z: Array, out: Array) -> None:
    """a = z where z > 0, else 0.01 z. Source: Maas et al. 2013."""
    np.multiply(z, LEAK, out)
    np.maximum(z, out, out=out)


def leaky_relu_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = 1 where a > 0, else 0.01."""
    np.greater(a, 0, out)
    np.multiply(out, 1 - LEAK, out)
    np.add(out, LEAK, out)


def elu(z: Array, out: Array) -> None:
    """a = z where z > 0, else exp(z) - 1. Source: Clevert et al. 2016, alpha = 1."""
    np.minimum(z, 0, out=out)
    np.expm1(out, out)
    np.maximum(z, out, out=out)


def elu_slope(_z: Array, a: Array, out: Array) -> None:
    """da/dz = 1 where z > 0, else exp(z) = a + 1."""
    np.minimum(a, 0, out=out)
    np.add(out, ONE[a.dtype], out)


def softplus(z: Array, out: Array) -> None:
    """a = log(1 + exp(z)) = max(z, 0) + log1p(exp(-|z|)), which cannot overflow."""
    np.abs(z, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.add(out, np.maximum(z, 0), out)


def softplus_slope(z: Array, _a: Array, out: Array) -> None:
    """da/dz = 1 / (1 + exp(-z))."""
    sigmoid(z, out)


GELU_SCALE, GELU_CUBIC = sqrt(2 / pi), 0.044715


def gelu(z: Array, out: Array) -> None:
    """a = z (1 + tanh(u)) / 2, u = sqrt(2/pi) (z + 0.044715 z^3).

    Source: Hendrycks and Gimpel 2016, the tanh form; PyTorch's `approximate="tanh"`.
    """
    _gelu_tanh(z, out)
    np.add(out, ONE[z.dtype], out)
    np.multiply(out, z, out)
    np.multiply(out, 0.5, out)


def gelu_slope(z: Array, _a: Array, out: Array) -> None:
    """da/dz = (1 + t)/2 + z (1 - t^2)/2 u', t = tanh(u), u' = sqrt(2/pi) (1 + 3*0.044715 z^2)."""
    _gelu_tanh(z, out)
    inner = (0.5 * GELU_SCALE) * z * (1 + 3 * GELU_CUBIC * z * z)
    out[...] = 0.5 * (1 + out) + inner * (1 - out * out)


def _gelu_tanh(z: Array, out: Array) -> None:
    np.multiply(z, z, out)
    np.multiply(out, GELU_CUBIC, out)
    np.add(out, ONE[z.dtype], out)
    np.multiply(out, z, out)
    np.multiply(out, GELU_SCALE, out)
    np.tanh(out, out)


def softmax(z: Array, out: Array) -> None:
    """a_j = exp(z_j) / sum_k exp(z_k) over the outputs of a sample.

    Row maximum subtracted: exp overflows above 709 in float64.
    """
    np.subtract(z, z.max(axis=1, keepdims=True), out)
    np.exp(out, out)
    np.divide(out, out.sum(axis=1, keepdims=True), out)


def softmax_slope(_z: Array, _a: Array, _out: Array) -> None:
    """Not element by element; softmax comes with cross-entropy, whose gradient includes it."""
    raise NotImplementedError("softmax has no element-wise slope; use loss=cross_entropy")


OURS = {
    "elu": Activation(elu, elu_slope),
    "gelu": Activation(gelu, gelu_slope, slope_of_z=True),
    "leaky_relu": Activation(leaky_relu, leaky_relu_slope),
    "linear": Activation(linear, linear_slope),
    "relu": Activation(relu, relu_slope),
    "relu_straight_through": Activation(relu, straight_through_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "softmax": Activation(softmax, softmax_slope),
    "softplus": Activation(softplus, softplus_slope, slope_of_z=True),
    "tanh": Activation(tanh, tanh_slope),
}
ACTIVATIONS = Table("activation", OURS)
ELEMENTWISE = sorted(set(ACTIVATIONS) - {"softmax"})
"""Activations that any layer can have; softmax belongs to the output layer."""
