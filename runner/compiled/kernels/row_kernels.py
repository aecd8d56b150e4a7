"""A layer's arithmetic for wide nets: a[sample, unit], the inner loop over units.

Rows are padded to whole vectors of 64 bytes. The padding of weights and deltas is zero and stays
so; that of activations is never read in a sum. The first layer may skip the inputs that are zero,
four of five in MNIST: the non-zero ones are listed once per data set, and listed again per batch by
sample or by input. Zero times a number adds nothing; the lists have an order of sums of their own.
"""

from runner.compiled.kernels import work_division
from runner.compiled.kernels.exponentials import exp, log
from runner.compiled.kernels.lanes import (
    WIDTH,
    choose,
    clear,
    load,
    load_strided,
    one_where_above_zero,
    spread,
    store,
    total,
)
from runner.compiled.kernels.matrix_products import (
    NEXT,
    SAME,
    Matrix,
    add_rows,
    dense,
    scatter,
    sparse,
)
from runner.compiled.kernels.numba_options import apart, inlined
from runner.compiled.structures import BY_SAMPLE, DENSE


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
def list_by_sample(layout, order, begin, end, list_stride):
    """The non-zero inputs of these samples of the batch."""
    for s in range(begin, end):
        start = layout.first[order[s]]
        many = layout.first[order[s] + 1] - start
        to, of = layout.values + s * list_stride, layout.numbers + s * list_stride
        raw, where = layout.inputs + start, layout.column + start
        for k in range(many):
            to[k] = raw[k] * layout.scale[where[k]]
            of[k] = where[k]
        layout.counts[s] = many


@apart
def list_by_input(layout, order, count, n_in):
    """The same numbers in a list for each input: which samples have it, and its value."""
    counts = layout.counts
    for i in range(n_in):
        counts[i] = 0
    for s in range(count):
        begin = layout.first[order[s]]
        raw, where = layout.inputs + begin, layout.column + begin
        for k in range(layout.first[order[s] + 1] - begin):
            i = where[k]
            place = i * layout.batch + counts[i]
            layout.values[place] = raw[k] * layout.scale[i]
            layout.numbers[place] = s
            counts[i] += 1


@inlined
def spread_bias(layout, bias, z, stride, count):
    """Every row of z = the bias."""
    first, many = work_division.portion(layout, stride)
    for s in range(count):
        for j in range(first, first + many, WIDTH):
            store(z, s * stride + j, load(bias, j))


@inlined
def largest(values, n_out, stride):
    """Of eight rows which number is largest, the first of equals, as lanes."""
    best, where = load_strided(values, 0, stride), spread(values, 0.0)
    for o in range(1, n_out):
        value = load_strided(values, o, stride)
        where = choose(value > best, float(o), where)
        best = choose(value > best, value, best)
    return where


# What the kernel calls; see `layer_arithmetic`.


def portion(layout, count):
    """Of `count` numbers those of this thread -> the first, and how many."""
    return work_division.portion(layout, count)


def leads(layout):
    """Whether this thread does what one does for all."""
    return layout.thread == 0


def wait(layout):
    """Until all threads have come here."""
    work_division.wait(layout)


def place(_layout, row, begin):
    """Where the block that begins with that sample lies, of what is there of all samples."""
    return begin * row.stride


def gather(layout, net, memory, order, count):
    """The batch's inputs, as rows or lists, and targets into the buffers.

    order: begins with the batch's first sample.
    """
    first, last = net.plan, net.plan + net.layers
    n_in, n_out, stride = first.outputs, last.outputs, last.stride
    begin, many = work_division.portion_of_rows(layout, count)
    chosen = order + begin
    if layout.way == DENSE:
        to, shift, scale = memory.a + begin * first.stride, layout.shift, layout.scale
        gather_scaled(layout.inputs, shift, scale, n_in, chosen, many, to, first.stride)
    elif layout.way == BY_SAMPLE:
        list_by_sample(layout, order, begin, begin + many, n_in)
    elif layout.thread == 0:
        list_by_input(layout, order, count, n_in)
    gather_rows(layout.targets, n_out, chosen, many, memory.wanted + begin * stride, stride)
    if layout.thread == 0:
        for s in range(layout.batch):
            for j in range(n_out):
                memory.real[s * stride + j] = 1.0 if s < count else 0.0


