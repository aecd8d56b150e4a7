"""What the kernels change, with room for whole lanes."""

from functools import partial

import numpy as np

from runner.compiled.array_layouts import Layout
from runner.compiled.structures import VECTOR_BYTES, WIDTH, Memory, aligned
from runner.network.arrays import Array
from runner.training.engine import Penalty, Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.restraint import weight_mask


def new_memory(problem: Problem, layout: Layout) -> Memory:
    """All zeros, but for what never changes."""
    topology = problem.network.topology
    zeros = partial(aligned, dtype=problem.targets.dtype)
    activations, outputs = layout.activations + VECTOR_BYTES, layout.outputs
    widest, batch_norm = max(topology.sizes), topology.batch_norm
    real = zeros(outputs)
    # 1 for weights, 0 for biases and padding
    is_weight = zeros(layout.parameters)
    layout.load(weight_mask(topology).astype(is_weight.dtype), is_weight)
    return Memory(
        parameters=zeros(layout.parameters),
        gradient=zeros(layout.parameters),
        slots=zeros(OPTIMIZERS[problem.optimizer].slots * layout.parameters),
        settings=np.array([*problem.optimizer_settings, 0.0]),
        is_weight=is_weight,
        limits=limits(problem.penalty),
        norms=zeros(widest + 2 * VECTOR_BYTES),
        z=zeros(activations),
        a=zeros(layout.kept + VECTOR_BYTES),
        dropped=zeros(activations),
        masks=zeros(layout.masks),
        deltas=zeros(activations),
        normal=zeros(activations if batch_norm else 1),
        inverse=zeros(layout.units if batch_norm else 1),
        wanted=zeros(outputs),
        real=real,
        row_weights=real if problem.weights is None else zeros(outputs),
        rows=np.zeros(1),
        uniforms=np.zeros(max(problem.samples, widest * (layout.batch + WIDTH)) + WIDTH),
        scratch=np.zeros(problem.samples, np.int64),
        key=np.zeros(624, np.uint32),
        sums=np.zeros(4),
        judged=np.zeros(4),
    )


def limits(penalty: Penalty) -> Array:
    """What penalties, clipping and bounds come to in numbers."""
    bounds = (penalty.clip_value, penalty.clip_norm, penalty.max_norm)
    return np.array(
        [penalty.l1, penalty.l2, *(np.inf if bound is None else bound for bound in bounds)]
    )
