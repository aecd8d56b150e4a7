"""A dense layer in `Maps`: units lie one under the other, samples side by side.

By the products of `Rows`, whose matrices are turned: z = W^T a + b. Its rows are whole vectors,
those of maps below it need not be: what stands behind a row's samples is read and counts zero
times. Of a sequence it is applied to each step.
"""

from runner.compiled.kernels.convolution_kernels import add_planes
from runner.compiled.kernels.lanes import WIDTH, load_many, spread, store, vector_width
from runner.compiled.kernels.matrix_products import NEXT, SAME, Matrix, dense
from runner.compiled.kernels.numba_options import apart
from runner.compiled.kernels.partial_vectors import store_some


def sums(shape, row, with_bias, parameters, below, z):
    """z[o, s] = b[o] + sum_i W[i, o] a[i, s], i ascending."""
    stride, bias, units = row.stride, parameters + row.bias, shape.units
    for step in range(shape.steps):
        to, of = z + step * units * stride, below + step * row.rows * row.stride_below
        for o in range(units):
            first = spread(z, bias[o] if with_bias else 0.0)
            for s in range(0, stride, WIDTH):
                store(to, o * stride + s, first)
        y, weights = Matrix(to, stride, NEXT), Matrix(parameters + row.weights, NEXT, row.width)
        dense(shape, units, row.rows, stride, y, y, weights, Matrix(of, row.stride_below, NEXT))


def gradient(shape, row, with_bias, _parameters, g, below, deltas, added, count):
    """dL/dW[i, o] = sum_s a[i, s] d[o, s], dL/db[o] = sum_s d[o, s]."""
    stride, units, weights = row.stride, shape.units, g + row.weights
    y = Matrix(weights, row.width, NEXT)
    for step in range(shape.steps):
        of = below + step * row.rows * row.stride_below
        d = deltas + step * units * stride
        start = y if added or step > 0 else Matrix(shape.nothing, SAME, NEXT)
        inputs, turned = Matrix(of, row.stride_below, NEXT), Matrix(d, NEXT, stride)
        dense(shape, row.rows, count, units, y, start, inputs, turned)
        if with_bias:
            add_planes(g + row.bias, units, d, stride, added or step > 0)


def deltas_below(shape, row, parameters, deltas, below_deltas):
    """d_below[i, s] = sum_o W[i, o] d[o, s], o ascending; the slope comes afterwards."""
    stride, close = row.stride, row.stride_below
    nothing = Matrix(shape.nothing, SAME, NEXT)
    weights = Matrix(parameters + row.weights, row.width, NEXT)
    for step in range(shape.steps):
        to = below_deltas + step * row.rows * close
        of = Matrix(deltas + step * shape.units * stride, stride, NEXT)
        y = Matrix(to if close == stride else shape.padded, stride, NEXT)
        dense(shape, row.rows, shape.units, stride, y, nothing, weights, of)
        if close != stride:
            bring_together(shape.padded, stride, row.rows, to, close)


@apart
def bring_together(rows, stride, many, to, close):
    """Rows of `stride` numbers to rows of the first `close` of them."""
    wide = vector_width(rows)
    for r in range(many):
        for s in range(0, close, wide):
            store_some(to, r * close + s, load_many(1, rows, r * stride + s), close - s)
