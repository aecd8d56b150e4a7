"""Gated recurrent units in `Maps`; the equations are those of `runner.network.layers.gru`.

Of these k is `keep` here, and n `new`.
"""

from runner.compiled.kernels.exponentials import sigmoid, tanh
from runner.compiled.kernels.lanes import clear, load_many, store, vector_width
from runner.compiled.kernels.numba_options import apart
from runner.compiled.kernels.recurrent_kernels import (
    add_biases,
    add_delta,
    add_gradient,
    carry,
    give_out,
    step_sums,
    take_in,
    take_in_again,
)


@apart
def through_gates(shape, step):
    """h_t = (1 - k) n + k h_(t-1), n = tanh(. + r q); kept of each step: r, k, n, q, h_(t-1)."""
    z, state, n = shape.z, shape.state, shape.units * shape.stride
    kept = shape.kept + shape.of_step * step * n
    for k in range(0, n, vector_width(z)):
        r, keep = sigmoid(load_many(1, z, k)), sigmoid(load_many(1, z, n + k))
        q, before = load_many(1, z, 3 * n + k), load_many(1, state, k)
        new = tanh(load_many(1, z, 2 * n + k) + r * q)
        store(kept, k, r)
        store(kept, n + k, keep)
        store(kept, 2 * n + k, new)
        store(kept, 3 * n + k, q)
        store(kept, 4 * n + k, before)
        store(state, k, (1.0 - keep) * new + keep * before)


@apart
def back_through_gates(shape, step):
    """dL/dz of r, k and n, and dL/dq, see `Gru.backward`; what is carried past the gates stays."""
    stride, across, n = shape.stride, shape.across, shape.units * shape.stride
    kept, carried, gate = shape.kept + shape.of_step * step * n, shape.carried, shape.units * across
    for unit in range(shape.units):
        to = shape.deltas + (unit * across + step * stride)
        for s in range(0, stride, vector_width(to)):
            k = unit * stride + s
            r, keep = load_many(1, kept, k), load_many(1, kept, n + k)
            new, q = load_many(1, kept, 2 * n + k), load_many(1, kept, 3 * n + k)
            before, e = load_many(1, kept, 4 * n + k), load_many(1, carried, k)
            at_new = e * (1.0 - keep) * (1.0 - new * new)
            store(to, s, at_new * q * r * (1.0 - r))
            store(to, gate + s, e * (before - new) * keep * (1.0 - keep))
            store(to, 2 * gate + s, at_new)
            store(to, 3 * gate + s, at_new * r)
            store(carried, k, e * keep)


def sums(shape, row, _with_bias, parameters, below, a):
    """From the first step to the last; of n what comes in, and the state, each by itself."""
    units, features, width, stride = shape.units, shape.features, row.width, shape.stride
    weights, both, z = parameters + row.weights, 2 * units, shape.z
    new = weights + both
    bias = parameters + shape.bias if shape.with_bias else shape.nothing
    behind = parameters + shape.recurrent_bias if shape.with_bias else shape.nothing
    at_new, at_q = z + both * stride, z + 3 * units * stride
    clear(shape.state, units * stride)
    for step in range(shape.steps):
        take_in(shape, below, step)
        step_sums(shape, weights, width, both, 0, features + units, bias, step, z)
        step_sums(shape, new, width, units, 0, features, bias + both, step, at_new)
        own = new + features * width
        step_sums(shape, own, width, units, features, units, behind, step, at_q)
        through_gates(shape, step)
        give_out(shape, step, a)


def gradient(shape, row, _with_bias, parameters, g, below, deltas, added, _count):
    """From the last step to the first, what is carried past the gates and through them."""
    units, features, width, both = shape.units, shape.features, row.width, 2 * shape.units
    recurrent = parameters + (row.weights + features * width)
    at_q = shape.deltas + 3 * units * shape.across
    clear(shape.carried, units * shape.stride)
    for step in range(shape.steps - 1, -1, -1):
        add_delta(shape, deltas, step)
        back_through_gates(shape, step)
        carry(shape, recurrent, width, 2, shape.deltas, step, True)
        carry(shape, recurrent + both, width, 1, at_q, step, True)
    weights = g + row.weights
    new = weights + both
    take_in_again(shape, below)
    add_gradient(shape, row, 0, both, 0, features + units, added, weights)
    add_gradient(shape, row, both, units, 0, features, added, new)
    own = new + features * width
    add_gradient(shape, row, 3 * units, units, features, units, added, own)
    if shape.with_bias:
        add_biases(shape, 0, 3 * units, added, g + shape.bias)
        add_biases(shape, 3 * units, units, added, g + shape.recurrent_bias)
