"""Work divided among threads that all run the same kernel: what of a stage is whose, and waiting.

A thread writes nothing that another reads before both have waited for all. What is divided is the
elements of a result, never a sum: whoever computes an element computes the same bits.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.numba_options import apart, quick

PATIENCE = 300_000
"""Looks at the others' arrival, a fifth of a millisecond, before a thread rests. Longer than a nap
takes: else who comes late because of one lets the others nap, and so on for ever."""
NAP = 20
"""Microseconds of a rest. A thread that only gave way would have its processor back after whoever
else wants it had milliseconds; one that sleeps a little goes before them."""
COPYING = 4
"""What copying a panel costs, in rows of the product."""


@quick
def portion(layout, count):
    """Of `count` numbers, whole vectors, those of this thread -> the first, and how many."""
    if layout.threads == 1:  # dividing takes as long as a small layer
        return 0, count
    vectors, index, threads = count // layout.lanes, layout.thread, layout.threads
    first = vectors * index // threads
    return first * layout.lanes, (vectors * (index + 1) // threads - first) * layout.lanes


@quick
def portion_of_rows(layout, rows):
    """Of so many rows those of this thread -> the first, and how many."""
    if layout.threads == 1:
        return 0, rows
    first = rows * layout.thread // layout.threads
    return first, rows * (layout.thread + 1) // layout.threads - first


@quick
def portion_of_product(layout, rows, vectors):
    """The part of rows x vectors that this thread computes -> row, rows, vector, vectors.

    The threads stand in a grid, the one in which the slowest has least to do.
    """
    if layout.threads == 1:
        return 0, rows, 0, vectors
    threads, best, down = layout.threads, -1, 1
    for many in range(1, threads + 1):
        if threads % many == 0:
            across = threads // many
            cost = (-(-rows // many) + COPYING) * -(-vectors // across)
            if best < 0 or cost < best:
                best, down = cost, many
    across = threads // down
    r, c = layout.thread // across, layout.thread % across
    row, vector = rows * r // down, vectors * c // across
    return row, rows * (r + 1) // down - row, vector, vectors * (c + 1) // across - vector


@intrinsic
def arrive(_typing, arrivals):
    """Adds one to a number that all threads see -> what it was."""

    def emit(_context, builder, _sig, args):
        return builder.atomic_rmw("add", args[0], ir.IntType(64)(1), "acq_rel")

    return types.int64(arrivals), emit


@intrinsic
def arrived(_typing, arrivals):
    """That number, and all that was written before it."""

    def emit(_context, builder, _sig, args):
        return builder.load_atomic(args[0], "acquire", 8)

    return types.int64(arrivals), emit


@intrinsic
def rest(_typing, address):
    """Calls the system's function at that address with a number of microseconds: others may run."""

    def emit(context, builder, _sig, args):
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [number]).as_pointer()
        builder.call(builder.inttoptr(args[0], kind), [number(NAP)])
        return context.get_dummy_value()

    return types.none(address), emit


@apart
def wait_for_all(layout):
    """Until every thread has come here as often as this one."""
    threads = layout.threads
    come = arrive(layout.arrivals) + 1
    all_of_them = -(-come // threads) * threads
    looks = 0
    while arrived(layout.arrivals) < all_of_them:
        looks += 1
        if looks > PATIENCE:
            rest(layout.rest)


@quick
def wait(layout):
    """Where the next stage reads what other threads write in this one."""
    if layout.threads > 1:
        wait_for_all(layout)
