"""A convolution in `Maps`: [map][row][column][sample], vectors across columns and samples.

    z[m] = b[m] + sum over taps of W[tap, m] x[tap's place], the taps in the weights' order

The way back to the deltas below is the same sum over maps with a border of zeros, with zeros
between the deltas where the stride is more than 1, and with the taps turned round.
"""

from runner.compiled.kernels.lanes import (
    WIDTH,
    clear,
    load,
    load_many,
    spread,
    store,
    total,
    vector_width,
)
from runner.compiled.kernels.map_tiles import gradient_tile, product_tile
from runner.compiled.kernels.numba_options import apart
from runner.compiled.numba_inside import target_features

LARGE = "avx512f" in target_features()
HIGH, WIDE, LOW, NARROW = (
    ((6, 4), (4, 6), (4, 5), (4, 4)) if LARGE else ((3, 2), (2, 3), (2, 3), (2, 2))
)
"""Rows and vectors of tiles: with 32 registers of 64 bytes 24 hold sums; with 16 of 32, 12."""

high_product, wide_product, narrow_product = (
    product_tile(*HIGH),
    product_tile(*WIDE),
    product_tile(*NARROW),
)
high_gradient, wide_gradient, low_gradient = (
    gradient_tile(*HIGH),
    gradient_tile(*WIDE),
    gradient_tile(*LOW),
)


@apart
def copy_runs(x, planes, plane, to, to_plane, runs, many, run):
    """Numbers of each plane, `many` runs of `run` numbers, to where `runs` says."""
    wide = vector_width(x)
    for p in range(planes):
        from_, into = x + p * plane, to + p * to_plane
        for r in range(many):
            source, target = from_ + runs[2 * r], into + runs[2 * r + 1]
            if run < wide:
                for k in range(run):
                    target[k] = source[k]
            else:
                for k in range(0, run - wide, wide):
                    store(target, k, load_many(1, source, k))
                store(target, run - wide, load_many(1, source, run - wide))


@apart
def correlate(rows, y, y_step, start, start_step, w, w_step, x, terms, places, sections, many):
    """As `product_tile`, of any number of rows and of places: section after section.

    sections: of each where its places begin, how many they are, where its terms begin, how many.
    """
    high = -(-rows // HIGH[0]) * HIGH[0] < -(-rows // WIDE[0]) * WIDE[0]
    for section in range(many):
        of = sections + 4 * section
        at, left, own, inner = places + 2 * of[0], of[1], terms + 2 * of[2], of[3]
        while left > 0:
            if high:
                for r in range(0, rows, HIGH[0]):
                    to, first, v = y + r * y_step, start + r * start_step, w + r * w_step
                    high_product(
                        rows - r, left, to, y_step, first, start_step, v, w_step, x, own, inner, at
                    )
                done = HIGH[1]
            elif left > NARROW[1] and not 0 < left % WIDE[1] <= 2 * NARROW[1] - WIDE[1]:
                for r in range(0, rows, WIDE[0]):
                    to, first, v = y + r * y_step, start + r * start_step, w + r * w_step
                    wide_product(
                        rows - r, left, to, y_step, first, start_step, v, w_step, x, own, inner, at
                    )
                done = WIDE[1]
            else:
                for r in range(0, rows, NARROW[0]):
                    to, first, v = y + r * y_step, start + r * start_step, w + r * w_step
                    narrow_product(
                        rows - r, left, to, y_step, first, start_step, v, w_step, x, own, inner, at
                    )
                done = NARROW[1]
            at, left = at + 2 * done, left - done


def _gradient_by(tile, rows_of, taps_of):
    @apart
    def product(maps, g, d, plane, x, terms, taps, places, whole, part, fresh):
        for t in range(0, taps, taps_of):
            for m in range(0, maps, rows_of):
                to, of, at = g + m, d + m * plane, terms + 2 * t
                tile(maps - m, taps - t, to, 1, of, plane, x, at, places, whole, part, fresh)

    return product


gradient_by_high = _gradient_by(high_gradient, *HIGH)
gradient_by_wide = _gradient_by(wide_gradient, *WIDE)
gradient_by_low = _gradient_by(low_gradient, *LOW)


@apart
def cost(maps, taps, rows_of, taps_of):
    """Products that tiles of that shape compute."""
    return -(-maps // rows_of) * rows_of * -(-taps // taps_of) * taps_of


@apart
def put_border(shape, below):
    """What comes in, into `shape.bordered`, whose border stays zero."""
    copy_runs(
        below,
        shape.channels,
        shape.plane_below,
        shape.bordered,
        shape.plane_bordered,
        shape.runs,
        shape.many_runs,
        shape.run,
    )


def sums(shape, row, with_bias, parameters, below, z):
    """z = b + W x."""
    x = below
    if shape.border:
        x = shape.bordered
        put_border(shape, below)
    start = parameters + row.bias if with_bias else shape.nothing
    correlate(
        shape.maps,
        z,
        shape.plane,
        start,
        1 if with_bias else 0,
        parameters + row.weights,
        1,
        x,
        shape.terms,
        shape.places,
        shape.sections,
        1,
    )


def gradient(shape, row, with_bias, _parameters, memory_gradient, below, deltas, added, _count):
    """dL/dW[tap, m] = sum d[m] x[tap's place], dL/db[m] = sum d[m]; the way forward's border."""
    g, plane, maps, taps = memory_gradient + row.weights, shape.plane, shape.maps, shape.taps
    if not added:
        clear(g, taps * row.width)
    x = shape.bordered if shape.border else below
    if shape.border_again:
        put_border(shape, below)
    terms, places, whole, part = shape.terms, shape.places, shape.whole, shape.part
    high, wide = cost(maps, taps, HIGH[0], HIGH[1]), cost(maps, taps, WIDE[0], WIDE[1])
    low = cost(maps, taps, LOW[0], LOW[1])
    if wide <= high and wide <= low:
        gradient_by_wide(maps, g, deltas, plane, x, terms, taps, places, whole, part, shape.fresh)
    elif high <= low:
        gradient_by_high(maps, g, deltas, plane, x, terms, taps, places, whole, part, shape.fresh)
    else:
        gradient_by_low(maps, g, deltas, plane, x, terms, taps, places, whole, part, shape.fresh)
    if with_bias:
        add_planes(memory_gradient + row.bias, maps, deltas, plane, added)


@apart
def add_planes(bias, maps, deltas, plane, added):
    """bias[m] = the sum of a map's deltas, lane by lane, then by one tree; the rest by itself."""
    for m in range(maps):
        d = deltas + m * plane
        one, other = spread(deltas, 0.0), spread(deltas, 0.0)
        whole = plane - plane % (2 * WIDTH)
        for k in range(0, whole, 2 * WIDTH):
            one, other = one + load(d, k), other + load(d, k + WIDTH)
        value = total(one + other)
        for k in range(whole, plane):
            value += d[k]
        bias[m] = bias[m] + value if added else value


def deltas_below(shape, row, parameters, deltas, below_deltas):
    """d_below[c] = sum over maps and taps of W d, of the deltas with zeros around and between."""
    copy_runs(
        deltas,
        shape.maps,
        shape.plane,
        shape.spread,
        shape.plane_spread,
        shape.runs_back,
        shape.many_runs_back,
        shape.run_back,
    )
    correlate(
        shape.channels,
        below_deltas,
        shape.plane_below,
        shape.nothing,
        0,
        parameters + row.weights,
        shape.row_below,
        shape.spread,
        shape.terms_back,
        shape.places_back,
        shape.sections_back,
        shape.many_sections_back,
    )
