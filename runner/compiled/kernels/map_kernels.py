"""A net whose layers are of any kind: a[number of a sample][sample], the inner loop over samples.

What a layer does is called by address, as `functions_by_address` has it for each kind. A batch goes
through the net in blocks of so many samples as keep what is between in the nearest caches; inputs,
outputs and masks of all blocks are there, block after block. Where a block has fewer samples than
there is room for, it is filled up with copies of the last one, whose deltas are zero.
"""

from runner.compiled.kernels import column_kernels
from runner.compiled.kernels.functions_by_address import (
    call_deltas_below,
    call_gradient,
    call_sums,
)
from runner.compiled.kernels.numba_options import apart, quick

CHUNK = 64
"""Numbers of a sample that are turned together, which the nearest cache holds."""


@quick
def block_at(layout, row, sample):
    """Where the block that has that sample begins."""
    return sample // layout.block * row.span


@apart
def gather_block(rows, shift, scale, numbers, order, count, to, stride):
    """to[j, s] = (rows[order[s], j] - shift[j]) scale[j], the last of `count` rows repeated."""
    for start in range(0, numbers, CHUNK):
        end = min(start + CHUNK, numbers)
        for s in range(stride):
            row = rows + order[min(s, count - 1)] * numbers
            for j in range(start, end):
                to[j * stride + s] = (row[j] - shift[j]) * scale[j]


@apart
def gather_targets(rows, numbers, order, count, to, real, stride):
    """to[j, s] = rows[order[s], j], the last repeated; real: 1 for each of `count` samples."""
    for j in range(numbers):
        for s in range(stride):
            to[j * stride + s] = rows[order[min(s, count - 1)] * numbers + j]
            real[j * stride + s] = 1.0 if s < count else 0.0


# What the kernel calls; see `layer_arithmetic`. One thread does all of it.


def portion(_layout, count):
    """All."""
    return 0, count


def leads(_layout):
    """It does."""
    return True


def wait(_layout):
    """For nobody."""


def place(layout, row, begin):
    """Where the block that begins with that sample lies, of what is there of all blocks."""
    return block_at(layout, row, begin)


def gather(layout, net, memory, order, count):
    """The batch's inputs and targets, a block after the other; `order` begins with its first."""
    first, last, block = net.plan, net.plan + net.layers, layout.block
    for begin in range(0, count, block):
        chosen, many = order + begin, min(block, count - begin)
        to, wide = memory.a + block_at(layout, first, begin), first.stride
        shift, scale = layout.shift, layout.scale
        gather_block(layout.inputs, shift, scale, first.outputs, chosen, many, to, wide)
        at, n_out, wide = block_at(layout, last, begin), last.outputs, last.stride
        wanted, real = memory.wanted + at, memory.real + at
        gather_targets(layout.targets, n_out, chosen, many, wanted, real, wide)


def weigh(layout, row, weights, order, count, row_weights):
    """Of each output the weight of its step, 0 for padding -> how many steps' are not 0."""
    there, block = 0, layout.block
    for begin in range(0, count, block):
        chosen, many = order + begin, min(block, count - begin)
        to = row_weights + block_at(layout, row, begin)
        there += column_kernels.weigh_columns(weights, chosen, many, row, to)
    return there


def sums(_layout, _layer, row, with_bias, parameters, below, z, _count):
    """What the layer makes of what is below."""
    call_sums(row.sums, row.shape, row, int(with_bias), parameters, below, z)


def gradient(_layout, _layer, row, with_bias, memory, below, deltas, count, _rate, added):
    """The layer's part of the gradient, which is added to that of the blocks before."""
    w, g, bias = memory.parameters, memory.gradient, int(with_bias)
    call_gradient(row.gradient, row.shape, row, bias, w, g, below, deltas, int(added), count)


def deltas_below(_layout, row, parameters, _below, _a, deltas, below_deltas, _count):
    """The layer below's deltas, the slope to come."""
    call_deltas_below(row.deltas_below, row.shape, row, parameters, deltas, below_deltas)


def masks(layout, row, uniforms, keep, drawn, count):
    """1/keep where u <= keep, else 0; the uniforms lie sample by sample, unit by unit."""
    units, stride = row.outputs, row.stride
    for s in range(count):
        u = uniforms + s * units
        to = drawn + (block_at(layout, row, s) + s % layout.block)
        for j in range(units):
            to[j * stride] = 1.0 / keep if u[j] <= keep else 0.0


def correct(_layout, row, a, wanted, row_weights, _count):
    """How many steps have their class right: arg-max, or threshold 1/2 of one number."""
    units, found = row.outputs // row.steps, 0.0
    for step in range(row.steps):
        at = step * units * row.stride
        weights = row_weights + at
        found += column_kernels.right(units, row.stride, a + at, wanted + at, weights)
    return found


def softmax(_layout, row, z, a, scratch, row_weights, count, start):
    """a = exp(z - highest) / sum, of each step.

    -> `start` and the sum of each step's weight times log(sum exp z)
    """
    units, value = row.outputs // row.steps, start
    for step in range(row.steps):
        at = step * units * row.stride
        weights = row_weights + at
        value = column_kernels.shares(
            units, row.stride, z + at, a + at, scratch, weights, count, value
        )
    return value


def running_pieces(_layout, _count):
    """Pieces that are normalised by running statistics, a call each, and samples of one.

    Not one sample: that may have many places, and so statistics of its own.
    """
    return 1, 0
