"""Losses on flat rows of numbers; `real` is 1 for a sample's output and 0 for padding.

The same equations as in `runner.network.losses`.
"""

from runner.compiled.kernels.exponentials import exp, log1p
from runner.compiled.kernels.lanes import WIDTH, absolute, choose, load, store, total


def squared_error(_z, a, wanted, real, deltas, count):
    """L = 1/2 sum e^2, dL/da = e, e = a - y."""
    value = 0.0
    for k in range(0, count, WIDTH):
        error = (load(a, k) - load(wanted, k)) * load(real, k)
        store(deltas, k, error)
        value += total(error * error)
    return 0.5 * value


def absolute_error(_z, a, wanted, real, deltas, count):
    """L = sum |e|, dL/da = sign(e)."""
    value = 0.0
    for k in range(0, count, WIDTH):
        error = (load(a, k) - load(wanted, k)) * load(real, k)
        sign = choose(error > 0.0, error * 0.0 + 1.0, choose(error < 0.0, error * 0.0 - 1.0, error))
        store(deltas, k, sign)
        value += total(absolute(error))
    return value


def huber(_z, a, wanted, real, deltas, count):
    """L = sum of e^2/2 where |e| < 1, else |e| - 1/2; dL/da = e within [-1, 1]."""
    value = 0.0
    for k in range(0, count, WIDTH):
        error = (load(a, k) - load(wanted, k)) * load(real, k)
        size = absolute(error)
        store(deltas, k, choose(error > 1.0, 1.0, choose(error < -1.0, -1.0, error)))
        value += total(choose(size < 1.0, error * error * 0.5, size - 0.5))
    return value


def binary_cross_entropy(z, a, wanted, real, deltas, count):
    """L = sum max(z, 0) - z y + log1p(exp(-|z|)), dL/dz = a - y."""
    value = 0.0
    for k in range(0, count, WIDTH):
        x, y, one = load(z, k), load(wanted, k), load(real, k)
        store(deltas, k, (load(a, k) - y) * one)
        positive = choose(x < 0.0, 0.0, x)
        value += total((positive - x * y + log1p(exp(0.0 - absolute(x)))) * one)
    return value


def cross_entropy(z, a, wanted, real, deltas, count):
    """L = -sum y z, to which the kernel's softmax adds log(sum exp z); dL/dz = a - y."""
    value = 0.0
    for k in range(0, count, WIDTH):
        y, one = load(wanted, k), load(real, k)
        store(deltas, k, (load(a, k) - y) * one)
        value -= total(load(z, k) * y * one)
    return value


LOSSES = {
    "absolute_error": absolute_error,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "huber": huber,
    "squared_error": squared_error,
}