def weigh(layout, row, weights, order, count, row_weights):
    """Of each output the weight of its sample, 0 for padding -> how many samples' are not 0."""
    there = 0
    for s in range(layout.batch):
        weight = weights[order[min(s, count - 1)]]
        if s >= count:
            weight = weight * 0.0
        there += weight > 0.0
        for j in range(row.outputs):
            row_weights[s * row.stride + j] = weight
    return there


def sums(layout, layer, row, with_bias, parameters, below, z, count):
    """z = a W + b."""
    weights, stride, n_in = parameters + row.weights, row.stride, row.inputs
    bias = parameters + row.bias if with_bias else layout.nothing
    if layer > 1 or layout.way == DENSE:
        to, start = Matrix(z, stride, NEXT), Matrix(bias, SAME, NEXT)
        inputs, of = Matrix(below, row.stride_below, NEXT), Matrix(weights, stride, NEXT)
        dense(layout, count, n_in, row.outputs, to, start, inputs, of)
        return
    spread_bias(layout, bias, z, stride, count)
    if layout.way == BY_SAMPLE:
        sparse(layout, count, n_in, z, weights, stride)
    else:
        scatter(layout, n_in, layout.batch, weights, z, stride)


def gradient(layout, layer, row, with_bias, memory, below, deltas, count, learning_rate, added):
    """dL/dW = a^T d, dL/db = sum d; the first layer's may go straight into its weights.

    added: to those of the samples before.
    """
    stride, n_in, n_out = row.stride, row.inputs, row.outputs
    fused = layout.fused and layer == 1
    target = memory.parameters if fused else memory.gradient
    weights, bias = target + row.weights, target + row.bias
    if fused:
        first, many = work_division.portion(layout, count * stride)
        for k in range(first, first + many, WIDTH):
            store(deltas, k, load(deltas, k) * -learning_rate)
        work_division.wait(layout)
    if with_bias:
        start = bias if fused or added else layout.nothing
        add_rows(layout, count, n_out, bias, start, deltas, stride)
    if layer > 1 or layout.way == DENSE:
        to, inputs = Matrix(weights, stride, NEXT), Matrix(below, NEXT, row.stride_below)
        start = to if fused or added else Matrix(layout.nothing, SAME, NEXT)
        of = Matrix(deltas, stride, NEXT)
        dense(layout, n_in, count, n_out, to, start, inputs, of)
        return
    if not fused:
        first, many = work_division.portion(layout, stride)
        for i in range(n_in):
            clear(weights + (i * stride + first), many)
    if layout.way == BY_SAMPLE:
        scatter(layout, count, n_in, deltas, weights, stride)
    else:
        sparse(layout, n_in, layout.batch, weights, deltas, stride)


def deltas_below(layout, row, parameters, _below, _a, deltas, below_deltas, count):
    """d_(l-1) = d_l W^T, the slope to come."""
    to, start = Matrix(below_deltas, row.stride_below, NEXT), Matrix(layout.nothing, SAME, NEXT)
    of, weights = Matrix(deltas, row.stride, NEXT), parameters + row.weights
    turned = Matrix(weights, NEXT, row.stride)
    dense(layout, count, row.outputs, row.inputs, to, start, of, turned)


def masks(_layout, row, uniforms, keep, drawn, count):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    units, stride = row.outputs, row.stride
    for s in range(count):
        for j in range(units):
            drawn[s * stride + j] = 1.0 / keep if uniforms[s * units + j] <= keep else 0.0


def correct(_layout, row, a, wanted, row_weights, count):
    """How many samples have their class right: arg-max, or threshold 1/2 of one output."""
    n_out, stride, right = row.outputs, row.stride, 0.0
    for s in range(0, count, WIDTH):
        found, asked, weights = a + s * stride, wanted + s * stride, row_weights + s * stride
        if n_out == 1:
            sure = load_strided(found, 0, stride) > 0.5
            hit = sure == (load_strided(asked, 0, stride) > 0.5)
        else:
            hit = largest(found, n_out, stride) == largest(asked, n_out, stride)
        there = one_where_above_zero(load_strided(weights, 0, stride))
        right += total(choose(hit, there, 0.0))
    return right


def softmax(_layout, row, z, a, _scratch, row_weights, count, start):
    """a = exp(z - highest) / sum, padding 0.

    -> `start` and the sum of each sample's weight times log(sum exp z)
    """
    n_out, stride = row.outputs, row.stride
    value = start
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
        value += (highest + log(whole)) * row_weights[s * stride]
    return value


def running_pieces(_layout, count):
    """Pieces that are normalised by running statistics, a call each, and samples of one: one."""
    return count, 1
