"""Activations and their slopes, on eight numbers at a time.

The same equations as in `runner.network.activations`; a slope takes z, a and dL/da to dL/dz.
"""

from collections.abc import Callable
from typing import NamedTuple

from runner.compiled.kernels.exponentials import exp, expm1, log1p
from runner.compiled.kernels.exponentials import sigmoid as sigmoid_of
from runner.compiled.kernels.exponentials import tanh as tanh_of
from runner.compiled.kernels.lanes import (
    WIDTH,
    absolute,
    choose,
    load,
    load_many,
    store,
    vector_width,
)
from runner.compiled.kernels.numba_options import forced, quick
from runner.network.activations import GELU_CUBIC, GELU_SCALE, LEAK


class CompiledActivation(NamedTuple):
    """The same activation as the reference's of that name, on flat rows of whole lanes."""

    forward: Callable[..., None]
    slope: Callable[..., None]


def on_rows(function, slope):
    """Both over `count` numbers."""
    at, slope_at = forced(function), forced(slope)

    def forward(z, a, count):
        wide = vector_width(z)
        whole = count - count % wide
        for k in range(0, whole, wide):
            store(a, k, at(load_many(1, z, k)))
        for k in range(whole, count, WIDTH):
            store(a, k, at(load(z, k)))

    def backward(z, a, deltas, count):
        wide = vector_width(z)
        whole = count - count % wide
        for k in range(0, whole, wide):
            slope = slope_at(load_many(1, z, k), load_many(1, a, k), load_many(1, deltas, k))
            store(deltas, k, slope)
        for k in range(whole, count, WIDTH):
            store(deltas, k, slope_at(load(z, k), load(a, k), load(deltas, k)))

    return CompiledActivation(forward, backward)


def linear(z):
    """a = z."""
    return z


def linear_slope(_z, _a, d):
    """da/dz = 1."""
    return d


def sigmoid(z):
    """a = 1 / (1 + exp(-z))."""
    return sigmoid_of(z)


def sigmoid_slope(_z, a, d):
    """da/dz = a (1 - a)."""
    return d * (a * (1.0 - a))


def tanh(z):
    """a = tanh(z)."""
    return tanh_of(z)


def tanh_slope(_z, a, d):
    """da/dz = 1 - a^2."""
    return d * (1.0 - a * a)


def relu(z):
    """a = max(z, 0); NaN stays."""
    return choose(z < 0.0, 0.0, z)


def relu_slope(_z, a, d):
    """da/dz = 1 where a > 0, else 0."""
    return choose(a > 0.0, d, 0.0)


def leaky_relu(z):
    """a = z where z > 0, else 0.01 z."""
    return choose(z < 0.0, z * LEAK, z)


def leaky_relu_slope(_z, a, d):
    """da/dz = 1 where a > 0, else 0.01."""
    return choose(a > 0.0, d, d * LEAK)


def elu(z):
    """a = z where z > 0, else exp(z) - 1."""
    return choose(z > 0.0, z, expm1(choose(z > 0.0, 0.0, z)))


def elu_slope(_z, a, d):
    """da/dz = 1 where a > 0, else a + 1."""
    return d * choose(a > 0.0, 1.0, a + 1.0)


def softplus(z):
    """a = max(z, 0) + log1p(exp(-|z|))."""
    return choose(z < 0.0, 0.0, z) + log1p(exp(0.0 - absolute(z)))


def softplus_slope(z, _a, d):
    """da/dz = 1 / (1 + exp(-z))."""
    return d * sigmoid_of(z)


@quick
def gelu_tanh(z):
    """tanh(sqrt(2/pi) (z + 0.044715 z^3))."""
    return tanh_of((z * z * GELU_CUBIC + 1.0) * z * GELU_SCALE)


def gelu(z):
    """a = z (1 + t) / 2, t = tanh(u)."""
    return (gelu_tanh(z) + 1.0) * z * 0.5


def gelu_slope(z, _a, d):
    """da/dz = (1 + t)/2 + z (1 - t^2)/2 u'."""
    t = gelu_tanh(z)
    inner = z * (z * z * (3.0 * GELU_CUBIC) + 1.0) * (0.5 * GELU_SCALE)
    return d * ((t + 1.0) * 0.5 + inner * (1.0 - t * t))


ACTIVATIONS = {
    "elu": on_rows(elu, elu_slope),
    "gelu": on_rows(gelu, gelu_slope),
    "leaky_relu": on_rows(leaky_relu, leaky_relu_slope),
    "linear": on_rows(linear, linear_slope),
    "relu": on_rows(relu, relu_slope),
    "relu_straight_through": on_rows(relu, linear_slope),
    "sigmoid": on_rows(sigmoid, sigmoid_slope),
    "softmax": on_rows(linear, linear_slope),  # the kernel's, with cross-entropy
    "softplus": on_rows(softplus, softplus_slope),
    "tanh": on_rows(tanh, tanh_slope),
}
