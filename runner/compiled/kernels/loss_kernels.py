"""Losses and their deltas, on eight numbers at a time, each times the weight of its row.

The same equations as in `runner.network.losses`; `there` is 0 for padding and where a row's weight
is 0, else 1. Each gives the numbers whose sum, times its factor, is the loss, and the deltas dL/da,
or dL/dz where it says so.
"""

from runner.compiled.kernels.exponentials import exp, log1p
from runner.compiled.kernels.lanes import (
    WIDTH,
    absolute,
    choose,
    load,
    one_where_above_zero,
    store,
    total,
)
from runner.compiled.kernels.numba_options import forced


def on_rows(function, factor=1.0):
    """`start` and the loss of flat rows of `count` numbers; their deltas in place."""
    at = forced(function)

    def loss(z, a, wanted, row_weights, deltas, count, start):
        value = start / factor  # exactly: it is a power of two
        for k in range(0, count, WIDTH):
            weight = load(row_weights, k)
            part, delta = at(load(z, k), load(a, k), load(wanted, k), one_where_above_zero(weight))
            store(deltas, k, delta * weight)
            value += total(part * weight)
        return factor * value

    return loss


def squared_error(_z, a, y, there):
    """L = 1/2 sum e^2, dL/da = e, e = a - y."""
    error = (a - y) * there
    return error * error, error


def absolute_error(_z, a, y, there):
    """L = sum |e|, dL/da = sign(e)."""
    error = (a - y) * there
    below = choose(error < 0.0, error * 0.0 - 1.0, error)
    return absolute(error), choose(error > 0.0, error * 0.0 + 1.0, below)


def huber(_z, a, y, there):
    """L = sum of e^2/2 where |e| < 1, else |e| - 1/2; dL/da = e within [-1, 1]."""
    error = (a - y) * there
    size = absolute(error)
    clipped = choose(error > 1.0, 1.0, choose(error < -1.0, -1.0, error))
    return choose(size < 1.0, error * error * 0.5, size - 0.5), clipped


def binary_cross_entropy(z, a, y, there):
    """L = sum max(z, 0) - z y + log1p(exp(-|z|)), dL/dz = a - y."""
    positive = choose(z < 0.0, 0.0, z)
    return (positive - z * y + log1p(exp(0.0 - absolute(z)))) * there, (a - y) * there


def cross_entropy(z, a, y, there):
    """L = -sum y z, to which the kernel's softmax adds log(sum exp z); dL/dz = a - y."""
    return z * y * there, (a - y) * there


LOSSES = {
    "absolute_error": on_rows(absolute_error),
    "binary_cross_entropy": on_rows(binary_cross_entropy),
    "cross_entropy": on_rows(cross_entropy, -1.0),
    "huber": on_rows(huber),
    "squared_error": on_rows(squared_error, 0.5),
}
