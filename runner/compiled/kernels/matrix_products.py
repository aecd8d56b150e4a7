"""The products of a wide layer: dense rows and lists of non-zero inputs, in register tiles.

All add rows of a matrix M, each times a number, to a row of Y: Y[r, :] (+)= sum_k A[r, k] M[k, :].
Strides are in numbers; rows are padded with zeros to whole vectors of 64 bytes. The order of a sum
is fixed: k = 0, 1, 2, … in the dense product, four interleaved sums in the sparse one. Neither
depends on where a row stands in the batch or on how steps are grouped into calls.
"""

import numpy as np
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import fused, load_many, store, zeros
from runner.compiled.kernels.numba_options import apart, inlined

# To Numba a plain 1 or True is a type of its own, for which it would compile `dense` once more.
ONE, FRESH, ADDED = np.int64(1), np.bool_(True), np.bool_(False)
"""For `row_step` or `k_step`, and for `fresh`."""


@intrinsic
def keep_apart(_typing):
    """Called in a function: LLVM compiles it once, instead of copying it into each caller."""

    def emit(context, builder, _sig, _args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), emit


def _dense_tile(size):
    @inlined
    def tile(rows, inner, y, a, row_step, k_step, m, stride, fresh):
        """A column tile of Y, four rows at a time; the last block repeats its last row."""
        for r in range(0, rows, 4):
            r1, r2, r3 = min(r + 1, rows - 1), min(r + 2, rows - 1), min(r + 3, rows - 1)
            y0, y1, y2, y3 = r * stride, r1 * stride, r2 * stride, r3 * stride
            a0, a1 = a + r * row_step, a + r1 * row_step
            a2, a3 = a + r2 * row_step, a + r3 * row_step
            t0 = t1 = t2 = t3 = zeros(size, y)
            if not fresh:
                t0, t1 = load_many(size, y, y0), load_many(size, y, y1)
                t2, t3 = load_many(size, y, y2), load_many(size, y, y3)
            for k in range(inner):
                v = load_many(size, m, k * stride)
                s = k * k_step
                t0, t1 = fused(v, a0[s], t0), fused(v, a1[s], t1)
                t2, t3 = fused(v, a2[s], t2), fused(v, a3[s], t3)
            store(y, y0, t0)
            store(y, y1, t1)
            store(y, y2, t2)
            store(y, y3, t3)

    return tile


def _sparse_tile(size):
    @inlined
    def tile(y, m, stride, values, numbers, count):
        """A column tile of one row: Y[:] += sum_k V[k] M[I[k], :]."""
        t0 = load_many(size, y, 0)
        t1 = t2 = t3 = zeros(size, y)
        whole = count - count % 4
        for k in range(0, whole, 4):
            t0 = fused(load_many(size, m, numbers[k] * stride), values[k], t0)
            t1 = fused(load_many(size, m, numbers[k + 1] * stride), values[k + 1], t1)
            t2 = fused(load_many(size, m, numbers[k + 2] * stride), values[k + 2], t2)
            t3 = fused(load_many(size, m, numbers[k + 3] * stride), values[k + 3], t3)
        for k in range(whole, count):
            t0 = fused(load_many(size, m, numbers[k] * stride), values[k], t0)
        store(y, 0, (t0 + t1) + (t2 + t3))

    return tile


def _scatter_tile(size):
    @inlined
    def tile(d, y, stride, values, numbers, count):
        """A column tile of Y[I[k], :] += V[k] D[:]."""
        v = load_many(size, d, 0)
        for k in range(count):
            place = numbers[k] * stride
            store(y, place, fused(v, values[k], load_many(size, y, place)))

    return tile


_dense_1, _dense_2, _dense_4 = _dense_tile(1), _dense_tile(2), _dense_tile(4)


@apart
def dense(rows, inner, lanes, y, a, row_step, k_step, m, stride, fresh):
    """Y[r, :] (+)= sum_k A[r row_step + k k_step] M[k, :]; `fresh` starts from zero.

    lanes: numbers in 64 bytes; stride: a row of Y and of M, whole vectors.
    """
    keep_apart()
    j = 0
    while stride - j >= 4 * lanes:
        _dense_4(rows, inner, y + j, a, row_step, k_step, m + j, stride, fresh)
        j += 4 * lanes
    if stride - j >= 2 * lanes:
        _dense_2(rows, inner, y + j, a, row_step, k_step, m + j, stride, fresh)
        j += 2 * lanes
    if stride - j >= lanes:
        _dense_1(rows, inner, y + j, a, row_step, k_step, m + j, stride, fresh)


def _over_lists(tile_of):
    """A product over lists: a row `r` of one matrix with the rows of another that list r names."""
    tile_1, tile_2, tile_4 = tile_of(1), tile_of(2), tile_of(4)

    @apart
    def product(layout, rows, list_stride, one, other, stride):
        keep_apart()
        lanes, values, numbers, counts = layout.lanes, layout.values, layout.numbers, layout.counts
        j = 0
        while j < stride:
            left = (stride - j) // lanes
            for r in range(rows):
                first = r * list_stride
                v, i, row = values + first, numbers + first, one + (r * stride + j)
                if left >= 4:
                    tile_4(row, other + j, stride, v, i, counts[r])
                elif left >= 2:
                    tile_2(row, other + j, stride, v, i, counts[r])
                else:
                    tile_1(row, other + j, stride, v, i, counts[r])
            j += lanes * (4 if left >= 4 else 2 if left >= 2 else 1)

    return product


sparse = _over_lists(_sparse_tile)
"""sparse(layout, rows, list_stride, y, m, stride): Y[r, :] += sum_k V[r, k] M[I[r, k], :]."""
scatter = _over_lists(_scatter_tile)
"""scatter(layout, rows, list_stride, d, y, stride): Y[I[r, k], :] += V[r, k] D[r, :]."""
