"""A layer's arithmetic for small nets: a[unit, sample], the inner loop over samples.

The sample axis is padded to whole lanes with copies of the batch's last sample, whose deltas are
zero, so padding adds exactly nothing to any sum. A sum over samples goes lane by lane and is added
up by one fixed tree: a step's result depends on the values alone, not on how steps are grouped.
"""

from math import log

from numba import njit

from runner.compiled.kernels.exponentials import exp
from runner.compiled.kernels.lanes import (
    WIDTH,
    choose,
    load,
    load_strided,
    spread,
    store,
    total,
)
from runner.compiled.kernels.plan import (
    BIAS,
    FIELDS,
    INPUTS,
    OUTPUTS,
    WEIGHTS,
)

inlined = njit(no_cpython_wrapper=True, error_model="numpy", inline="always")


@inlined
def gather_columns(rows, n_columns, order, count, columns, stride):
    """columns[j, s] = rows[order[s], j]; padding repeats the last sample."""
    for sample in range(stride):
        row = rows + order[min(sample, count - 1)] * n_columns
        for j in range(n_columns):
            columns[j * stride + sample] = row[j]


@inlined
def mark_real_columns(real, n_out, count, stride):
    """1 for samples of the batch, 0 for padding."""
    for o in range(n_out):
        for s in range(stride):
            real[o * stride + s] = 1.0 if s < count else 0.0


@inlined
def column_sums(weights, bias, with_bias, n_in, n_out, below, z, stride):
    """z[o, s] = b_o + sum_i W[i, o] a[i, s], i ascending."""
    for o in range(n_out):
        first = bias[o] if with_bias else 0.0
        for s in range(0, stride, WIDTH):
            value = spread(weights, first)
            for i in range(n_in):
                value = value + load(below, i * stride + s) * weights[i * n_out + o]
            store(z, o * stride + s, value)


@inlined
def column_deltas_below(weights, n_in, n_out, above, below, stride):
    """d[i, s] = sum_o W[i, o] d_above[o, s], o ascending; the slope comes afterwards."""
    for i in range(n_in):
        for s in range(0, stride, WIDTH):
            value = spread(weights, 0.0)
            for o in range(n_out):
                value = value + load(above, o * stride + s) * weights[i * n_out + o]
            store(below, i * stride + s, value)


@inlined
def column_gradient(gradient, n_in, n_out, below, deltas, stride):
    """g[i, o] = sum_s a[i, s] d[o, s]."""
    for i in range(n_in):
        for o in range(n_out):
            value = spread(deltas, 0.0)
            for s in range(0, stride, WIDTH):
                value = value + load(below, i * stride + s) * load(deltas, o * stride + s)
            gradient[i * n_out + o] = total(value)


@inlined
def column_bias_gradient(gradient, n_out, deltas, stride):
    """g[o] = sum_s d[o, s]."""
    for o in range(n_out):
        value = spread(deltas, 0.0)
        for s in range(0, stride, WIDTH):
            value = value + load(deltas, o * stride + s)
        gradient[o] = total(value)


@inlined
def column_masks(uniforms, keep, masks, units, stride):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    for unit in range(units):
        for s in range(0, stride, WIDTH):
            u = load_strided(uniforms, s * units + unit, units)
            store(masks, unit * stride + s, choose(u <= keep, spread(masks, 1.0 / keep), 0.0))


@inlined
def largest(values, n_out, stride, at):
    """Which row is largest, the first of equals, as lanes of numbers."""
    best, where = load(values, at), spread(values, 0.0)
    for o in range(1, n_out):
        value = load(values, o * stride + at)
        where = choose(value > best, float(o), where)
        best = choose(value > best, value, best)
    return where


@inlined
def correct_columns(outputs, wanted, real, n_out, stride):
    """How many samples have their class right: arg-max, or threshold 1/2 of one output."""
    right = 0.0
    for s in range(0, stride, WIDTH):
        if n_out == 1:
            hit = (load(outputs, s) > 0.5) == (load(wanted, s) > 0.5)
        else:
            hit = largest(outputs, n_out, stride, s) == largest(wanted, n_out, stride, s)
        right += total(choose(hit, load(real, s), 0.0))
    return right


# What the kernel calls; see `layouts`.


def gather(layout, net, memory, order, count):
    """The batch's inputs and targets into the buffers; `order` begins with the batch's first."""
    n_in, n_out = net.plan[OUTPUTS], net.plan[net.layers * FIELDS + OUTPUTS]
    stride = layout.stride
    gather_columns(layout.inputs, n_in, order, count, memory.a, stride)
    gather_columns(layout.targets, n_out, order, count, memory.wanted, stride)
    mark_real_columns(memory.real, n_out, count, stride)


def sums(layout, _layer, row, with_bias, parameters, below, z, _count):
    """z = W^T a + b."""
    weights, bias = parameters + row[WEIGHTS], parameters + row[BIAS]
    column_sums(weights, bias, with_bias, row[INPUTS], row[OUTPUTS], below, z, layout.stride)


def gradient(layout, _layer, row, with_bias, _rule, memory, below, deltas, _count, _learning_rate):
    """dL/dW = a d^T, dL/db = sum d."""
    weights, bias = memory.gradient + row[WEIGHTS], memory.gradient + row[BIAS]
    column_gradient(weights, row[INPUTS], row[OUTPUTS], below, deltas, layout.stride)
    if with_bias:
        column_bias_gradient(bias, row[OUTPUTS], deltas, layout.stride)


def deltas_below(layout, _below_row, row, parameters, deltas, below_deltas, _count):
    """d_(l-1) = W d_l, the slope to come."""
    weights = parameters + row[WEIGHTS]
    column_deltas_below(weights, row[INPUTS], row[OUTPUTS], deltas, below_deltas, layout.stride)


def masks(layout, row, uniforms, keep, drawn, _count):
    """A layer's masks from its uniforms."""
    column_masks(uniforms, keep, drawn, row[OUTPUTS], layout.stride)


def correct(layout, row, a, wanted, real, _count):
    """How many samples have their class right."""
    return correct_columns(a, wanted, real, row[OUTPUTS], layout.stride)


def softmax(layout, row, z, a, scratch, count):
    """a = exp(z - highest) / sum -> the sum over samples of log(sum exp z). Needs two outputs."""
    n_out, stride = row[OUTPUTS], layout.stride
    value = 0.0
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
        value += scratch[s] + log(scratch[stride + s])
    return value
