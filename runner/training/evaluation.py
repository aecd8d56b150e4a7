"""Metrics on held-out data, a bounded number of rows at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.scaling import Scaling
from runner.network.sequence_ends import those_that_count
from runner.network.trained import scaled_blocks
from runner.training.engine import Engine
from runner.training.many_loop import ManyEngine
from runner.training.metrics import SCORES, metric_arrays, metric_values


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

    def rows(self, outputs: int) -> Array:
        """The targets of all outputs that count [rows, outputs]."""
        return those_that_count(self.targets.reshape(-1, outputs), self.there)


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


MOST_OUTPUTS = 2**22
"""Of many nets: numbers that are looked at together."""


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def evaluate_many(engine: ManyEngine, parameters: Array, held_out: HeldOut) -> dict[str, Array]:
    """As `evaluate`, of the parameters of many nets [nets, parameters]: [nets] each."""
    at_once = min(len(held_out.inputs), engine.looks_at) * held_out.targets.shape[1]
    nets = max(1, MOST_OUTPUTS // max(1, at_once))
    parts = [
        _evaluated(engine, parameters[first : first + nets], held_out)
        for first in range(0, len(parameters), nets)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _evaluated(engine: ManyEngine, parameters: Array, held_out: HeldOut) -> dict[str, Array]:
    """Of nets that are looked at together."""
    reduction = engine.problem.reduction
    sums, each = np.zeros((len(parameters), 4)), (-1, reduction.outputs)
    scored = {name: np.zeros(len(parameters)) for name in reduction.task.scored}
    step = engine.looks_at
    for rows, block in scaled_blocks(held_out.inputs, held_out.scaling, parameters.dtype, step):
        there = None if held_out.there is None else held_out.there[rows]
        outputs, of_block = engine.look_many(parameters, block, held_out.targets[rows], there)
        sums += of_block
        targets = those_that_count(held_out.targets[rows].reshape(each), there)
        for name, totals in scored.items():
            for net, own in enumerate(outputs):
                totals[net] += SCORES[name].total(
                    those_that_count(own.reshape(each), there), targets
                )
    values, targets = metric_arrays(sums, reduction), held_out.rows(reduction.outputs)
    for name, totals in scored.items():
        own_values = [SCORES[name].value(total, targets, reduction) for total in totals.tolist()]
        values[name] = np.array(own_values)
    return {held_out.prefix + name: own for name, own in values.items()}


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def evaluate(engine: Engine, parameters: Array, held_out: HeldOut) -> dict[str, float]:
    """The task's metrics of the network on some samples, named with their prefix."""
    reduction = engine.problem.reduction
    targets = held_out.rows(reduction.outputs)
    sums, scored = np.zeros(4), dict.fromkeys(reduction.task.scored, 0.0)
    for look in looks(engine, parameters, held_out):
        sums += look.sums
        for name in scored:
            scored[name] += SCORES[name].total(look.outputs, look.targets)
    values = metric_values(sums, reduction)
    for name, total in scored.items():
        values[name] = SCORES[name].value(total, targets, reduction)
    return {held_out.prefix + name: value for name, value in values.items()}
