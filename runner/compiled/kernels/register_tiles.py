"""A tile of a product that stays in the processor's registers over a whole sum.

Its shape is the processor's: as many rows and vectors as its registers hold, with room for a vector
of M and a number of A. The shape changes no bit: each element has a sum of its own.
"""

from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import LanesType, call_llvm, in_all_lanes, vector_type
from runner.compiled.numba_inside import target_features
from runner.compiled.structures import VECTOR_BYTES

TILE_VECTORS, TILE_ROWS = (2, {2: 8, 1: 12}) if "avx512f" in target_features() else (1, {1: 6})
"""The widest tile's vectors, and rows by width. With 32 registers of 64 bytes up to 16 hold
sums; with 16 of 32 bytes (AVX2) 12."""


def register_tile(rows, size):
    """tile(left, inner, y, start, a, m, m_step), of `rows` rows and `size` vectors of 64 bytes.

    Y[r, :] = start[r, :] + sum_k A[r, k] M[k, :], k ascending. y, start, a: matrices, the first two
    with `across` 1; m_step: from a row of M to the next. Where fewer rows are left than a tile has,
    the last one is computed again.
    """

    @intrinsic
    def tile(_typing, left, inner, y, start, a, m, m_step):
        lanes = LanesType(m.dtype, size * VECTOR_BYTES * 8 // m.dtype.bitwidth)

        def emit(context, builder, _sig, args):
            left, inner, y, start, a, m, m_step = args
            y, y_step, _ = (builder.extract_value(y, k) for k in range(3))
            start, start_step, _ = (builder.extract_value(start, k) for k in range(3))
            a, row_step, k_step = (builder.extract_value(a, k) for k in range(3))
            last = builder.sub(left, left.type(1))
            numbers = [at_most(builder, left.type(r), last) for r in range(rows)]
            sums = [read_vector(builder, lanes, start, builder.mul(r, start_step)) for r in numbers]
            of = [builder.gep(a, [builder.mul(r, row_step)]) for r in numbers]

            def add(k, sums):
                v = read_vector(builder, lanes, m, builder.mul(k, m_step))
                place = builder.mul(k, k_step)
                factors = [builder.load(builder.gep(each, [place])) for each in of]
                spread = [in_all_lanes(builder, each, lanes.width) for each in factors]
                pairs = zip(spread, sums, strict=True)
                return [call_llvm(builder, "fma", v, x, total) for x, total in pairs]

            sums = counted_loop(builder, inner, sums, add)
            for r, value in zip(numbers, sums, strict=True):
                place = vector_at(builder, lanes, y, builder.mul(r, y_step))
                builder.store(value, place, align=lanes.dtype.bitwidth // 8)
            return context.get_dummy_value()

        whole = types.intp
        return types.none(whole, whole, y, start, a, m, whole), emit

    return tile


def at_most(builder, value, bound):
    """The smaller of two whole numbers."""
    return builder.select(builder.icmp_signed("<", value, bound), value, bound)


def vector_at(builder, lanes, start, place):
    """The address of the vector that begins there."""
    return builder.bitcast(builder.gep(start, [place]), vector_type(lanes).as_pointer())


def read_vector(builder, lanes, start, place):
    """The vector that begins there."""
    align = lanes.dtype.bitwidth // 8
    return builder.load(vector_at(builder, lanes, start, place), align=align)


def counted_loop(builder, count, values, body):
    """values <- body(k, values) for k = 0, 1, …, count - 1, at least once."""
    before, inside = builder.block, builder.append_basic_block("sum")
    after = builder.append_basic_block("summed")
    builder.branch(inside)
    builder.position_at_end(inside)
    k = builder.phi(count.type)
    carried = [builder.phi(value.type) for value in values]
    changed = body(k, carried)
    following = builder.add(k, count.type(1))
    starts, ends = (count.type(0), *values), (following, *changed)
    for phi, first, later in zip((k, *carried), starts, ends, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, inside)
    builder.cbranch(builder.icmp_signed("<", following, count), inside, after)
    builder.position_at_end(after)
    return changed
