"""Metrics on held-out data, and outputs for many samples, a bounded number of rows at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from runner.network.losses import LOSSES
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Array
from runner.training.engine import Problem
from runner.training.metrics import (
    ABSOLUTE_ERROR,
    CORRECT,
    LOSS,
    SAMPLES,
    absolute_error,
    correct,
    metric_values,
)

NUMBERS = 1 << 21
"""Activations of the widest layer that are computed together: 8 or 16 MB."""


class HeldOut(NamedTuple):
    """Samples that are not trained on."""

    prefix: str
    """What the names of its metrics begin with: `val_` or `test_`."""
    inputs: Array
    """[samples, n_in], as they came"""
    targets: Array
    """[samples, n_out]"""
    scaling: Scaling | None
    """From these inputs to those that the network sees."""


def output_blocks(
    network: Network, parameters: Array, inputs: Array, scaling: Scaling | None
) -> Iterator[tuple[slice, Array, Array]]:
    """The output layer's z and a for `inputs`, some rows at a time, and which rows they are."""
    step = max(256, NUMBERS // max(network.topology.sizes))
    scaling = None if scaling is None else scaling.astype(parameters.dtype.name)
    for start in range(0, len(inputs), step):
        rows = slice(start, min(start + step, len(inputs)))
        block = inputs[rows]
        if scaling is not None:
            raw, block = block, np.empty(block.shape, parameters.dtype)
            scaling.apply(raw, block)
        yield rows, *network.forward(parameters, block)


def predict(
    network: Network, parameters: Array, inputs: Array, scaling: Scaling | None = None
) -> Array:
    """Outputs [samples, n_out], without dropout."""
    outputs = np.empty((len(inputs), network.topology.sizes[-1]), parameters.dtype)
    for rows, _, block in output_blocks(network, parameters, inputs, scaling):
        outputs[rows] = block
    return outputs


def evaluate(problem: Problem, parameters: Array, held_out: HeldOut) -> dict[str, float]:
    """The metrics of the network on held-out samples, named with their prefix."""
    sums = np.zeros(4)
    loss = LOSSES[problem.loss].value
    blocks = output_blocks(problem.network, parameters, held_out.inputs, held_out.scaling)
    for rows, z, outputs in blocks:
        targets = held_out.targets[rows]
        sums[LOSS] += loss(z, outputs, targets)
        sums[ABSOLUTE_ERROR] += absolute_error(outputs, targets)
        sums[CORRECT] += correct(outputs, targets)
        sums[SAMPLES] += len(outputs)
    values = metric_values(sums, problem.reduction)
    return {held_out.prefix + name: value for name, value in values.items()}
