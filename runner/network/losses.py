"""Losses, each beside its gradient. Sums over outputs and rows; reduction is the engine's.

A row is a sample, or a step of a sequence that has a target at each.

A loss that comes with an output activation is one function of the pre-activations z with it: its
gradient is dL/dz, stable however large z is, and no other output activation goes with it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from runner.checking.tables import Table
from runner.network.arrays import Array


class Loss(NamedTuple):
    each: Callable[[Array, Array, Array], Array]  # (z, a, y), all [rows, n_out] -> each's loss,
    # of a row [rows] or of an output [rows, n_out]
    gradient: Callable[[Array, Array, Array], object]  # (a, y, out) -> dL/da, or dL/dz, in out
    output: str | None = None
    """The output activation that it comes with; then its gradient is dL/dz."""
    total: Callable[[Array, Array], float] | None = (
        None  # (a, y) -> their sum, where that is quicker
    )
    scalar: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    """Of one of a person's own on numbers, (a, y) -> loss and dL/da, which Numba compiles."""

    def value(self, z: Array, a: Array, y: Array, weights: Array | None = None) -> float:
        """Their sum, each times its row's weight [rows, 1] where there are weights."""
        if weights is None and self.total is not None:
            return self.total(a, y)
        each = self.each(z, a, y)
        if weights is not None:
            each = each * (weights if each.ndim > 1 else weights[:, 0])
        return float(np.add.reduce(each, axis=None))


def difference(a: Array, y: Array, out: Array) -> None:
    """The gradient a - y: dL/da of the squared error, dL/dz of the cross-entropies."""
    np.subtract(a, y, out)


def squared_error(_z: Array, a: Array, y: Array) -> Array:
    """L = 1/2 sum (a - y)^2."""
    error: Array = a - y
    error *= error
    error *= 0.5
    return error


def squared_error_total(a: Array, y: Array) -> float:
    """Of all at once, by a dot product."""
    error = (a - y).ravel()
    return 0.5 * float(error @ error)


def absolute_error(_z: Array, a: Array, y: Array) -> Array:
    """L = sum |a - y|."""
    loss: Array = np.abs(a - y)
    return loss


def absolute_error_gradient(a: Array, y: Array, out: Array) -> None:
    """dL/da = sign(a - y), 0 where they are equal."""
    np.subtract(a, y, out)
    np.sign(out, out)


def huber(_z: Array, a: Array, y: Array) -> Array:
    """L = sum of e^2/2 where |e| < 1, else |e| - 1/2; e = a - y. Source: Huber 1964, delta 1."""
    size = np.abs(a - y)
    loss: Array = np.where(size < 1, 0.5 * size * size, size - 0.5)
    return loss


def huber_gradient(a: Array, y: Array, out: Array) -> None:
    """dL/da = e, clipped to [-1, 1]."""
    np.subtract(a, y, out)
    np.clip(out, -1, 1, out)


def binary_cross_entropy(z: Array, _a: Array, y: Array) -> Array:
    """L = -sum y log a + (1 - y) log(1 - a) = sum max(z, 0) - z y + log(1 + exp(-|z|)).

    a = sigmoid(z), for each output by itself.
    """
    loss: Array = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return loss


def cross_entropy(z: Array, _a: Array, y: Array) -> Array:
    """L = -sum y log a = sum over rows of log(sum_k exp z_k) - sum_k y_k z_k.

    a = softmax(z); the targets of a row sum to 1.
    """
    highest = z.max(axis=1, keepdims=True)
    z = z - highest  # neither changes a loss nor leaves it a small difference of large sums
    log_sum = np.log(np.exp(z).sum(axis=1))
    loss: Array = log_sum - (y * z).sum(axis=1)
    return loss


OURS = {
    "absolute_error": Loss(absolute_error, absolute_error_gradient),
    "binary_cross_entropy": Loss(binary_cross_entropy, difference, "sigmoid"),
    "cross_entropy": Loss(cross_entropy, difference, "softmax"),
    "huber": Loss(huber, huber_gradient),
    "squared_error": Loss(squared_error, difference, total=squared_error_total),
}
LOSSES = Table("loss", OURS)
