"""Copying part of a matrix turned, eight rows and eight columns at a time."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import LanesType, vector_type
from runner.compiled.kernels.numba_options import apart, inlined
from runner.compiled.structures import WIDTH


def _interleaved(builder, one, other):
    """Two vectors, element by element in turn -> the first half and the second."""
    i32 = ir.IntType(32)
    for start in (0, WIDTH // 2):
        order = [start + k // 2 + WIDTH * (k % 2) for k in range(WIDTH)]
        mask = ir.Constant(ir.VectorType(i32, WIDTH), order)
        yield builder.shuffle_vector(one, other, mask)


@intrinsic
def turn_block(_typing, numbers, step, to, to_step):
    """to[c to_step + r] = numbers[r step + c] for r and c below 8.

    Row r in turn with row r + 4, three times: each brings one more bit of the row to the front.
    """
    lanes = LanesType(numbers.dtype)

    def emit(context, builder, _sig, args):
        numbers, step, to, to_step = args
        align, kind = lanes.dtype.bitwidth // 8, vector_type(lanes).as_pointer()

        def place(start, by, number):
            at = builder.gep(start, [builder.mul(by, by.type(number))])
            return builder.bitcast(at, kind)

        rows = [builder.load(place(numbers, step, r), align=align) for r in range(WIDTH)]
        for _ in range(3):
            halves = range(WIDTH // 2)
            rows = [v for r in halves for v in _interleaved(builder, rows[r], rows[r + 4])]
        for c, row in enumerate(rows):
            builder.store(row, place(to, to_step, c), align=align)
        return context.get_dummy_value()

    whole = types.intp
    return types.none(numbers, whole, to, whole), emit


@inlined
def turn_edge(of, step, rows, to, to_step):
    """A block with fewer rows."""
    for r in range(WIDTH):
        for c in range(WIDTH):
            to[c * to_step + r] = of[r * step + c] if r < rows else 0.0


@apart
def copy_turned(of, step, rows, columns, to, to_step):
    """to[c to_step + r] = of[r step + c], 0 from `rows` on.

    columns: rounded up to whole eights, as far as `of` and `to` have to reach.
    """
    for r in range(0, to_step, WIDTH):
        for c in range(0, columns, WIDTH):
            block, place = of + (r * step + c), to + (c * to_step + r)
            if r + WIDTH <= rows:
                turn_block(block, step, place, to_step)
            else:
                turn_edge(block, step, rows - r, place, to_step)
