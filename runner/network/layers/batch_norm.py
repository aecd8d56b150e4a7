"""Batch normalisation: each unit's pre-activation brought to mean 0 and variance 1 over a batch.

u = gamma (z - mean) / sqrt(variance + eps) + b, before the activation. A step takes mean and
variance from its batch and moves the running ones towards them, which prediction takes. A batch of
one sample has no variance: it takes the running ones and leaves them alone, where PyTorch refuses.
Source: Ioffe and Szegedy 2015; momentum and epsilon are PyTorch's.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import LayerPart, Views

EPSILON = 1e-5
MOMENTUM = 0.1
"""The share of a batch's statistics in the running ones."""


class Normal(NamedTuple):
    """What backward needs of forward."""

    z: Array  # [batch, n_out], (z - mean) / sqrt(variance + eps)
    inverse: Array  # [n_out], 1 / sqrt(variance + eps)


@dataclass(frozen=True)
class BatchNorm:
    """u = gamma (z - mean) / sqrt(variance + eps) + b."""

    units: int

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Shift and factor [n_out]; running mean and variance [n_out], which are not trained."""
        return (
            LayerPart("bias", (self.units,)),
            LayerPart("gamma", (self.units,), start=1),
            LayerPart("mean", (self.units,), start=0),
            LayerPart("variance", (self.units,), start=1),
        )

    def new_normal(self, batch: int, dtype: np.dtype[np.generic]) -> Normal:
        """Room for what backward needs, in batches of so many samples."""
        return Normal(np.empty((batch, self.units), dtype), np.empty(self.units, dtype))

    def predict(self, own: Views, z: Array) -> None:
        """z [batch, n_out] <- u with the running mean and variance; in place."""
        z -= own["mean"]
        z *= self.factor(own)
        z += own["bias"]

    def factor(self, own: Views) -> Array:
        """gamma / sqrt(variance + eps) [n_out], of the running variance."""
        factor: Array = own["gamma"] / np.sqrt(own["variance"] + EPSILON)
        return factor

    def forward(self, own: Views, z: Array, normal: Normal) -> None:
        """z <- u; in place, as are the running statistics.

        The running variance follows n/(n-1) times the batch's.
        """
        batch = len(z)
        running_mean, running_variance = mean, variance = own["mean"], own["variance"]
        if batch > 1:
            mean = np.add.reduce(z, 0) / batch
        np.subtract(z, mean, normal.z)
        if batch > 1:
            variance = np.add.reduce(normal.z * normal.z, 0) / batch
            running_mean *= 1 - MOMENTUM
            running_mean += MOMENTUM * mean
            running_variance *= 1 - MOMENTUM
            running_variance += MOMENTUM * batch / (batch - 1) * variance
        normal.inverse[:] = 1 / np.sqrt(variance + EPSILON)
        np.multiply(normal.z, normal.inverse, normal.z)
        np.multiply(normal.z, own["gamma"], z)
        z += own["bias"]

    def backward(self, own: Views, gradient: Views, delta: Array, normal: Normal) -> None:
        """dL/du -> dL/dz = gamma / sqrt(variance + eps) (d - mean d - n mean(d n)), in place.

        n: the normalised z. dL/dgamma = sum d n, dL/db = sum d over the batch, into `gradient`.
        """
        batch = len(delta)
        np.add.reduce(delta, 0, out=gradient["bias"])
        np.add.reduce(delta * normal.z, 0, out=gradient["gamma"])
        if batch > 1:
            delta -= gradient["bias"] / batch
            delta -= normal.z * (gradient["gamma"] / batch)
        delta *= own["gamma"] * normal.inverse
