"""Optimizers: one step of the parameters down the gradient.

An update changes parameters and slots in place and may use up the gradient. Definitions and
defaults are PyTorch's; `tests/benchmarks/torch_agreement.py` compares them with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner.checking.tables import Table
from runner.network.arrays import Array


@dataclass(slots=True)
class Step:
    """What an update is given; the same record step after step."""

    parameters: Array
    """[parameters]"""
    gradient: Array
    """[parameters]"""
    slots: Array
    """[slots, parameters] The optimizer's memory, zero before the first step."""
    is_weight: Array
    """[parameters] 1 for weights, 0 for what does not decay."""
    settings: tuple[float, ...] = ()
    """In the order of the table entry."""
    learning_rate: float = 0.0
    number: int = 0
    """Counts from 1."""


@dataclass(frozen=True)
class Optimizer:
    """An update rule, how many vectors it remembers, and its own settings in their order."""

    update: Callable[[Step], object]
    slots: int = 0
    settings: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Each by name, with the range [least, most) that it may lie in."""
    full_batch_only: bool = False
    scalar: Callable[..., Any] | None = None
    """Of one of a person's own the update of a single parameter, which Numba compiles."""


def sgd(step: Step) -> None:
    """Gradient descent: w <- w - lr g."""
    np.multiply(step.gradient, step.learning_rate, step.gradient)
    np.subtract(step.parameters, step.gradient, step.parameters)


def momentum(step: Step) -> None:
    """Heavy-ball descent: v <- beta v + g, w <- w - lr v. Source: Polyak 1964."""
    (beta,), (v,) = step.settings, step.slots
    v *= beta
    v += step.gradient
    step.parameters -= step.learning_rate * v


def nesterov(step: Step) -> None:
    """Nesterov's momentum: v <- beta v + g, w <- w - lr (g + beta v). Source: Sutskever 2013."""
    (beta,), (v,) = step.settings, step.slots
    v *= beta
    v += step.gradient
    step.parameters -= step.learning_rate * (step.gradient + beta * v)


def adagrad(step: Step) -> None:
    """s <- s + g^2, w <- w - lr g / (sqrt(s) + eps). Source: Duchi et al. 2011."""
    (epsilon,), (s,) = step.settings, step.slots
    s += step.gradient * step.gradient
    step.parameters -= step.learning_rate * step.gradient / (np.sqrt(s) + epsilon)


def rmsprop(step: Step) -> None:
    """s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps). Source: Hinton 2012."""
    (alpha, epsilon), (s,) = step.settings, step.slots
    s *= alpha
    s += (1 - alpha) * step.gradient * step.gradient
    step.parameters -= step.learning_rate * step.gradient / (np.sqrt(s) + epsilon)


def adam(step: Step) -> None:
    """m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, both divided by 1 - b^t, then
    w <- w - lr m / (sqrt(v) + eps). Source: Kingma and Ba 2015.
    """
    (beta1, beta2, epsilon), (m, v) = step.settings[:3], step.slots
    m *= beta1
    m += (1 - beta1) * step.gradient
    v *= beta2
    v += (1 - beta2) * step.gradient * step.gradient
    rate = step.learning_rate / (1 - beta1**step.number)
    correction = float(np.sqrt(1 - beta2**step.number))
    step.parameters -= rate * m / (np.sqrt(v) / correction + epsilon)


def adamw(step: Step) -> None:
    """w <- w - lr decay w, then Adam. Source: Loshchilov and Hutter 2019.

    Weights decay and nothing else, where PyTorch lets all decay that it is not told to leave.
    """
    decay = step.settings[3]
    step.parameters *= 1 - step.learning_rate * decay * step.is_weight
    adam(step)


def rprop(step: Step) -> None:
    """Each parameter's own step size s, which starts at lr: s <- s up where g keeps its sign,
    s down, and g <- 0, where it changes; w <- w - sign(g) s. Source: Riedmiller and Braun 1993.
    """
    (down, up, least, most), (before, size) = step.settings, step.slots
    gradient = step.gradient
    if step.number == 1:
        size[:] = step.learning_rate
    agreement = np.sign(gradient * before)
    size *= np.where(agreement > 0, up, np.where(agreement < 0, down, 1.0))
    np.clip(size, least, most, size)
    gradient[agreement < 0] = 0
    step.parameters -= np.sign(gradient) * size
    before[:] = gradient


BELOW_ONE = (0.0, 1.0)
POSITIVE = (0.0, np.inf)
ADAM = {"beta1": BELOW_ONE, "beta2": BELOW_ONE, "epsilon": POSITIVE}

OURS = {
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
OPTIMIZERS = Table("optimizer", OURS)
