"""A layer's arithmetic for wide nets: a[sample, unit], the inner loop over units.

Rows of activations and of weights are padded with zeros to whole vectors of 64 bytes, and the
padding stays zero. The first layer may skip the inputs that are zero, four of five in MNIST: the
non-zero ones are listed once per data set, and listed again per batch by sample or by input. Zero
times a number adds nothing, so skipping changes no result but that of a net already not finite.
"""

from math import log

from numba import njit

from runner.compiled.kernels.exponentials import exp
from runner.compiled.kernels.lanes import WIDTH, load, spread, store
from runner.compiled.kernels.plan import (
    BIAS,
    FIELDS,
    INPUTS,
    OUTPUTS,
    STRIDE,
    WEIGHTS,
)
from runner.compiled.kernels.products import ADDED, FRESH, ONE, dense, scatter, sparse
from runner.compiled.kernels.structures import BY_SAMPLE, DENSE

inlined = njit(no_cpython_wrapper=True, error_model="numpy", inline="always")
apart = njit(no_cpython_wrapper=True, error_model="numpy", forceinline=False)


@apart
def gather_scaled(rows, shift, scale, n_columns, order, count, out, stride):
    """out[s, :] = (rows[order[s], :] - shift) scale."""
    for s in range(count):
        row, to = rows + order[s] * n_columns, out + s * stride
        for j in range(n_columns):
            to[j] = (row[j] - shift[j]) * scale[j]


@inlined
def gather_rows(rows, n_columns, order, count, out, stride):
    """out[s, :] = rows[order[s], :]."""
    for s in range(count):
        row, to = rows + order[s] * n_columns, out + s * stride
        for j in range(n_columns):
            to[j] = row[j]


@apart
def list_by_sample(rows, scale, first, column, order, count, list_stride, values, numbers, counts):
    """The non-zero inputs of each sample of the batch."""
    for s in range(count):
        begin = first[order[s]]
        many = first[order[s] + 1] - begin
        to, of = values + s * list_stride, numbers + s * list_stride
        raw, where = rows + begin, column + begin
        for k in range(many):
            to[k] = raw[k] * scale[where[k]]
            of[k] = where[k]
        counts[s] = many


@apart
def list_by_input(
    rows, scale, first, column, order, count, n_in, list_stride, values, numbers, counts
):
    """The same numbers in a list for each input: which samples have it, and its value."""
    for i in range(n_in):
        counts[i] = 0
    for s in range(count):
        begin = first[order[s]]
        raw, where = rows + begin, column + begin
        for k in range(first[order[s] + 1] - begin):
            i = where[k]
            place = i * list_stride + counts[i]
            values[place] = raw[k] * scale[i]
            numbers[place] = s
            counts[i] += 1


@inlined
def spread_bias(bias, with_bias, z, stride, count):
    """Every row of z = the bias."""
    for s in range(count):
        for j in range(0, stride, WIDTH):
            value = spread(z, 0.0)
            if with_bias:
                value = load(bias, j)
            store(z, s * stride + j, value)


@apart
def transpose(weights, stride, rows, columns, transposed, to_stride):
    """transposed = weights^T, its padding zero."""
    for j in range(columns):
        for i in range(rows, to_stride):
            transposed[j * to_stride + i] = 0.0
    for i in range(rows):
        for j in range(columns):
            transposed[j * to_stride + i] = weights[i * stride + j]


@inlined
def add_rows(deltas, stride, count, out, fresh):
    """Out (+)= the sum of the rows."""
    for j in range(0, stride, WIDTH):
        value = load(out, j)
        if fresh:
            value = spread(out, 0.0)
        for s in range(count):
            value = value + load(deltas, s * stride + j)
        store(out, j, value)


@inlined
def scale_by(values, factor, count):
    """values <- values * factor."""
    for k in range(0, count, WIDTH):
        store(values, k, load(values, k) * factor)


@inlined
def fill_zero(values, count):
    """values <- 0."""
    for k in range(0, count, WIDTH):
        store(values, k, spread(values, 0.0))


# What the kernel calls; see `layouts`.


def gather(layout, net, memory, order, count):
    """The batch's inputs, as rows or lists, and targets into the buffers.

    order: begins with the batch's first sample.
    """
    n_in, in_stride = net.plan[OUTPUTS], net.plan[STRIDE]
    last = net.plan + net.layers * FIELDS
    n_out, out_stride = last[OUTPUTS], last[STRIDE]
    if layout.way == DENSE:
        gather_scaled(
            layout.inputs, layout.shift, layout.scale, n_in, order, count, memory.a, in_stride
        )
    elif layout.way == BY_SAMPLE:
        list_by_sample(
            layout.inputs,
            layout.scale,
            layout.first,
            layout.column,
            order,
            count,
            n_in,
            layout.values,
            layout.numbers,
            layout.counts,
        )
    else:
        list_by_input(
            layout.inputs,
            layout.scale,
            layout.first,
            layout.column,
            order,
            count,
            n_in,
            layout.batch,
            layout.values,
            layout.numbers,
            layout.counts,
        )
    gather_rows(layout.targets, n_out, order, count, memory.wanted, out_stride)
    for s in range(layout.batch):
        for j in range(n_out):
            memory.real[s * out_stride + j] = 1.0 if s < count else 0.0


