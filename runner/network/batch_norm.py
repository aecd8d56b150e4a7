"""Batch normalisation: each unit's pre-activation brought to mean 0 and variance 1 over a batch.

u = gamma (z - mean) / sqrt(variance + eps) + b, before the activation. A step takes mean and
variance from its batch and moves the running ones towards them, which prediction takes. A batch of
one sample has no variance: it takes the running ones and leaves them alone, where PyTorch refuses.
Source: Ioffe and Szegedy 2015; momentum and epsilon are PyTorch's.
"""

from dataclasses import dataclass

import numpy as np

from runner.network.topology import Array, Layer

EPSILON = 1e-5
MOMENTUM = 0.1
"""The share of a batch's statistics in the running ones."""


def normalize_for_prediction(z: Array, layer: Layer, parameters: Array) -> None:
    """z [batch, n_out] <- u with the running mean and variance; in place."""
    z -= parameters[layer.mean]
    z *= parameters[layer.gamma] / np.sqrt(parameters[layer.variance] + EPSILON)
    z += parameters[layer.bias]


def folded(layer: Layer, parameters: Array) -> tuple[Array, Array]:
    """Weights [n_in, n_out] and biases [n_out] that predict alike, without a normalisation.

    W' = W gamma / sqrt(variance + eps), b' = b - mean gamma / sqrt(variance + eps).
    """
    weights, biases = layer.weight_matrix(parameters), parameters[layer.bias]
    if layer.gamma.start == layer.gamma.stop:
        return weights, biases
    factor = parameters[layer.gamma] / np.sqrt(parameters[layer.variance] + EPSILON)
    return weights * factor, biases - parameters[layer.mean] * factor


@dataclass(slots=True)
class BatchNorm:
    """One layer's views into parameters and gradient, and what backward needs of forward."""

    gamma: Array  # [n_out]
    bias: Array  # [n_out]
    mean: Array  # [n_out], running
    variance: Array  # [n_out], running
    gamma_gradient: Array  # [n_out]
    bias_gradient: Array  # [n_out]
    normal: Array  # [batch, n_out], (z - mean) / sqrt(variance + eps)
    inverse: Array  # [n_out], 1 / sqrt(variance + eps)

    def forward(self, z: Array) -> None:
        """z <- u; in place. The running variance follows n/(n-1) times the batch's."""
        batch = len(z)
        mean, variance = self.mean, self.variance
        if batch > 1:
            mean = np.add.reduce(z, 0) / batch
        np.subtract(z, mean, self.normal)
        if batch > 1:
            variance = np.add.reduce(self.normal * self.normal, 0) / batch
            self.mean *= 1 - MOMENTUM
            self.mean += MOMENTUM * mean
            self.variance *= 1 - MOMENTUM
            self.variance += MOMENTUM * batch / (batch - 1) * variance
        self.inverse[:] = 1 / np.sqrt(variance + EPSILON)
        self.normal *= self.inverse
        np.multiply(self.normal, self.gamma, z)
        z += self.bias

    def backward(self, delta: Array) -> None:
        """dL/du -> dL/dz = gamma / sqrt(variance + eps) (d - mean d - n mean(d n)), in place.

        n: the normalised z. dL/dgamma = sum d n, dL/db = sum d over the batch.
        """
        batch = len(delta)
        np.add.reduce(delta, 0, out=self.bias_gradient)
        np.add.reduce(delta * self.normal, 0, out=self.gamma_gradient)
        if batch > 1:
            delta -= self.bias_gradient / batch
            delta -= self.normal * (self.gamma_gradient / batch)
        delta *= self.gamma * self.inverse


def batch_norm(layer: Layer, parameters: Array, gradient: Array, batch: int) -> BatchNorm | None:
    """The layer's normalisation in batches of so many samples, None where it has none."""
    if layer.gamma.start == layer.gamma.stop:
        return None
    return BatchNorm(
        gamma=parameters[layer.gamma],
        bias=parameters[layer.bias],
        mean=parameters[layer.mean],
        variance=parameters[layer.variance],
        gamma_gradient=gradient[layer.gamma],
        bias_gradient=gradient[layer.bias],
        normal=np.empty((batch, layer.outputs), parameters.dtype),
        inverse=np.empty(layer.outputs, parameters.dtype),
    )
