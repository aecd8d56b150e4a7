"""Metrics on held-out data, a bounded number of rows at a time."""

from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.network.scaling import Scaling
from runner.network.trained import output_blocks
from runner.training.engine import Problem
from runner.training.metrics import SCORES, Totals, metric_values


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


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def evaluate(problem: Problem, parameters: Array, held_out: HeldOut) -> dict[str, float]:
    """The task's metrics of the network on some samples, named with their prefix."""
    sums, scored = np.zeros(4), dict.fromkeys(problem.reduction.task.scored, 0.0)
    totals = Totals(LOSSES[problem.loss].value)
    blocks = output_blocks(problem.network, parameters, held_out.inputs, held_out.scaling)
    for rows, z, outputs in blocks:
        targets = held_out.targets[rows]
        totals.add(sums, z, outputs, targets)
        for name in scored:
            scored[name] += SCORES[name].total(outputs, targets)
    values = metric_values(sums, problem.reduction)
    for name, total in scored.items():
        values[name] = SCORES[name].value(total, held_out.targets, problem.reduction)
    return {held_out.prefix + name: value for name, value in values.items()}
