"""Activations and slopes on flat rows of numbers, eight at a time; `count` is whole lanes.

The same equations as in `runner.network.activations`.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import njit

from runner.network.activations import GELU_CUBIC, GELU_SCALE, LEAK
from runner.training.compiled.exponentials import exp, expm1, log1p
from runner.training.compiled.exponentials import sigmoid as sigmoid_of
from runner.training.compiled.exponentials import tanh as tanh_of
from runner.training.compiled.lanes import WIDTH, absolute, choose, load, store

quick = njit(no_cpython_wrapper=True, error_model="numpy")


def linear(z, a, count):
    """a = z."""
    for k in range(0, count, WIDTH):
        store(a, k, load(z, k))


def linear_slope(_z, _a, _deltas, _count):
    """da/dz = 1."""


def sigmoid(z, a, count):
    """a = 1 / (1 + exp(-z))."""
    for k in range(0, count, WIDTH):
        store(a, k, sigmoid_of(load(z, k)))


def sigmoid_slope(_z, a, deltas, count):
    """da/dz = a (1 - a)."""
    for k in range(0, count, WIDTH):
        x = load(a, k)
        store(deltas, k, load(deltas, k) * (x * (1.0 - x)))


def tanh(z, a, count):
    """a = tanh(z)."""
    for k in range(0, count, WIDTH):
        store(a, k, tanh_of(load(z, k)))


def tanh_slope(_z, a, deltas, count):
    """da/dz = 1 - a^2."""
    for k in range(0, count, WIDTH):
        x = load(a, k)
        store(deltas, k, load(deltas, k) * (1.0 - x * x))


def relu(z, a, count):
    """a = max(z, 0); NaN stays."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        store(a, k, choose(x < 0.0, 0.0, x))


def relu_slope(_z, a, deltas, count):
    """da/dz = 1 where a > 0, else 0."""
    for k in range(0, count, WIDTH):
        store(deltas, k, choose(load(a, k) > 0.0, load(deltas, k), 0.0))


def leaky_relu(z, a, count):
    """a = z where z > 0, else 0.01 z."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        store(a, k, choose(x < 0.0, x * LEAK, x))


def leaky_relu_slope(_z, a, deltas, count):
    """da/dz = 1 where a > 0, else 0.01."""
    for k in range(0, count, WIDTH):
        d = load(deltas, k)
        store(deltas, k, choose(load(a, k) > 0.0, d, d * LEAK))


def elu(z, a, count):
    """a = z where z > 0, else exp(z) - 1."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        below = choose(x > 0.0, 0.0, x)
        store(a, k, choose(x > 0.0, x, expm1(below)))


def elu_slope(_z, a, deltas, count):
    """da/dz = 1 where a > 0, else a + 1."""
    for k in range(0, count, WIDTH):
        x = load(a, k)
        store(deltas, k, load(deltas, k) * choose(x > 0.0, 1.0, x + 1.0))


def softplus(z, a, count):
    """a = max(z, 0) + log1p(exp(-|z|))."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        store(a, k, choose(x < 0.0, 0.0, x) + log1p(exp(0.0 - absolute(x))))


def softplus_slope(z, _a, deltas, count):
    """da/dz = 1 / (1 + exp(-z))."""
    for k in range(0, count, WIDTH):
        store(deltas, k, load(deltas, k) * sigmoid_of(load(z, k)))


@quick
def gelu_tanh(x):
    """tanh(sqrt(2/pi) (x + 0.044715 x^3))."""
    return tanh_of((x * x * GELU_CUBIC + 1.0) * x * GELU_SCALE)


def gelu(z, a, count):
    """a = z (1 + tanh(u)) / 2."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        store(a, k, (gelu_tanh(x) + 1.0) * x * 0.5)


def gelu_slope(z, _a, deltas, count):
    """da/dz = (1 + t)/2 + z (1 - t^2)/2 u'."""
    for k in range(0, count, WIDTH):
        x = load(z, k)
        t = gelu_tanh(x)
        inner = x * (x * x * (3.0 * GELU_CUBIC) + 1.0) * (0.5 * GELU_SCALE)
        slope = (t + 1.0) * 0.5 + inner * (1.0 - t * t)
        store(deltas, k, load(deltas, k) * slope)


class CompiledActivation(NamedTuple):
    """The same activation as the reference's of that name."""

    forward: Callable[..., None]
    slope: Callable[..., None]


ACTIVATIONS = {
    "elu": CompiledActivation(elu, elu_slope),
    "gelu": CompiledActivation(gelu, gelu_slope),
    "leaky_relu": CompiledActivation(leaky_relu, leaky_relu_slope),
    "linear": CompiledActivation(linear, linear_slope),
    "relu": CompiledActivation(relu, relu_slope),
    "sigmoid": CompiledActivation(sigmoid, sigmoid_slope),
    "softmax": CompiledActivation(linear, linear_slope),  # the kernel's, with cross-entropy
    "softplus": CompiledActivation(softplus, softplus_slope),
    "tanh": CompiledActivation(tanh, tanh_slope),
}