def sums(layout, layer, row, with_bias, parameters, below, z, count):
    """z = a W + b."""
    weights, bias, stride = parameters + row[WEIGHTS], parameters + row[BIAS], row[STRIDE]
    n_in, lanes = row[INPUTS], layout.lanes
    spread_bias(bias, with_bias, z, stride, count)
    if layer > 1 or layout.way == DENSE:
        in_stride = row[STRIDE - FIELDS]
        dense(count, stride, lanes, n_in, z, stride, below, in_stride, ONE, weights, stride, ADDED)
    elif layout.way == BY_SAMPLE:
        values, numbers, counts = layout.values, layout.numbers, layout.counts
        sparse(count, stride, lanes, z, stride, values, numbers, n_in, counts, weights, stride)
    else:
        values, numbers, counts = layout.values, layout.numbers, layout.counts
        batch = layout.batch
        scatter(n_in, stride, lanes, z, stride, values, numbers, batch, counts, weights, stride)


def gradient(layout, layer, row, with_bias, _rule, memory, below, deltas, count, learning_rate):
    """dL/dW = a^T d, dL/db = sum d; the first layer's may go straight into its weights."""
    stride, n_in, lanes = row[STRIDE], row[INPUTS], layout.lanes
    fused = layout.fused and layer == 1
    target = memory.parameters if fused else memory.gradient
    weights = target + row[WEIGHTS]
    if fused:
        scale_by(deltas, -learning_rate, count * stride)
    if with_bias:
        add_rows(deltas, stride, count, target + row[BIAS], not fused)
    if layer > 1 or layout.way == DENSE:
        in_stride = row[STRIDE - FIELDS]
        dense(
            n_in,
            stride,
            lanes,
            count,
            weights,
            stride,
            below,
            ONE,
            in_stride,
            deltas,
            stride,
            not fused,
        )
        return
    if not fused:
        fill_zero(weights, n_in * stride)
    values, numbers, counts = layout.values, layout.numbers, layout.counts
    if layout.way == BY_SAMPLE:
        scatter(
            count, stride, lanes, weights, stride, values, numbers, n_in, counts, deltas, stride
        )
    else:
        batch = layout.batch
        sparse(n_in, stride, lanes, weights, stride, values, numbers, batch, counts, deltas, stride)


def deltas_below(layout, below_row, row, parameters, deltas, below_deltas, count):
    """d_(l-1) = d_l W^T, the slope to come."""
    weights, stride, below_stride = parameters + row[WEIGHTS], row[STRIDE], below_row[STRIDE]
    n_in, n_out = row[INPUTS], row[OUTPUTS]
    transpose(weights, stride, n_in, n_out, layout.transposed, below_stride)
    dense(
        count,
        below_stride,
        layout.lanes,
        n_out,
        below_deltas,
        below_stride,
        deltas,
        stride,
        ONE,
        layout.transposed,
        below_stride,
        FRESH,
    )


def masks(_layout, row, uniforms, keep, drawn, count):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    units, stride = row[OUTPUTS], row[STRIDE]
    for s in range(count):
        for j in range(units):
            drawn[s * stride + j] = 1.0 / keep if uniforms[s * units + j] <= keep else 0.0


def correct(_layout, row, a, wanted, _real, count):
    """How many samples have their class right."""
    n_out, stride = row[OUTPUTS], row[STRIDE]
    right = 0.0
    for s in range(count):
        found, asked = a + s * stride, wanted + s * stride
        if n_out == 1:
            right += 1.0 if (found[0] > 0.5) == (asked[0] > 0.5) else 0.0
            continue
        best = want = 0
        for j in range(1, n_out):
            if found[j] > found[best]:
                best = j
            if asked[j] > asked[want]:
                want = j
        right += 1.0 if best == want else 0.0
    return right


def softmax(_layout, row, z, a, _scratch, count):
    """a = exp(z - highest) / sum, padding 0 -> the sum over samples of log(sum exp z)."""
    n_out, stride = row[OUTPUTS], row[STRIDE]
    value = 0.0
    for s in range(count):
        from_, to = z + s * stride, a + s * stride
        highest = from_[0]
        for j in range(1, n_out):
            highest = max(highest, from_[j])
        for j in range(0, stride, WIDTH):
            store(to, j, exp(load(from_, j) - highest))
        whole = 0.0
        for j in range(n_out):
            whole += to[j]
        for j in range(n_out, stride):
            to[j] = 0.0
        for j in range(0, stride, WIDTH):
            store(to, j, load(to, j) / whole)
        value += highest + log(whole)
    return value
