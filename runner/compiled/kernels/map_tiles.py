"""Tiles of a convolution that stay in the processor's registers over a whole sum.

Vectors lie across samples, or across samples and columns of a map: what is multiplied is a weight,
the same for all lanes, and a vector of 64 bytes. Which weight and which vector a term takes stands
in tables, so one tile is a convolution, its way back, and both ways of a dense layer. A tile's
shape changes no bit: each element has a sum of its own.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import LanesType, call_llvm, in_all_lanes
from runner.compiled.kernels.register_tiles import at_most, counted_loop, read_vector, vector_at
from runner.compiled.structures import VECTOR_BYTES

_I32 = ir.IntType(32)


def product_tile(rows, vectors):
    """tile(left, many, y, y_step, start, start_step, w, w_step, x, terms, inner, places).

    y[r y_step + to_p] = start[r start_step] + sum_k w[w_k + r w_step] x[x_k + from_p], k ascending.
    terms: x_k, w_k in turn, `inner` of them; places: from_p, to_p in turn. Where fewer rows or
    vectors are left than the tile has (`left`, `many`), the last ones are computed again.
    """

    @intrinsic
    def tile(_typing, left, many, y, y_step, start, start_step, w, w_step, x, terms, inner, places):
        lanes = LanesType(x.dtype, VECTOR_BYTES * 8 // x.dtype.bitwidth)

        def emit(context, builder, _sig, args):
            left, many, y, y_step, start, start_step, w, w_step, x, terms, inner, places = args
            one = left.type(1)
            numbers = [at_most(builder, left.type(r), builder.sub(left, one)) for r in range(rows)]
            columns = [
                builder.shl(at_most(builder, one.type(p), builder.sub(many, one)), one)
                for p in range(vectors)
            ]
            of = [builder.gep(w, [builder.mul(r, w_step)]) for r in numbers]
            from_ = [builder.gep(x, [_word(builder, places, p)]) for p in columns]
            sums = []
            for r in numbers:
                first = builder.load(builder.gep(start, [builder.mul(r, start_step)]))
                sums += [in_all_lanes(builder, first, lanes.width)] * vectors

            def add(k, sums):
                place = builder.shl(k, one)
                at, weight = (
                    _word(builder, terms, builder.add(place, one.type(j))) for j in (0, 1)
                )
                values = [read_vector(builder, lanes, each, at) for each in from_]
                changed = []
                for r, each in enumerate(of):
                    number = builder.load(builder.gep(each, [weight]))
                    factor = in_all_lanes(builder, number, lanes.width)
                    for p, value in enumerate(values):
                        total = sums[r * vectors + p]
                        changed.append(call_llvm(builder, "fma", factor, value, total))
                return changed

            sums = counted_loop(builder, inner, sums, add)
            to = [_word(builder, places, builder.add(p, one)) for p in columns]
            for r, number in enumerate(numbers):
                row = builder.mul(number, y_step)
                for p, column in enumerate(to):
                    place = vector_at(builder, lanes, y, builder.add(row, column))
                    builder.store(sums[r * vectors + p], place, align=lanes.dtype.bitwidth // 8)
            return context.get_dummy_value()

        n = types.intp
        return types.none(n, n, y, n, start, n, w, n, x, terms, n, places), emit

    return tile


def gradient_tile(rows, taps):
    """tile(left, many, g, g_step, d, d_step, x, offsets, places, whole, part, mask).

    g[k_t g_step + r] += the lanes' sum, by one tree, of sum_p d[r d_step + to_p] x[x_t + from_p],
    where p goes through `whole` places and then through `part` more whose d counts as often as
    `mask` says. offsets: of the taps x_t and k_t in turn. As in `product_tile` the last are
    computed again where fewer are left, but not added twice.
    """

    @intrinsic
    def tile(_typing, left, many, g, g_step, d, d_step, x, offsets, places, whole, part, mask):
        lanes = LanesType(x.dtype, VECTOR_BYTES * 8 // x.dtype.bitwidth)

        def emit(context, builder, _sig, args):
            left, many, g, g_step, d, d_step, x, offsets, places, whole, part, mask = args
            one = left.type(1)
            numbers = [at_most(builder, left.type(r), builder.sub(left, one)) for r in range(rows)]
            chosen = [
                builder.shl(at_most(builder, one.type(t), builder.sub(many, one)), one)
                for t in range(taps)
            ]
            of = [builder.gep(d, [builder.mul(r, d_step)]) for r in numbers]
            from_ = [builder.gep(x, [_word(builder, offsets, t)]) for t in chosen]
            zero = ir.Constant(ir.VectorType(g.type.pointee, lanes.width), None)
            sums = [zero] * (rows * taps)
            share = read_vector(builder, lanes, mask, one.type(0))

            def adding(masked):
                def add(p, sums):
                    if masked:
                        p = builder.add(p, whole)
                    place = builder.shl(p, one)
                    at, to = (
                        _word(builder, places, builder.add(place, one.type(j))) for j in (0, 1)
                    )
                    deltas = [read_vector(builder, lanes, each, to) for each in of]
                    if masked:
                        deltas = [builder.fmul(each, share) for each in deltas]
                    changed = list(sums)
                    for t, each in enumerate(from_):
                        value = read_vector(builder, lanes, each, at)
                        for r, delta in enumerate(deltas):
                            at_ = r * taps + t
                            changed[at_] = call_llvm(builder, "fma", delta, value, sums[at_])
                    return changed

                return add

            sums = _loop_if_any(builder, whole, sums, adding(False))
            sums = _loop_if_any(builder, part, sums, adding(True))
            of_taps = [_word(builder, offsets, builder.add(tap, one)) for tap in chosen]
            rows_of = [builder.mul(k, g_step) for k in of_taps]
            to = [[builder.gep(g, [builder.add(row, r)]) for row in rows_of] for r in numbers]
            _add_once(builder, to, lane_totals(builder, sums), left, many)
            return context.get_dummy_value()

        n = types.intp
        return types.none(n, n, g, n, d, n, x, offsets, places, n, n, mask), emit

    return tile


def _add_once(builder, rows, totals, left, many):
    """Adds to the numbers at places, a list of taps a row, but where they come again."""
    for r, places in enumerate(rows):
        for t, place in enumerate(places):
            old = builder.load(place)
            new = builder.fadd(old, totals[r * len(places) + t])
            counts = builder.and_(
                builder.icmp_signed("<", left.type(r), left),
                builder.icmp_signed("<", left.type(t), many),
            )
            builder.store(builder.select(counts, new, old), place)


def lane_totals(builder, vectors):
    """Of each vector the sum of its lanes: lane j and lane j + half, until one is left.

    Vectors are folded two at a time, so that none is folded alone.
    """
    width = vectors[0].type.count
    totals = []
    for start in range(0, len(vectors), width):
        group = vectors[start : start + width]
        segment, level = width, list(group)
        while segment > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [_folded(builder, pair[0], pair[-1], segment) for pair in pairs]
            segment //= 2
        totals += [builder.extract_element(level[0], _I32(j)) for j in range(len(group))]
    return totals


def _folded(builder, a, b, segment):
    """Halves of each segment of a, then of b, added."""
    width = a.type.count
    half = segment // 2
    places = [s + j for s in range(0, 2 * width, segment) for j in range(half)]
    parts = (
        builder.shuffle_vector(
            a, b, ir.Constant(ir.VectorType(_I32, width), [place + shift for place in places])
        )
        for shift in (0, half)
    )
    return builder.fadd(*parts)


def _word(builder, table, place):
    return builder.load(builder.gep(table, [place]))


def _loop_if_any(builder, count, values, body):
    """As `counted_loop`, and nothing where `count` is 0."""
    before = builder.block
    inside, after = builder.append_basic_block("some"), builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed(">", count, count.type(0)), inside, after)
    builder.position_at_end(inside)
    changed = counted_loop(builder, count, values, body)
    end = builder.block
    builder.branch(after)
    builder.position_at_end(after)
    merged = []
    for old, new in zip(values, changed, strict=True):
        phi = builder.phi(new.type)
        phi.add_incoming(old, before)
        phi.add_incoming(new, end)
        merged.append(phi)
    return merged
