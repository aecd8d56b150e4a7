"""Activations and slopes on flat rows of numbers, eight at a time; `count` is whole lanes.

The same equations as in `runner.network.activations`.
"""

from typing import NamedTuple

from runner.training.compiled.exponentials import sigmoid as sigmoid_of
from runner.training.compiled.exponentials import tanh as tanh_of
from runner.training.compiled.lanes import WIDTH, choose, load, store


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


class CompiledActivation(NamedTuple):
    forward: object
    slope: object


ACTIVATIONS = {
    "linear": CompiledActivation(linear, linear_slope),
    "relu": CompiledActivation(relu, relu_slope),
    "sigmoid": CompiledActivation(sigmoid, sigmoid_slope),
    "tanh": CompiledActivation(tanh, tanh_slope),
}
