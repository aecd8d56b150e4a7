"""The small net's training as a script of 2018 writes it, for comparison.

Layer objects call one another: forward recursively up, back-propagation recursively down; a dropout
mask a step from NumPy's legacy generator; a look at the clock for the line a second that it writes.
Same steps, same draws as the runner's default.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from runner.network.arrays import Array

Mask = Callable[[tuple[int, ...], float], Array]


def tutorial_mask(shape: tuple[int, ...], rate: float) -> Array:
    """0 or 1, as scripts of those years draw it (Trask 2015, Hinton's dropout in 3 lines)."""
    ones: Any = [np.ones(shape)]
    mask: Array = np.random.binomial(ones, 1 - rate)[0]  # noqa: NPY002
    return mask


def lean_mask(shape: tuple[int, ...], rate: float) -> Array:
    """The same draws in the cheapest call there is."""
    return np.random.binomial(1, 1 - rate, size=shape)  # noqa: NPY002


class Sample:
    """One training case."""

    def __init__(self, inputs: list[float], target: float) -> None:
        self.inputs = inputs
        self.target = target


class Layer:
    """Units with their weights to the next layer, which it knows."""

    def __init__(self, units: int, following: "Layer | None") -> None:
        self.units = units
        self.following = following
        self.outputs = np.zeros(0)
        self.weights = np.zeros((0, 0))

    def draw_weights(self) -> None:
        """Uniform in [-1, 1), from this layer up."""
        if self.following is not None:
            self.weights = 2 * np.random.random((self.units, self.following.units)) - 1  # noqa: NPY002
            self.following.draw_weights()

    def feed_forward(self, outputs: Array) -> Array:
        """The network's outputs [samples, n_out]."""
        self.outputs = outputs
        if self.following is None:
            return outputs
        return self.following.feed_forward(sigmoid(np.dot(outputs, self.weights)))

    def drop_out(self, rate: float, mask: Mask) -> None:
        """Drops units of the hidden layers, from this one up."""
        if self.following is not None:
            self.outputs = self.outputs * mask(self.outputs.shape, rate) * (1.0 / (1 - rate))
            self.following.drop_out(rate, mask)

    def back_propagate(self, targets: Array, learning_rate: float) -> Array:
        """Adjusts the weights from the top down; this layer's deltas [samples, units]."""
        slope = self.outputs * (1 - self.outputs)
        if self.following is None:
            return (targets - self.outputs) * slope
        above = self.following.back_propagate(targets, learning_rate)
        error = above.dot(self.weights.T)
        self.weights = self.weights + learning_rate * self.outputs.T.dot(above)
        deltas: Array = error * slope
        return deltas


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


class Script:
    """The 3-4-1 net on its samples."""

    def __init__(self, inputs: Array, targets: Array, mask: Mask = tutorial_mask) -> None:
        self.mask = mask
        self.lines: list[str] = []
        self.samples = [
            Sample(list(row), float(y[0])) for row, y in zip(inputs, targets, strict=True)
        ]
        self.layers = [Layer(1, None)]
        for units in (4, 3):
            self.layers.insert(0, Layer(units, self.layers[0]))
        np.random.seed(1)  # noqa: NPY002
        self.layers[0].draw_weights()

    def train(self, steps: int, learning_rate: float, dropout: float, wanted: float) -> float:
        """Makes up to `steps` steps over all samples; the accuracy of the last."""
        inputs = np.array([sample.inputs for sample in self.samples])
        targets = np.array([[sample.target] for sample in self.samples])
        accuracy, reported = 0.0, time.time()
        for step in range(steps):
            outputs = self.layers[0].feed_forward(inputs)
            accuracy = 1 - np.mean(np.abs(targets - outputs))
            self.layers[1].drop_out(dropout, self.mask)
            self.layers[0].back_propagate(targets, learning_rate)
            if time.time() - reported >= 1:
                reported = time.time()
                self.lines.append(f"{step} steps, accuracy {accuracy}")
            if accuracy >= wanted:
                break
        return accuracy

    @property
    def weights(self) -> Array:
        """All of them, one after the other."""
        return np.concatenate([layer.weights.ravel() for layer in self.layers])
