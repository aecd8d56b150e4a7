"""Penalties on weights, clipped gradients and bounded weights, for the reference engine."""

import numpy as np

from runner.network.arrays import Array
from runner.network.topology import Topology
from runner.training.engine import Penalty


class Restraint:
    """Changes a step's gradient before the optimizer sees it, and its weights afterwards."""

    def __init__(self, penalty: Penalty, topology: Topology) -> None:
        self._penalty = penalty
        self._layers = topology.layers
        self._is_weight = weight_mask(topology)

    def before(self, parameters: Array, gradient: Array) -> None:
        """g <- g + l2 w + l1 sign(w), then clipped by value, then by norm; in place."""
        penalty = self._penalty
        if penalty.l2:
            gradient += penalty.l2 * (parameters * self._is_weight)
        if penalty.l1:
            gradient += penalty.l1 * np.sign(parameters * self._is_weight)
        if penalty.clip_value is not None:
            np.clip(gradient, -penalty.clip_value, penalty.clip_value, gradient)
        if penalty.clip_norm is not None:
            norm = float(np.sqrt(gradient @ gradient))
            if norm > penalty.clip_norm:
                gradient *= penalty.clip_norm / norm

    def after(self, parameters: Array) -> None:
        """Shortens the incoming weights of units where they are too long; in place."""
        if self._penalty.max_norm is None:
            return
        for layer in self._layers:
            weights = layer.weight_matrix(parameters)
            norms = np.sqrt((weights * weights).sum(0))
            weights *= np.minimum(1, self._penalty.max_norm / np.maximum(norms, 1e-30))


def restraint(penalty: Penalty, topology: Topology) -> Restraint | None:
    """None where nothing is restrained."""
    return None if penalty == Penalty() else Restraint(penalty, topology)


def weight_mask(topology: Topology) -> Array:
    """1 for weights, 0 for biases and what batch normalisation adds [parameters]."""
    mask = np.zeros(topology.size)
    for layer in topology.layers:
        views = layer.views(mask)
        for part in layer.parts:
            views[part.name][...] = part.decays
    return mask
