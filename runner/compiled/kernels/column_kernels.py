"""A layer's arithmetic for small nets: a[unit, sample], the inner loop over samples.

The sample axis is padded to whole lanes with copies of the batch's last sample, whose deltas are
zero, so padding adds exactly nothing to any sum. A sum over samples goes lane by lane and is added
up by one fixed tree: a step's result depends on the values alone, not on how steps are grouped.
"""

from runner.compiled.kernels.exponentials import exp, log
from runner.compiled.kernels.lanes import (
    WIDTH,
    choose,
    load,
    load_strided,
    one_where_above_zero,
    spread,
    store,
    total,
)
from runner.compiled.kernels.numba_options import apart, inlined


@inlined
def gather_columns(rows, n_columns, order, count, columns, stride):
    """columns[j, s] = rows[order[s], j]; padding repeats the last sample."""
    for sample in range(stride):
        row = rows + order[min(sample, count - 1)] * n_columns
        for j in range(n_columns):
            columns[j * stride + sample] = row[j]


@inlined
def largest(values, n_out, stride, at):
    """Which row is largest, the first of equals, as lanes of numbers."""
    best, where = load(values, at), spread(values, 0.0)
    for o in range(1, n_out):
        value = load(values, o * stride + at)
        where = choose(value > best, float(o), where)
        best = choose(value > best, value, best)
    return where


@apart
def weigh_columns(weights, order, count, row, to):
    """to[step, o, s] = the step's weight, 0 for padding -> how many steps' are not 0."""
    steps, stride, there = row.steps, row.stride, 0
    units = row.outputs // steps
    for step in range(steps):
        first = to + step * units * stride
        for s in range(stride):
            weight = weights[order[min(s, count - 1)] * steps + step]
            if s >= count:
                weight = weight * 0.0
            there += weight > 0.0
            for o in range(units):
                first[o * stride + s] = weight
    return there


# What the kernel calls; see `layer_arithmetic`. One thread does all of it.


def portion(_layout, count):
    """All."""
    return 0, count


def leads(_layout):
    """It does."""
    return True


def wait(_layout):
    """For nobody."""


def place(_layout, _row, _begin):
    """All samples are one block."""
    return 0


def gather(layout, net, memory, order, count):
    """The batch's inputs and targets into the buffers; `order` begins with the batch's first."""
    first, last = net.plan, net.plan + net.layers
    n_in, n_out, stride = first.outputs, last.outputs, first.stride
    gather_columns(layout.inputs, n_in, order, count, memory.a, stride)
    gather_columns(layout.targets, n_out, order, count, memory.wanted, stride)
    for o in range(n_out):
        for s in range(stride):
            memory.real[o * stride + s] = 1.0 if s < count else 0.0


def weigh(_layout, row, weights, order, count, row_weights):
    """Of each output the weight of its sample, 0 for padding -> how many samples' are not 0."""
    return weigh_columns(weights, order, count, row, row_weights)


def sums(_layout, _layer, row, with_bias, parameters, below, z, _count):
    """z[o, s] = b_o + sum_i W[i, o] a[i, s], i ascending."""
    weights, bias = parameters + row.weights, parameters + row.bias
    n_in, n_out, stride = row.inputs, row.outputs, row.stride
    for o in range(n_out):
        first = bias[o] if with_bias else 0.0
        for s in range(0, stride, WIDTH):
            value = spread(weights, first)
            for i in range(n_in):
                value = value + load(below, i * stride + s) * weights[i * n_out + o]
            store(z, o * stride + s, value)


def gradient(
    _layout, _layer, row, with_bias, memory, below, deltas, _count, _learning_rate, _added
):
    """dL/dW[i, o] = sum_s a[i, s] d[o, s], dL/db[o] = sum_s d[o, s]."""
    weights, bias = memory.gradient + row.weights, memory.gradient + row.bias
    n_in, n_out, stride = row.inputs, row.outputs, row.stride
    for i in range(n_in):
        for o in range(n_out):
            value = spread(deltas, 0.0)
            for s in range(0, stride, WIDTH):
                value = value + load(below, i * stride + s) * load(deltas, o * stride + s)
            weights[i * n_out + o] = total(value)
    if with_bias:
        for o in range(n_out):
            value = spread(deltas, 0.0)
            for s in range(0, stride, WIDTH):
                value = value + load(deltas, o * stride + s)
            bias[o] = total(value)


def deltas_below(_layout, row, parameters, _below, _a, deltas, below_deltas, _count):
    """d[i, s] = sum_o W[i, o] d_above[o, s], o ascending; the slope comes afterwards."""
    weights, n_out, stride = parameters + row.weights, row.outputs, row.stride
    for i in range(row.inputs):
        for s in range(0, stride, WIDTH):
            value = spread(weights, 0.0)
            for o in range(n_out):
                value = value + load(deltas, o * stride + s) * weights[i * n_out + o]
            store(below_deltas, i * stride + s, value)


def masks(_layout, row, uniforms, keep, drawn, _count):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    units, stride = row.outputs, row.stride
    for unit in range(units):
        for s in range(0, stride, WIDTH):
            u = load_strided(uniforms, s * units + unit, units)
            store(drawn, unit * stride + s, choose(u <= keep, spread(drawn, 1.0 / keep), 0.0))


def correct(_layout, row, a, wanted, row_weights, _count):
    """How many samples have their class right: arg-max, or threshold 1/2 of one output."""
    return right(row.outputs, row.stride, a, wanted, row_weights)


def softmax(_layout, row, z, a, scratch, row_weights, count, start):
    """a = exp(z - highest) / sum -> `start` and the sum of each weight times log(sum exp z).

    Needs two outputs.
    """
    return shares(row.outputs, row.stride, z, a, scratch, row_weights, count, start)


def running_pieces(_layout, _count):
    """Pieces that are normalised by running statistics, a call each, and samples of one: all."""
    return 1, 1


@inlined
def right(n_out, stride, a, wanted, row_weights):
    """How many samples of [n_out, stride] have their class right, of those that are there."""
    found = 0.0
    for s in range(0, stride, WIDTH):
        if n_out == 1:
            hit = (load(a, s) > 0.5) == (load(wanted, s) > 0.5)
        else:
            hit = largest(a, n_out, stride, s) == largest(wanted, n_out, stride, s)
        found += total(choose(hit, one_where_above_zero(load(row_weights, s)), 0.0))
    return found


@inlined
def shares(n_out, stride, z, a, scratch, row_weights, count, start):
    """The softmax of [n_out, stride], as `softmax`."""
    value = start
    for s in range(0, stride, WIDTH):
        highest = load(z, s)
        for o in range(1, n_out):
            x = load(z, o * stride + s)
            highest = choose(x > highest, x, highest)
        whole = spread(z, 0.0)
        for o in range(n_out):
            e = exp(load(z, o * stride + s) - highest)
            store(a, o * stride + s, e)
            whole = whole + e
        for o in range(n_out):
            store(a, o * stride + s, load(a, o * stride + s) / whole)
        store(scratch, s, highest)
        store(scratch, stride + s, whole)
    for s in range(count):
        value += (scratch[s] + log(float(scratch[stride + s]))) * row_weights[s]
    return value
