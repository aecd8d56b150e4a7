"""Optimizers: one step of the parameters down the gradient.

`update(parameters, gradient, slots, learning_rate, step, settings)` changes parameters and slots
in place and may use up the gradient; `slots` [n, parameters] is the optimizer's memory, zero
before the first step; `step` counts from 1. Definitions and defaults are PyTorch's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from runner.network.topology import Array

Update = Callable[[Array, Array, Array, float, int, tuple[float, ...]], object]


@dataclass(frozen=True)
class Optimizer:
    """An update rule, how many vectors it remembers, and its own settings in their order."""

    update: Update
    slots: int = 0
    settings: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Each by name, with the range [least, most) that it may lie in."""
    full_batch_only: bool = False


def sgd(
    parameters: Array, gradient: Array, _slots: Array, learning_rate: float, *_: object
) -> None:
    """Gradient descent: w <- w - lr g."""
    np.multiply(gradient, learning_rate, gradient)
    np.subtract(parameters, gradient, parameters)


def momentum(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    _step: int,
    settings: tuple[float, ...],
) -> None:
    """Heavy-ball descent: v <- beta v + g, w <- w - lr v. Source: Polyak 1964."""
    (beta,) = settings
    slots[0] *= beta
    slots[0] += gradient
    parameters -= learning_rate * slots[0]


def nesterov(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    _step: int,
    settings: tuple[float, ...],
) -> None:
    """Nesterov's momentum: v <- beta v + g, w <- w - lr (g + beta v). Source: Sutskever 2013."""
    (beta,) = settings
    slots[0] *= beta
    slots[0] += gradient
    parameters -= learning_rate * (gradient + beta * slots[0])


def adagrad(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    _step: int,
    settings: tuple[float, ...],
) -> None:
    """s <- s + g^2, w <- w - lr g / (sqrt(s) + eps). Source: Duchi et al. 2011."""
    (epsilon,) = settings
    slots[0] += gradient * gradient
    parameters -= learning_rate * gradient / (np.sqrt(slots[0]) + epsilon)


def rmsprop(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    _step: int,
    settings: tuple[float, ...],
) -> None:
    """s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps). Source: Hinton 2012."""
    alpha, epsilon = settings
    slots[0] *= alpha
    slots[0] += (1 - alpha) * gradient * gradient
    parameters -= learning_rate * gradient / (np.sqrt(slots[0]) + epsilon)


def adam(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    step: int,
    settings: tuple[float, ...],
) -> None:
    """m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, both divided by 1 - b^t, then
    w <- w - lr m / (sqrt(v) + eps). Source: Kingma and Ba 2015.
    """
    beta1, beta2, epsilon = settings[:3]
    m, v = slots
    m *= beta1
    m += (1 - beta1) * gradient
    v *= beta2
    v += (1 - beta2) * gradient * gradient
    rate = learning_rate / (1 - beta1**step)
    correction = float(np.sqrt(1 - beta2**step))
    parameters -= rate * m / (np.sqrt(v) / correction + epsilon)


def adamw(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    step: int,
    settings: tuple[float, ...],
) -> None:
    """w <- w - lr decay w, then Adam. Source: Loshchilov and Hutter 2019."""
    parameters *= 1 - learning_rate * settings[3]
    adam(parameters, gradient, slots, learning_rate, step, settings)


def rprop(
    parameters: Array,
    gradient: Array,
    slots: Array,
    learning_rate: float,
    step: int,
    settings: tuple[float, ...],
) -> None:
    """Each parameter's own step size s, which starts at lr: s <- s up where g keeps its sign,
    s down, and g <- 0, where it changes; w <- w - sign(g) s. Source: Riedmiller and Braun 1993.
    """
    down, up, least, most = settings
    before, size = slots
    if step == 1:
        size[:] = learning_rate
    agreement = np.sign(gradient * before)
    size *= np.where(agreement > 0, up, np.where(agreement < 0, down, 1.0))
    np.clip(size, least, most, size)
    gradient[agreement < 0] = 0
    parameters -= np.sign(gradient) * size
    before[:] = gradient


BELOW_ONE = (0.0, 1.0)
POSITIVE = (0.0, np.inf)
ADAM = {"beta1": BELOW_ONE, "beta2": BELOW_ONE, "epsilon": POSITIVE}

OPTIMIZERS = {
    "adagrad": Optimizer(adagrad, 1, {"epsilon": POSITIVE}),
    "adam": Optimizer(adam, 2, ADAM),
    "adamw": Optimizer(adamw, 2, {**ADAM, "weight_decay": POSITIVE}),
    "momentum": Optimizer(momentum, 1, {"momentum": BELOW_ONE}),
    "nesterov": Optimizer(nesterov, 1, {"momentum": BELOW_ONE}),
    "rmsprop": Optimizer(rmsprop, 1, {"alpha": BELOW_ONE, "epsilon": POSITIVE}),
    "rprop": Optimizer(
        rprop,
        2,
        {
            "decrease": BELOW_ONE,
            "increase": (1.0, np.inf),
            "least_step": POSITIVE,
            "most_step": POSITIVE,
        },
        full_batch_only=True,
    ),
    "sgd": Optimizer(sgd),
}
