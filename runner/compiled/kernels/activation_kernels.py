"""Activations and slopes on flat rows of numbers, eight at a time; `count` is whole lanes.

The same equations as in `runner.network.activations`.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import njit

from runner.compiled.kernels.exponentials import exp, expm1, log1p, sigmoid, tanh
from runner.compiled.kernels.lanes import WIDTH, absolute, choose, load, store
from runner.network.activations import GELU_CUBIC, GELU_SCALE, LEAK

quick = njit(no_cpython_wrapper=True, error_model="numpy")
inlined = njit(no_cpython_wrapper=True, error_model="numpy", inline="always")


class CompiledActivation(NamedTuple):
    """The same activation as the reference's of that name."""

    forward: Callable[..., None]
    """(z, a, count): a = f(z)"""
    slope: Callable[..., None]
    """(z, a, deltas, count): deltas <- deltas f'(z)"""


def elementwise(activation, slope):
    """From functions of lanes, z -> a and (d, z, a) -> d f'(z), to those of rows."""
    activation = activation if hasattr(activation, "py_func") else inlined(activation)
    slope = inlined(slope)

    def forward(z, a, count):
        for k in range(0, count, WIDTH):
            store(a, k, activation(load(z, k)))

    def backward(z, a, deltas, count):
        for k in range(0, count, WIDTH):
            store(deltas, k, slope(load(deltas, k), load(z, k), load(a, k)))

    return CompiledActivation(forward, backward)


def linear(z, a, count):
    """a = z."""
    for k in range(0, count, WIDTH):
        store(a, k, load(z, k))


def linear_slope(_z, _a, _deltas, _count):
    """da/dz = 1."""


@quick
def gelu_tanh(x):
    """tanh(sqrt(2/pi) (x + 0.044715 x^3))."""
    return tanh((x * x * GELU_CUBIC + 1.0) * x * GELU_SCALE)


def gelu_slope(d, x, _a):
    """(1 + t)/2 + x (1 - t^2)/2 u'."""
    t = gelu_tanh(x)
    inner = x * (x * x * (3.0 * GELU_CUBIC) + 1.0) * (0.5 * GELU_SCALE)
    return d * ((t + 1.0) * 0.5 + inner * (1.0 - t * t))


LINEAR = CompiledActivation(linear, linear_slope)
ACTIVATIONS = {
    "elu": elementwise(
        lambda x: choose(x > 0.0, x, expm1(choose(x > 0.0, 0.0, x))),
        lambda d, _z, a: d * choose(a > 0.0, 1.0, a + 1.0),
    ),
    "gelu": elementwise(lambda x: (gelu_tanh(x) + 1.0) * x * 0.5, gelu_slope),
    "leaky_relu": elementwise(
        lambda x: choose(x < 0.0, x * LEAK, x),
        lambda d, _z, a: choose(a > 0.0, d, d * LEAK),
    ),
    "linear": LINEAR,
    "relu": elementwise(
        lambda x: choose(x < 0.0, 0.0, x),  # NaN stays
        lambda d, _z, a: choose(a > 0.0, d, 0.0),
    ),
    "sigmoid": elementwise(sigmoid, lambda d, _z, a: d * (a * (1.0 - a))),
    "softmax": LINEAR,  # the kernel's, with cross-entropy
    "softplus": elementwise(
        lambda x: choose(x < 0.0, 0.0, x) + log1p(exp(0.0 - absolute(x))),
        lambda d, z, _a: d * sigmoid(z),
    ),
    "tanh": elementwise(tanh, lambda d, _z, a: d * (1.0 - a * a)),
}
