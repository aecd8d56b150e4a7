"""Batch normalisation: each unit's pre-activation brought to mean 0 and variance 1 over a batch.

u = gamma (z - mean) / sqrt(variance + eps) + beta, before the activation. A step takes mean and
variance from its batch and moves the running ones towards them, which prediction takes. Of maps a
channel is a unit, over all places; of sequences a feature is, over all steps. A single value has no
variance: it takes the running ones and leaves them alone, where PyTorch refuses.
Source: Ioffe and Szegedy 2015; momentum and epsilon are PyTorch's.
"""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import LayerPart, Shape, Views, all_but_units, by_unit

EPSILON = 1e-5
MOMENTUM = 0.1
"""The share of a batch's statistics in the running ones."""


class Normal(NamedTuple):
    """What backward needs of forward."""

    z: Array  # as `BatchNorm.seen`, (z - mean) / sqrt(variance + eps)
    inverse: Array  # as `BatchNorm.spread`, 1 / sqrt(variance + eps)


@dataclass(frozen=True)
class BatchNorm:
    """u = gamma (z - mean) / sqrt(variance + eps) + beta."""

    shape: Shape
    """Of what comes in."""

    @property
    def units(self) -> int:
        """How many means and variances there are."""
        return self.shape[0] if len(self.shape) == 3 else self.shape[-1]

    @property
    def positions(self) -> int:
        """How many values a sample has of each unit."""
        return prod(self.shape) // self.units

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Shift and factor [units]; running mean and variance [units], which are not trained."""
        return (
            LayerPart("beta", (self.units,)),
            LayerPart("gamma", (self.units,), start=1),
            LayerPart("mean", (self.units,), start=0, trained=False),
            LayerPart("variance", (self.units,), start=1, trained=False),
        )

    def seen(self, z: Array) -> Array:
        """As `by_unit`."""
        return by_unit(z, self.shape)

    def spread(self, part: Array) -> Array:
        """A number a unit [units], as it goes with `seen`: a view."""
        return part[:, None] if len(self.shape) == 3 else part

    def _summed(self, values: Array) -> Array:
        """The sums [units] over all but the units."""
        summed: Array = np.add.reduce(values, all_but_units(self.shape))
        return summed

    def new_normal(self, batch: int, dtype: np.dtype[np.generic]) -> Normal:
        """Room for what backward needs, in batches of so many samples."""
        z = self.seen(np.empty((batch, prod(self.shape)), dtype))
        return Normal(z, self.spread(np.empty(self.units, dtype)))

    def predict(self, own: Views, z: Array) -> None:
        """z <- u with the running mean and variance; in place."""
        z = self.seen(z)
        z -= self.spread(own["mean"])
        z *= self.spread(self.factor(own))
        z += self.spread(own["beta"])

    def factor(self, own: Views) -> Array:
        """gamma / sqrt(variance + eps) [units], of the running variance."""
        factor: Array = own["gamma"] / np.sqrt(own["variance"] + EPSILON)
        return factor

    def forward(self, own: Views, z: Array, normal: Normal) -> None:
        """z <- u; in place, as are the running statistics.

        The running variance follows n/(n-1) times the batch's.
        """
        z = self.seen(z)
        count = z.size // self.units
        running_mean, running_variance = mean, variance = own["mean"], own["variance"]
        if count > 1:
            mean = self._summed(z) / count
        np.subtract(z, self.spread(mean), normal.z)
        if count > 1:
            variance = self._summed(normal.z * normal.z) / count
            running_mean *= 1 - MOMENTUM
            running_mean += MOMENTUM * mean
            running_variance *= 1 - MOMENTUM
            running_variance += MOMENTUM * count / (count - 1) * variance
        normal.inverse[...] = self.spread(1 / np.sqrt(variance + EPSILON))
        np.multiply(normal.z, normal.inverse, normal.z)
        np.multiply(normal.z, self.spread(own["gamma"]), z)
        z += self.spread(own["beta"])

    def backward(self, own: Views, gradient: Views, delta: Array, normal: Normal) -> None:
        """dL/du -> dL/dz = gamma / sqrt(variance + eps) (d - mean d - n mean(d n)), in place.

        n: the normalised z. dL/dgamma = sum d n, dL/dbeta = sum d over the batch, into `gradient`.
        """
        delta = self.seen(delta)
        count = delta.size // self.units
        gradient["beta"][...] = self._summed(delta)
        gradient["gamma"][...] = self._summed(delta * normal.z)
        if count > 1:
            delta -= self.spread(gradient["beta"] / count)
            delta -= normal.z * self.spread(gradient["gamma"] / count)
        delta *= self.spread(own["gamma"]) * normal.inverse
