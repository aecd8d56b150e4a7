"""How the compiled engine's kernels make a step of a problem, and when they stop."""

import numpy as np

from runner.compiled import structures
from runner.compiled.array_layouts import Layout
from runner.compiled.machine_code import address
from runner.compiled.structures import Rule
from runner.network.losses import LOSSES
from runner.training.engine import Problem
from runner.training.metrics import METRICS, Target


def step_rule(problem: Problem, layout: Layout, until: Target | None) -> Rule:
    """Functions that it names are compiled, or loaded from disk."""
    dtype, loss, penalty = problem.targets.dtype, LOSSES[problem.loss], problem.penalty
    weights, steps = problem.weights, problem.network.topology.steps
    of_rows = np.ones((1, 1)) if weights is None else weights.reshape(-1, steps)
    shortened = penalty.max_norm is not None
    rule = Rule(
        samples=problem.samples,
        batch=problem.batch_size,
        shuffle=problem.shuffle,
        mean=problem.reduction.mean_loss,
        loss=address("loss", problem.loss, dtype.name),
        loss_gives_dz=loss.output is not None,
        softmax=loss.output == "softmax",
        restrain=address("restrain", "any", dtype.name) if penalty.changes_gradients else 0,
        shorten=address("shorten", "any", dtype.name) if shortened else 0,
        update=address("update", problem.optimizer, dtype.name),
        update_from=layout.first_layer,
        size=layout.parameters,
        weighted=weights is not None,
        row_weights=np.ascontiguousarray(of_rows, dtype),
    )
    if until is None:
        return rule
    metric = METRICS[until.metric]
    rows = problem.samples * steps if weights is None else int(np.count_nonzero(weights))
    return rule._replace(
        goal=structures.AT_LEAST if metric.higher_is_better else structures.AT_MOST,
        goal_sum=metric.total,
        goal_offset=metric.offset,
        goal_factor=metric.factor,
        goal_divisor=float(metric.divisor(rows, problem.reduction)),
        goal_value=float(until.value),
    )
