"""What outputs decide: the one rule that accuracy, tables, predictions and pictures go by."""

import numpy as np

from runner.network.arrays import Array


def decided(outputs: Array) -> Array:
    """Whether each output says yes: it is above 0.5; one of exactly 0.5 does not."""
    verdicts: Array = outputs > 0.5
    return verdicts


def labels(outputs: Array) -> Array:
    """[samples] The class of each row [samples, n_out]: arg-max, or what one output decides."""
    found = decided(outputs[:, 0]) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    numbers: Array = found.astype(np.int64)
    return numbers


def confusion_counts(targets: Array, outputs: Array) -> Array:
    """[classes, classes] Samples by class and by the class that they are taken for."""
    size = max(2, targets.shape[1])
    pairs = labels(targets) * size + labels(outputs)
    return np.bincount(pairs, minlength=size * size).reshape(size, size)
