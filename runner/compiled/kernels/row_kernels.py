"""A layer's arithmetic for wide nets: a[sample, unit], the inner loop over units.

Rows of activations and of weights are padded with zeros to whole vectors of 64 bytes, and the
padding stays zero. The first layer may skip the inputs that are zero, four of five in MNIST: the
non-zero ones are listed once per data set, and listed again per batch by sample or by input. Zero
times a number adds nothing, so skipping changes no result but that of a net already not finite.
"""

from runner.compiled.kernels.exponentials import exp, log
from runner.compiled.kernels.lanes import WIDTH, load, spread, store
from runner.compiled.kernels.matrix_products import ADDED, FRESH, ONE, dense, scatter, sparse
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
def list_by_sample(layout, order, count, list_stride):
    """The non-zero inputs of each sample of the batch."""
    for s in range(count):
        begin = layout.first[order[s]]
        many = layout.first[order[s] + 1] - begin
        to, of = layout.values + s * list_stride, layout.numbers + s * list_stride
        raw, where = layout.inputs + begin, layout.column + begin
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


# What the kernel calls; see `layer_arithmetic`.


def gather(layout, net, memory, order, count):
    """The batch's inputs, as rows or lists, and targets into the buffers.

    order: begins with the batch's first sample.
    """
    first, last = net.plan, net.plan + net.layers
    n_in, n_out, stride = first.outputs, last.outputs, last.stride
    if layout.way == DENSE:
        shift, scale = layout.shift, layout.scale
        gather_scaled(layout.inputs, shift, scale, n_in, order, count, memory.a, first.stride)
    elif layout.way == BY_SAMPLE:
        list_by_sample(layout, order, count, n_in)
    else:
        list_by_input(layout, order, count, n_in)
    gather_rows(layout.targets, n_out, order, count, memory.wanted, stride)
    for s in range(layout.batch):
        for j in range(n_out):
            memory.real[s * stride + j] = 1.0 if s < count else 0.0


def sums(layout, layer, row, with_bias, parameters, below, z, count):
    """z = a W + b."""
    weights, bias, stride, n_in = (
        parameters + row.weights,
        parameters + row.bias,
        row.stride,
        row.inputs,
    )
    spread_bias(bias, with_bias, z, stride, count)
    if layer > 1 or layout.way == DENSE:
        lanes, step = layout.lanes, row.stride_below
        dense(count, n_in, lanes, z, below, step, ONE, weights, stride, ADDED)
    elif layout.way == BY_SAMPLE:
        sparse(layout, count, n_in, z, weights, stride)
    else:
        scatter(layout, n_in, layout.batch, weights, z, stride)


def gradient(layout, layer, row, with_bias, memory, below, deltas, count, learning_rate):
    """dL/dW = a^T d, dL/db = sum d; the first layer's may go straight into its weights."""
    stride, n_in, lanes = row.stride, row.inputs, layout.lanes
    fused = layout.fused and layer == 1
    target = memory.parameters if fused else memory.gradient
    weights = target + row.weights
    if fused:
        for k in range(0, count * stride, WIDTH):
            store(deltas, k, load(deltas, k) * -learning_rate)
    if with_bias:
        add_rows(deltas, stride, count, target + row.bias, not fused)
    if layer > 1 or layout.way == DENSE:
        step = row.stride_below
        dense(n_in, count, lanes, weights, below, ONE, step, deltas, stride, not fused)
        return
    if not fused:
        for k in range(0, n_in * stride, WIDTH):
            store(weights, k, spread(weights, 0.0))
    if layout.way == BY_SAMPLE:
        scatter(layout, count, n_in, deltas, weights, stride)
    else:
        sparse(layout, n_in, layout.batch, weights, deltas, stride)


def deltas_below(layout, row, parameters, deltas, below_deltas, count):
    """d_(l-1) = d_l W^T, the slope to come."""
    weights, stride, to_stride = parameters + row.weights, row.stride, row.stride_below
    n_out, lanes, transposed = row.outputs, layout.lanes, layout.transposed
    transpose(weights, stride, row.inputs, n_out, transposed, to_stride)
    dense(count, n_out, lanes, below_deltas, deltas, stride, ONE, transposed, to_stride, FRESH)


def masks(_layout, row, uniforms, keep, drawn, count):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    units, stride = row.outputs, row.stride
    for s in range(count):
        for j in range(units):
            drawn[s * stride + j] = 1.0 / keep if uniforms[s * units + j] <= keep else 0.0


def correct(_layout, row, a, wanted, _real, count):
    """How many samples have their class right."""
    n_out, stride = row.outputs, row.stride
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
    n_out, stride = row.outputs, row.stride
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


def alone(_layout, count):
    """Pieces that are normalised by running statistics, a call each: of one sample."""
    return count
