"""Optimizers: from a gradient to the change of the parameters.

`update(gradient, slots, learning_rate)` turns the gradient into the change, in place, so that
a step allocates nothing; `slots` [n, parameters] is the optimizer's memory.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from runner.network.topology import Array


class Optimizer(NamedTuple):
    slots: int
    """How many vectors it remembers."""
    update: Callable[[Array, Array, float], object]


def sgd(gradient: Array, _slots: Array, learning_rate: float) -> None:
    """Gradient descent: delta = -lr * g. In place of the gradient."""
    np.multiply(gradient, -learning_rate, gradient)


OPTIMIZERS = {"sgd": Optimizer(0, sgd)}
