"""Losses, each beside its gradient. Sums over outputs and samples; reduction is the engine's."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from runner.network.topology import Array


class Loss(NamedTuple):
    value: Callable[[Array, Array], float]  # (outputs, targets), both [batch, n_out] -> sum
    gradient: Callable[[Array, Array, Array], object]  # (outputs, targets, out) -> dL/da in out


def squared_error(outputs: Array, targets: Array) -> float:
    """L = 1/2 sum (a - y)^2."""
    error = (outputs - targets).ravel()
    return 0.5 * float(error @ error)


def squared_error_gradient(outputs: Array, targets: Array, out: Array) -> None:
    """dL/da = a - y."""
    np.subtract(outputs, targets, out)


LOSSES = {"squared_error": Loss(squared_error, squared_error_gradient)}
