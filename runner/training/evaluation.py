"""Metrics on held-out data, a bounded number of rows at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.scaling import Scaling
from runner.network.sequence_ends import those_that_count
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
    there: Array | None = None
    """[samples, steps] Which outputs count, of sequences of different lengths; None for all."""


class Look(NamedTuple):
    """At some samples: an output a row, of a sample or of each of its steps."""

    targets: Array
    """[rows, n_out]"""
    outputs: Array
    """[rows, n_out]"""
    sums: Array
    """As in `TrainingState.sums`."""


def looks(engine: Engine, parameters: Array, held_out: HeldOut) -> Iterator[Look]:
    """At all samples, some at a time; by the engine."""
    inputs, dtype = held_out.inputs, parameters.dtype
    each = -1, engine.problem.network.topology.outputs
    for rows, block in scaled_blocks(inputs, held_out.scaling, dtype, engine.looks_at):
        targets = held_out.targets[rows]
        there = None if held_out.there is None else held_out.there[rows]
        outputs, sums = engine.look(parameters, block, targets, there)
        wanted, given = (those_that_count(of.reshape(each), there) for of in (targets, outputs))
        yield Look(wanted, given, sums)


def outputs_of(engine: Engine, parameters: Array, held_out: HeldOut) -> Array:
    """Outputs [samples, numbers of a sample], without dropout."""
    whole = held_out._replace(there=None)
    outputs = np.concatenate([look.outputs for look in looks(engine, parameters, whole)])
    return outputs.reshape(len(held_out.inputs), -1)


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def evaluate(engine: Engine, parameters: Array, held_out: HeldOut) -> dict[str, float]:
    """The task's metrics of the network on some samples, named with their prefix."""
    reduction = engine.problem.reduction
    rows = held_out.targets.reshape(-1, reduction.outputs)
    targets = those_that_count(rows, held_out.there)
    sums, scored = np.zeros(4), dict.fromkeys(reduction.task.scored, 0.0)
    for look in looks(engine, parameters, held_out):
        sums += look.sums
        for name in scored:
            scored[name] += SCORES[name].total(look.outputs, look.targets)
    values = metric_values(sums, reduction)
    for name, total in scored.items():
        values[name] = SCORES[name].value(total, targets, reduction)
    return {held_out.prefix + name: value for name, value in values.items()}
