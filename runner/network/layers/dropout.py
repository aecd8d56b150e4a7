"""Dropout: units left out at random in each training step, the others strengthened for it.

Source: Srivastava et al. 2014; the inverted kind, which leaves prediction as it is.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import choice, number, one_or_many
from runner.network.arrays import Array


class Mask(NamedTuple):
    """Which of a layer's units are dropped in a step."""

    uniforms: Array  # [batch, n_out], float64 whatever the dtype
    factors: Array  # [batch, n_out], 0 or 1/(1-rate)
    keep: Array  # [], 1-rate; as an array, which NumPy need not convert in every step
    scale: Array  # [], 1/(1-rate)


@dataclass(frozen=True)
class Dropout:
    """Hidden units left out at random in each training step.

    rate: the chance that a unit is dropped, in [0, 1): one for all hidden layers that have
    weights, or one for each hidden layer.
    stage: `forward` is standard inverted dropout; with `backward` the outputs come from
    the undropped activations and only back-propagation sees the dropped ones.
    """

    rate: Annotated[tuple[float, ...], one_or_many(number(at_least=0, below=1))] = said((0.0,))
    stage: Annotated[str, choice(("forward", "backward"))] = said("forward")

    @property
    def drops(self) -> bool:
        """Whether any unit may be."""
        return max(self.rate) > 0

    def new_mask(self, shape: tuple[int, ...], dtype: np.dtype[np.generic], rate: float) -> Mask:
        """Room for the mask of activations [batch, n_out] that are dropped at that rate."""
        keep = np.array(1 - rate)
        scale = (1 / keep).astype(dtype)
        return Mask(np.empty(shape), np.empty(shape, dtype), keep, scale)

    def draw(self, generator: np.random.Generator, mask: Mask) -> None:
        """m = 1/(1-rate) where a uniform draw is at most 1-rate, else 0; into `mask`."""
        generator.random(out=mask.uniforms)  # sample by sample, unit by unit
        np.less_equal(mask.uniforms, mask.keep, mask.factors)
        np.multiply(mask.factors, mask.scale, mask.factors)

    def forward(self, a: Array, mask: Mask) -> None:
        """a <- a m, in place."""
        np.multiply(a, mask.factors, a)

    def backward(self, slope: Array, mask: Mask) -> None:
        """da/dz <- da/dz m, in place."""
        np.multiply(slope, mask.factors, slope)


NO_DROPOUT = Dropout()
