"""Learning-rate schedules: the factor on the learning rate at each step.

A schedule takes `epochs`, how far training is at each step counted in epochs and fractions of
them, the run's whole length in epochs, and its own settings. Definitions are PyTorch's, with
cosine, warm-up and one-cycle moving at every step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from runner.checking.tables import Table
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import cosines, power, whole_powers


@dataclass(frozen=True)
class RateSchedule:
    """A factor over time, and its settings in their order, each with the range it may lie in."""

    factor: Callable[[Array, float, tuple[float, ...]], Array]
    settings: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    needs_length: bool = False
    """Whether it depends on how long the run will be."""


def constant(epochs: Array, _length: float, _settings: tuple[float, ...]) -> Array:
    """1."""
    return np.ones(len(epochs))


def step(epochs: Array, _length: float, settings: tuple[float, ...]) -> Array:
    """gamma^k after k times `every` epochs."""
    every, gamma = settings
    return whole_powers(gamma, np.floor(epochs / every))


def exponential(epochs: Array, _length: float, settings: tuple[float, ...]) -> Array:
    """gamma^epoch, once an epoch."""
    (gamma,) = settings
    return whole_powers(gamma, np.floor(epochs))


def cosine(epochs: Array, length: float, settings: tuple[float, ...]) -> Array:
    """From 1 down to `least` along half a cosine. Source: Loshchilov and Hutter 2017."""
    (least,) = settings
    done = np.minimum(epochs / length, 1)
    return least + (1 - least) * 0.5 * (1 + cosines(np.pi * done))


def warmup(epochs: Array, _length: float, settings: tuple[float, ...]) -> Array:
    """Linear from 0 to 1 over the first `rise` epochs; never quite 0."""
    (rise,) = settings
    return np.minimum((epochs + 1e-12) / rise, 1) if rise > 0 else np.ones(len(epochs))


def one_cycle(epochs: Array, length: float, settings: tuple[float, ...]) -> Array:
    """Up from 1/start to 1 in the first `rise` of the run, then down to 1/end, along cosines.

    Both relative to the peak, where PyTorch's final_div_factor is relative to the start. The end
    comes with the run's, PyTorch's with the last step, and its peak a step before `rise` is over.
    Source: Smith 2018.
    """
    rise, start, end = settings
    done = np.minimum(epochs / length, 1)
    up = _between(1 / start, 1.0, done / rise)
    down = _between(1.0, 1 / end, (done - rise) / (1 - rise))
    return np.where(done < rise, up, down)


def _between(first: float, last: float, share: Array) -> Array:
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * 0.5 * (1 + cosines(np.pi * np.clip(share, 0, 1)))


def geometric(epochs: Array, length: float, settings: tuple[float, ...]) -> Array:
    """From `least` to `most`, by the same factor every step. Source: Smith 2017."""
    least, most = settings
    shares = np.minimum(epochs / length, 1).tolist()
    return least * np.array([power(most / least, share) for share in shares])


ABOVE_ZERO = (1e-12, np.inf)
FRACTION = (0.0, 1.0)
RANGE = "range"
"""The schedule that makes a run a range test."""

OURS = {
    "constant": RateSchedule(constant),
    "cosine": RateSchedule(cosine, {"least": FRACTION}, needs_length=True),
    "exponential": RateSchedule(exponential, {"gamma": (1e-12, 1.0000001)}),
    "one_cycle": RateSchedule(
        one_cycle,
        {"rise": (1e-6, 1.0), "start": (1.0, np.inf), "end": (1.0, np.inf)},
        needs_length=True,
    ),
    "plateau": RateSchedule(
        constant, {"factor": FRACTION, "patience": (0.0, np.inf)}
    ),  # see `watching`
    RANGE: RateSchedule(geometric, {"least": ABOVE_ZERO, "most": ABOVE_ZERO}, needs_length=True),
    "step": RateSchedule(step, {"every": ABOVE_ZERO, "gamma": ABOVE_ZERO}),
    "warmup": RateSchedule(warmup, {"rise": (0.0, np.inf)}),
}
SCHEDULES = Table("schedule", OURS)


def tells_rate(schedule: str) -> bool:
    """Whether its runs have the learning rate as a column: where it may change."""
    return schedule != "constant"
