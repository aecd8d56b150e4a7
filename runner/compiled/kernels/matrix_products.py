"""The products of a wide layer: dense matrices, and lists of non-zero inputs.

All add rows of a matrix M, each times a number, to a row of Y: Y[r, :] = Y[r, :] + sum_k A[r, k]
M[k, :]. Rows are padded with zeros to whole vectors of 64 bytes. The order of a sum is fixed:
k = 0, 1, 2, … in the dense product, four interleaved sums in the sparse one. It depends neither on
where a row stands in the batch, nor on how steps are grouped into calls, nor on the tiles, blocks
and threads that a product is divided into.

The dense product is blocked as in K. Goto, R. van de Geijn, Anatomy of High-Performance Matrix
Multiplication, 2008: a panel of M that fits the nearest cache is copied side by side, and all rows
of A go past it.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import fused, load_many, store, zeros
from runner.compiled.kernels.numba_options import apart, inlined, quick
from runner.compiled.kernels.register_tiles import TILE_ROWS, TILE_VECTORS, register_tile
from runner.compiled.kernels.transposition import copy_turned
from runner.compiled.kernels.work_division import portion, portion_of_product
from runner.compiled.structures import PANEL_ROWS

# To Numba a plain 1 is a type of its own, for which it would compile `dense` once more.
SAME, NEXT = np.int64(0), np.int64(1)
"""For a matrix's `down` or `across`: one row, or number, for all; side by side."""
FEW_ROWS = 4
WORTH_COPYING = 24
"""Rows of A from which on a panel of M is worth its copy; measured, see tests/benchmarks."""


class Matrix(NamedTuple):
    """Element [r, c] is at[r down + c across]."""

    at: Any
    down: int
    across: int


@intrinsic
def keep_apart(_typing):
    """Called in a function: LLVM compiles it once, instead of copying it into each caller."""

    def emit(context, builder, _sig, _args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), emit


@quick
def part(matrix, row, column):
    """The matrix from that element on."""
    place = row * matrix.down + column * matrix.across
    return Matrix(matrix.at + place, matrix.down, matrix.across)


def _past_panel(size):
    """The rows of A past a panel of M, `size` vectors wide and with `step` from row to row."""
    most = TILE_ROWS[size]
    many, few = register_tile(most, size), register_tile(FEW_ROWS, size)

    @apart
    def product(rows, inner, y, start, a, panel, step):
        keep_apart()
        r = 0
        while r < rows:
            left, to, first, of = rows - r, part(y, r, 0), part(start, r, 0), part(a, r, 0)
            if left >= most or left > 2 * FEW_ROWS:
                many(left, inner, to, first, of, panel, step)
                r += most
            else:
                few(left, inner, to, first, of, panel, step)
                r += FEW_ROWS

    return product


def _panels(size):
    """The columns of a dense product, in panels of `size` vectors; `filled` of M's are there."""
    past_panel = _past_panel(size)

    @quick
    def product(layout, rows, inner, columns, filled, y, start, a, m):
        wide = size * layout.lanes
        for j in range(0, columns, wide):
            to, first = part(y, 0, j), part(start, 0, j)
            for k in range(0, inner, PANEL_ROWS):
                deep, of = min(PANEL_ROWS, inner - k), part(m, k, j)
                panel, step = layout.panel, wide
                if m.across != 1:
                    copy_turned(of.at, m.across, filled - j, deep, panel, wide)
                elif rows < WORTH_COPYING:
                    panel, step = of.at, m.down
                else:
                    for p in range(deep):
                        store(panel, p * wide, load_many(size, of.at, p * m.down))
                past_panel(rows, deep, to, first, part(a, 0, k), panel, step)
                first = to

    return product


_wide_panels, _narrow_panels = _panels(TILE_VECTORS), _panels(1)


@apart
def dense(layout, rows, inner, columns, y, start, a, m):
    """Y[r, :] = start[r, :] + sum_k A[r, k] M[k, :]; this thread's part of it.

    columns: without the padding. y and start: matrices with `across` 1.
    """
    keep_apart()
    lanes, wide = layout.lanes, TILE_VECTORS * layout.lanes
    row, rows, vector, vectors = portion_of_product(layout, rows, -(-columns // lanes))
    j, many = vector * lanes, vectors * lanes
    y, start, a, m = part(y, row, j), part(start, row, j), part(a, row, 0), part(m, 0, j)
    whole, filled = many // wide * wide, columns - j
    _wide_panels(layout, rows, inner, whole, filled, y, start, a, m)
    if many > whole:
        y, start, m = part(y, 0, whole), part(start, 0, whole), part(m, 0, whole)
        _narrow_panels(layout, rows, inner, many - whole, filled - whole, y, start, a, m)


def _rows_added(size):
    @inlined
    def added(rows, y, start, d, stride):
        value = load_many(size, start, 0)
        for r in range(rows):
            value = value + load_many(size, d, r * stride)
        store(y, 0, value)

    return added


_wide_added, _narrow_added = _rows_added(2), _rows_added(1)


@apart
def add_rows(layout, rows, columns, y, start, d, stride):
    """y[:] = start[:] + the sum of the rows of d."""
    keep_apart()
    j, many = portion(layout, -(-columns // layout.lanes) * layout.lanes)
    end = j + many
    while j < end:
        if end - j >= 2 * layout.lanes:
            _wide_added(rows, y + j, start + j, d + j, stride)
            j += 2 * layout.lanes
        else:
            _narrow_added(rows, y + j, start + j, d + j, stride)
            j += layout.lanes


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


def _over_lists(tile_of):
    """A product over lists: a row `r` of one matrix with the rows of another that list r names.

    Threads divide its columns.
    """
    tile_1, tile_2, tile_4 = tile_of(1), tile_of(2), tile_of(4)

    @apart
    def product(layout, rows, list_stride, one, other, stride):
        keep_apart()
        lanes, values, numbers, counts = layout.lanes, layout.values, layout.numbers, layout.counts
        j, many = portion(layout, stride)
        end = j + many
        while j < end:
            left = (end - j) // lanes
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
