"""What recurrent layers share in `Maps`: products of a step, and what is summed over all of them.

Of each step what comes in and the state before it lie one under the other, so that one product
with the weights, and the recurrent ones behind them, makes z; and one over all steps and samples
the gradient, which comes turned round: dL/dW[k, r] = sum over steps and samples of d[r] u[k].
"""

from runner.compiled.kernels.convolution_kernels import add_planes
from runner.compiled.kernels.lanes import WIDTH, load_many, spread, store, vector_width
from runner.compiled.kernels.matrix_products import NEXT, SAME, Matrix, dense
from runner.compiled.kernels.numba_options import apart
from runner.compiled.kernels.transposition import turn_block


@apart
def take_in(shape, below, step):
    """What comes in at a step, and the state, where `step_sums` looks for them."""
    stride, across, features = shape.stride, shape.across, shape.features
    to = shape.joined + step * stride
    copy_rows(below + step * features * stride, features, stride, stride, to, across)
    copy_rows(shape.state, shape.units, stride, stride, to + features * across, across)


@apart
def take_in_again(shape, below):
    """What comes in at all steps, of which dropout may have left out some since."""
    stride, across, features = shape.stride, shape.across, shape.features
    for step in range(shape.steps):
        to = shape.joined + step * stride
        copy_rows(below + step * features * stride, features, stride, stride, to, across)


@apart
def copy_rows(numbers, rows, step, columns, to, to_step):
    """Rows of whole vectors to where they lie farther apart."""
    wide = vector_width(numbers)
    for r in range(rows):
        for s in range(0, columns, wide):
            store(to, r * to_step + s, load_many(1, numbers, r * step + s))


@apart
def give_out(shape, step, a):
    """The state of that step, where it goes on."""
    count = shape.units * shape.stride
    if shape.sequence:
        copy_rows(shape.state, 1, count, count, a + step * count, count)
    elif step == shape.steps - 1:
        copy_rows(shape.state, 1, count, count, a, count)


@apart
def step_sums(shape, weights, width, rows, first, terms, bias, step, z):
    """z[r, s] = bias[r] + sum_k W[k, r] u[k, s], k ascending, of a step.

    u: what comes in and the state before, `terms` numbers from `first` on; W: their rows of the
    weights, of which `weights` are the first.
    """
    stride, across = shape.stride, shape.across
    for r in range(rows):
        value = spread(z, bias[r])
        for s in range(0, stride, WIDTH):
            store(z, r * stride + s, value)
    y, u = (
        Matrix(z, stride, NEXT),
        Matrix(shape.joined + (first * across + step * stride), across, NEXT),
    )
    dense(shape, rows, terms, stride, y, y, Matrix(weights, NEXT, width), u)


@apart
def add_delta(shape, deltas, step):
    """Adds dL/dh of a step to what is carried from the steps behind it."""
    count, carried = shape.units * shape.stride, shape.carried
    wide = vector_width(carried)
    if shape.sequence:
        deltas = deltas + step * count
    if shape.sequence or step == shape.steps - 1:
        for k in range(0, count, wide):
            store(carried, k, load_many(1, carried, k) + load_many(1, deltas, k))


@apart
def carry(shape, recurrent, width, gates, deltas, step, added):
    """carried[k, s] = sum_r R[k, r] d[r, s] of a step, r ascending, of so many gates."""
    stride, across = shape.stride, shape.across
    y, d = Matrix(shape.carried, stride, NEXT), Matrix(deltas + step * stride, across, NEXT)
    start = y if added else Matrix(shape.nothing, SAME, NEXT)
    rows = Matrix(recurrent, width, NEXT)
    dense(shape, shape.units, gates * shape.units, stride, y, start, rows, d)


@apart
def add_gradient(shape, row, first, units, inputs, terms, added, g):
    """dL/dW[k, r] of `units` units from the row `first` of the deltas on, `g` the first of them.

    inputs, terms: which numbers of a step's u, and how many. `shape.product` keeps it turned.
    """
    across, join = shape.across, shape.join
    product = shape.product + first * join
    y, u = Matrix(product, join, NEXT), Matrix(shape.joined + inputs * across, NEXT, across)
    start = y if added else Matrix(shape.nothing, SAME, NEXT)
    d = Matrix(shape.deltas + first * across, across, NEXT)
    dense(shape, units, shape.steps * shape.stride, terms, y, start, d, u)
    turn(product, join, units, terms, g, row.width)


@apart
def add_biases(shape, first, units, added, bias):
    """dL/db[r] = the sum of its deltas over all steps and samples."""
    across = shape.across
    add_planes(bias, units, shape.deltas + first * across, across, added)


@apart
def turn(of, step, rows, columns, to, to_step):
    """to[c to_step + r] = of[r step + c], and nothing else is written."""
    for r in range(0, rows, WIDTH):
        for c in range(0, columns, WIDTH):
            block, place = of + (r * step + c), to + (c * to_step + r)
            if r + WIDTH <= rows and c + WIDTH <= columns:
                turn_block(block, step, place, to_step)
            else:
                for i in range(min(WIDTH, rows - r)):
                    for j in range(min(WIDTH, columns - c)):
                        place[j * to_step + i] = block[i * step + j]


def deltas_below(shape, row, parameters, _deltas, below_deltas):
    """d_below[i, s] = sum_r W[i, r] d[r, s], r ascending, of each step."""
    stride, across, many = shape.stride, shape.across, shape.features
    nothing = Matrix(shape.nothing, SAME, NEXT)
    weights = Matrix(parameters + row.weights, row.width, NEXT)
    for step in range(shape.steps):
        y = Matrix(below_deltas + step * many * stride, stride, NEXT)
        d = Matrix(shape.deltas + step * stride, across, NEXT)
        dense(shape, many, shape.gates * shape.units, stride, y, nothing, weights, d)
