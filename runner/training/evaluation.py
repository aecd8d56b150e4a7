"""Metrics on held-out data, a bounded number of rows at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.scaling import Scaling
from runner.network.trained import scaled_blocks
from runner.training.engine import Engine
from runner.training.metrics import SCORES, metric_values


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


def looks(
    engine: Engine, parameters: Array, held_out: HeldOut
) -> Iterator[tuple[slice, Array, Array]]:
    """Which rows they are, their outputs and their sums, some rows at a time; by the engine."""
    widest = max(engine.problem.network.topology.sizes)
    inputs, dtype = held_out.inputs, parameters.dtype
    for rows, block in scaled_blocks(inputs, held_out.scaling, dtype, widest):
        yield rows, *engine.look(parameters, block, held_out.targets[rows])


def outputs_of(engine: Engine, parameters: Array, held_out: HeldOut) -> Array:
    """Outputs [samples, n_out], without dropout."""
    return np.concatenate([outputs for _, outputs, _ in looks(engine, parameters, held_out)])


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def evaluate(engine: Engine, parameters: Array, held_out: HeldOut) -> dict[str, float]:
    """The task's metrics of the network on some samples, named with their prefix."""
    reduction = engine.problem.reduction
    sums, scored = np.zeros(4), dict.fromkeys(reduction.task.scored, 0.0)
    for rows, outputs, added in looks(engine, parameters, held_out):
        sums += added
        for name in scored:
            scored[name] += SCORES[name].total(outputs, held_out.targets[rows])
    values = metric_values(sums, reduction)
    for name, total in scored.items():
        values[name] = SCORES[name].value(total, held_out.targets, reduction)
    return {held_out.prefix + name: value for name, value in values.items()}
