"""Pooling in `Maps`: a window's cells, one after the other, for a vector of samples at a time."""

from runner.compiled.kernels.lanes import choose, clear, load_many, vector_width, zeros
from runner.compiled.kernels.numba_options import apart, forced
from runner.compiled.kernels.partial_vectors import store_some


def largest(shape, _row, _with_bias, _parameters, below, z):
    """z = max over a window, the first of equals; NaN only where the first is."""
    wide, lanes = vector_width(z), shape.lanes
    for m in range(shape.maps):
        x = below + m * shape.plane_below
        to, chosen = z + m * shape.plane, shape.largest + m * shape.plane
        for p in range(shape.many_places):
            first, at = x + shape.places[2 * p], shape.places[2 * p + 1]
            for s in range(0, lanes, wide):
                best, where = load_many(1, first, shape.cells[0] + s), zeros(1, z)
                for c in range(1, shape.many_cells):
                    value = load_many(1, first, shape.cells[c] + s)
                    higher = value > best
                    best, where = choose(higher, value, best), choose(higher, float(c), where)
                store_some(to, at + s, best, lanes - s)
                store_some(chosen, at + s, where, lanes - s)


def mean(shape, _row, _with_bias, _parameters, below, z):
    """z = the sum over a window, cell by cell, divided by their number."""
    wide, lanes = vector_width(z), shape.lanes
    for m in range(shape.maps):
        x, to = below + m * shape.plane_below, z + m * shape.plane
        for p in range(shape.many_places):
            first, at = x + shape.places[2 * p], to + shape.places[2 * p + 1]
            for s in range(0, lanes, wide):
                value = zeros(1, z)
                for c in range(shape.many_cells):
                    value = value + load_many(1, first, shape.cells[c] + s)
                store_some(at, s, value / float(shape.many_cells), lanes - s)


def no_gradient(_shape, _row, _bias, _parameters, _gradient, _below, _deltas, _added, _count):
    """A pooling has no parameters."""


@apart
def start_below(shape, deltas):
    """The deltas below, 0 where no window, or more than one, adds to them."""
    if shape.overlapping or not shape.covering:
        clear(deltas, shape.maps * shape.plane_below)


@forced
def put(shape, to, at, value, left):
    """A window's part of the deltas below; the only one unless windows overlap."""
    if shape.overlapping:
        value = load_many(1, to, at) + value
    store_some(to, at, value, left)


def largest_below(shape, _row, _parameters, deltas, below_deltas):
    """The delta to the cell of a window that was the largest."""
    start_below(shape, below_deltas)
    wide, lanes = vector_width(deltas), shape.lanes
    for m in range(shape.maps):
        chosen, d = shape.largest + m * shape.plane, deltas + m * shape.plane
        to = below_deltas + m * shape.plane_below
        for p in range(shape.many_places):
            first, at = shape.places[2 * p], shape.places[2 * p + 1]
            for s in range(0, lanes, wide):
                where, delta = load_many(1, chosen, at + s), load_many(1, d, at + s)
                for c in range(shape.many_cells):
                    part = choose(where == float(c), delta, 0.0)
                    put(shape, to, first + shape.cells[c] + s, part, lanes - s)


def mean_below(shape, _row, _parameters, deltas, below_deltas):
    """To each of a window's cells its share of the delta."""
    start_below(shape, below_deltas)
    wide, lanes = vector_width(deltas), shape.lanes
    for m in range(shape.maps):
        d, to = deltas + m * shape.plane, below_deltas + m * shape.plane_below
        for p in range(shape.many_places):
            first, at = shape.places[2 * p], shape.places[2 * p + 1]
            for s in range(0, lanes, wide):
                share = load_many(1, d, at + s) / float(shape.many_cells)
                for c in range(shape.many_cells):
                    put(shape, to, first + shape.cells[c] + s, share, lanes - s)
