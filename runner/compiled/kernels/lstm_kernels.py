"""Long short-term memory in `Maps`; the equations are those of `runner.network.layers.lstm`."""

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
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t); kept of each step: i, f, g, o, tanh(c)."""
    z, state, n = shape.z, shape.state, shape.units * shape.stride
    kept, cells = shape.kept + shape.of_step * step * n, shape.cells + step * n
    for k in range(0, n, vector_width(z)):
        i, f = sigmoid(load_many(1, z, k)), sigmoid(load_many(1, z, n + k))
        g, o = tanh(load_many(1, z, 2 * n + k)), sigmoid(load_many(1, z, 3 * n + k))
        c = f * load_many(1, cells, k) + i * g
        squashed = tanh(c)
        store(kept, k, i)
        store(kept, n + k, f)
        store(kept, 2 * n + k, g)
        store(kept, 3 * n + k, o)
        store(kept, 4 * n + k, squashed)
        store(cells, n + k, c)
        store(state, k, o * squashed)


@apart
def back_through_gates(shape, step):
    """e = dL/dh o (1 - tanh(c)^2) + e_(t+1) f_(t+1); dL/dz of the gates, see `Lstm.backward`."""
    stride, across, n = shape.stride, shape.across, shape.units * shape.stride
    kept, cells = shape.kept + shape.of_step * step * n, shape.cells + step * n
    carried, carried_cells, gate = shape.carried, shape.carried_cells, shape.units * across
    for unit in range(shape.units):
        to = shape.deltas + (unit * across + step * stride)
        for s in range(0, stride, vector_width(to)):
            k = unit * stride + s
            i, f = load_many(1, kept, k), load_many(1, kept, n + k)
            g, o = load_many(1, kept, 2 * n + k), load_many(1, kept, 3 * n + k)
            squashed, d = load_many(1, kept, 4 * n + k), load_many(1, carried, k)
            e = load_many(1, carried_cells, k) + d * o * (1.0 - squashed * squashed)
            store(to, s, e * g * i * (1.0 - i))
            store(to, gate + s, e * load_many(1, cells, k) * f * (1.0 - f))
            store(to, 2 * gate + s, e * i * (1.0 - g * g))
            store(to, 3 * gate + s, d * squashed * o * (1.0 - o))
            store(carried_cells, k, e * f)


def sums(shape, row, _with_bias, parameters, below, a):
    """From the first step to the last."""
    units, count = shape.units, shape.units * shape.stride
    weights, terms = parameters + row.weights, shape.features + units
    bias = parameters + shape.bias if shape.with_bias else shape.nothing
    clear(shape.state, count)
    for step in range(shape.steps):
        take_in(shape, below, step)
        step_sums(shape, weights, row.width, 4 * units, 0, terms, bias, step, shape.z)
        through_gates(shape, step)
        give_out(shape, step, a)


def gradient(shape, row, _with_bias, parameters, g, below, deltas, added, _count):
    """From the last step to the first, what is carried by the state and by the cell."""
    units, features, count = shape.units, shape.features, shape.units * shape.stride
    recurrent = parameters + (row.weights + features * row.width)
    clear(shape.carried, count)
    clear(shape.carried_cells, count)
    for step in range(shape.steps - 1, -1, -1):
        add_delta(shape, deltas, step)
        back_through_gates(shape, step)
        carry(shape, recurrent, row.width, 4, shape.deltas, step, False)
    take_in_again(shape, below)
    add_gradient(shape, row, 0, 4 * units, 0, features + units, added, g + row.weights)
    if shape.with_bias:
        add_biases(shape, 0, 4 * units, added, g + shape.bias)
