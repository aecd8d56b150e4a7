"""Numbers side by side: a Numba value that LLVM keeps in vector registers.

`Lanes` is <n x double> or <n x float> in LLVM's language. A kernel written with it is vector code
by construction: no vectoriser decides anything and nothing is reassociated, so the same source
rounds alike wherever it runs, with AVX-512, AVX2, SSE2 or NEON.

    x = load(p, at)            # p[at], …, p[at+7], eight lanes
    x = load_many(2, p, at)    # as many as fill two vectors of 64 bytes
    y = x * 2.0 + x            # + - * / with lanes or scalars; a scalar is converted
    store(p, at, y)
    total(y)                   # ((y0+y4)+(y2+y6)) + ((y1+y5)+(y3+y7)), always this tree
    choose(x > 0.0, x, 0.0)    # lane by lane; a comparison with NaN is false
"""

import operator

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from runner.compiled.kernels.numba_options import apart
from runner.compiled.structures import VECTOR_BYTES, WIDTH

_I32 = ir.IntType(32)
_ELEMENT = {
    types.float64: ir.DoubleType(),
    types.float32: ir.FloatType(),
    types.boolean: ir.IntType(1),
    types.uint32: ir.IntType(32),
}


class LanesType(types.Type):
    """`width` numbers of `dtype` (float32, float64, uint32) or truth values (boolean)."""

    def __init__(self, dtype, width=WIDTH):
        self.dtype = dtype
        self.width = width
        super().__init__(f"Lanes({dtype} x {width})")


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, vector_type(kind))


def vector_type(kind):
    """LLVM's, of a `LanesType`."""
    return ir.VectorType(_ELEMENT[kind.dtype], kind.width)


def in_all_lanes(builder, scalar, width):
    """One scalar in all lanes."""
    kind = ir.VectorType(scalar.type, width)
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, scalar, _I32(0))
    return builder.shuffle_vector(
        first, undefined, ir.Constant(ir.VectorType(_I32, width), [0] * width)
    )


def _as_lanes(context, builder, value, kind, lanes):
    if isinstance(kind, LanesType):
        return value
    return in_all_lanes(builder, context.cast(builder, value, kind, lanes.dtype), lanes.width)


def _lanes_of(args):
    """The lanes' type of an operation's arguments, None when it is none of ours."""
    kinds = [kind for kind in args if isinstance(kind, LanesType)]
    scalars = (types.Number, types.Boolean)
    fits = kinds and all(kind == kinds[0] or isinstance(kind, scalars) for kind in args)
    return kinds[0] if fits else None


def _truths(lanes):
    return LanesType(types.boolean, lanes.width)


def _operator(function, emit, result=lambda lanes: lanes):
    """Teaches Numba `function` on lanes: emit(builder, *vectors) writes the instruction."""

    def typed(*args):
        lanes = _lanes_of(args)
        return None if lanes is None else result(lanes)(*args)

    type_callable(function)(lambda _context: typed)

    def lower(context, builder, sig, args):
        lanes = _lanes_of(sig.args)
        values = zip(args, sig.args, strict=True)
        return emit(builder, *(_as_lanes(context, builder, v, k, lanes) for v, k in values))

    lower_builtin(function, LanesType)(lower)
    for pattern in ((LanesType, LanesType), (LanesType, types.Any), (types.Any, LanesType)):
        lower_builtin(function, *pattern)(lower)


def _negated(builder, x):
    return builder.neg(x) if isinstance(x.type.element, ir.IntType) else builder.fneg(x)


def _equal(builder, x, y):
    if isinstance(x.type.element, ir.IntType):
        return builder.icmp_unsigned("==", x, y)
    return builder.fcmp_ordered("==", x, y)


_operator(operator.and_, lambda b, x, y: b.and_(x, y))
_operator(operator.or_, lambda b, x, y: b.or_(x, y))
_operator(operator.xor, lambda b, x, y: b.xor(x, y))
_operator(operator.lshift, lambda b, x, y: b.shl(x, y))
_operator(operator.rshift, lambda b, x, y: b.lshr(x, y))
_operator(operator.neg, _negated)
_operator(operator.add, lambda b, x, y: b.fadd(x, y))
_operator(operator.sub, lambda b, x, y: b.fsub(x, y))
_operator(operator.mul, lambda b, x, y: b.fmul(x, y))
_operator(operator.truediv, lambda b, x, y: b.fdiv(x, y))
_operator(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), _truths)
_operator(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), _truths)
_operator(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), _truths)
_operator(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), _truths)
_operator(operator.eq, _equal, _truths)


def vector_place(context, builder, start, at, at_kind, lanes):
    """The address of the vector that begins at `start[at]`."""
    at = context.cast(builder, at, at_kind, types.intp)
    return builder.bitcast(builder.gep(start, [at]), vector_type(lanes).as_pointer())


def _reading(numbers, at_kind, lanes, first):
    def emit(context, builder, _sig, args):
        place = vector_place(context, builder, args[first], args[first + 1], at_kind, lanes)
        return builder.load(place, align=numbers.dtype.bitwidth // 8)

    return emit


def _many(size, numbers):
    return LanesType(numbers.dtype, size.literal_value * VECTOR_BYTES * 8 // numbers.dtype.bitwidth)


@intrinsic
def load(_typing, numbers, at):
    """The eight numbers from numbers[at] on."""
    lanes = LanesType(numbers.dtype)
    return lanes(numbers, at), _reading(numbers, at, lanes, 0)


@intrinsic(prefer_literal=True)
def load_many(_typing, size, numbers, at):
    """The numbers from numbers[at] on that fill `size` vectors of 64 bytes."""
    lanes = _many(size, numbers)
    return lanes(size, numbers, types.intp), _reading(numbers, types.intp, lanes, 1)


@intrinsic
def vector_width(_typing, numbers):
    """How many numbers fill 64 bytes."""
    width = VECTOR_BYTES * 8 // numbers.dtype.bitwidth
    return types.intp(numbers), lambda _c, _b, _sig, _args: ir.IntType(64)(width)


@intrinsic
def store(_typing, numbers, at, lanes):
    """Writes the lanes from numbers[at] on."""

    def emit(context, builder, _sig, args):
        place = vector_place(context, builder, args[0], args[1], at, lanes)
        builder.store(args[2], place, align=numbers.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(numbers, at, lanes), emit


@intrinsic
def load_strided(_typing, numbers, at, step):
    """Eight lanes j = numbers[at + j*step]."""

    def emit(context, builder, sig, args):
        place, by = (context.cast(builder, args[i], sig.args[i], types.intp) for i in (1, 2))
        vector = ir.Constant(vector_type(LanesType(numbers.dtype)), ir.Undefined)
        for lane in range(WIDTH):
            number = builder.load(builder.gep(args[0], [place]))
            vector = builder.insert_element(vector, number, _I32(lane))
            place = builder.add(place, by)
        return vector

    return LanesType(numbers.dtype)(numbers, at, step), emit


@intrinsic
def spread(_typing, like, scalar):
    """`scalar` in eight lanes, as the type of the numbers `like` points to."""

    def emit(context, builder, sig, args):
        return in_all_lanes(builder, context.cast(builder, args[1], sig.args[1], like.dtype), WIDTH)

    return LanesType(like.dtype)(like, scalar), emit


@intrinsic(prefer_literal=True)
def zeros(_typing, size, like):
    """Lanes of zeros that fill `size` vectors of 64 bytes."""
    lanes = _many(size, like)

    def emit(_context, _builder, _sig, _args):
        return ir.Constant(vector_type(lanes), None)

    return lanes(size, like), emit


@intrinsic
def choose(_typing, truths, yes, no):
    """Yes where truth holds, else no; a scalar stands for equal lanes."""
    lanes = _lanes_of([yes, no])

    def emit(context, builder, sig, args):
        chosen = (_as_lanes(context, builder, args[i], sig.args[i], lanes) for i in (1, 2))
        return builder.select(args[0], *chosen)

    return lanes(truths, yes, no), emit


@intrinsic
def one_where_above_zero(_typing, lanes):
    """1 where x > 0, else 0."""

    def emit(_context, builder, sig, args):
        zero = ir.Constant(args[0].type, None)
        one = ir.Constant(args[0].type, [1.0] * sig.return_type.width)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), one, zero)

    return lanes(lanes), emit


def call_llvm(builder, name, *vectors):
    """Calls LLVM's lane-wise function of that name; all vectors have one type."""
    kind = vectors[0].type
    suffix = "f64" if kind.element == ir.DoubleType() else "f32"
    function_type = ir.FunctionType(kind, [kind] * len(vectors))
    full = f"llvm.{name}.v{kind.count}{suffix}"
    return builder.call(builder.module.declare_intrinsic(full, fnty=function_type), vectors)


@intrinsic
def fused(_typing, a, b, c):
    """a*b + c with one rounding; a or b may be a scalar."""
    lanes = _lanes_of((a, b, c))

    def emit(context, builder, sig, args):
        values = zip(args, sig.args, strict=True)
        return call_llvm(
            builder, "fma", *(_as_lanes(context, builder, v, k, lanes) for v, k in values)
        )

    return lanes(a, b, c), emit


@intrinsic
def absolute(_typing, lanes):
    """|x|."""
    return lanes(lanes), lambda _context, builder, _sig, args: call_llvm(builder, "fabs", *args)


@intrinsic
def root(_typing, lanes):
    """The square root, correctly rounded."""
    return lanes(lanes), lambda _context, builder, _sig, args: call_llvm(builder, "sqrt", *args)


@intrinsic
def with_sign(_typing, size, sign):
    """|size| with the sign of `sign`."""
    return size(size, sign), lambda _c, builder, _sig, args: call_llvm(builder, "copysign", *args)


def _half_sum(builder, vector, width):
    halves = (
        builder.shuffle_vector(
            vector,
            vector,
            ir.Constant(ir.VectorType(_I32, width // 2), list(range(start, start + width // 2))),
        )
        for start in (0, width // 2)
    )
    return builder.fadd(*halves)


@intrinsic
def total(_typing, lanes):
    """((y0+y4)+(y2+y6)) + ((y1+y5)+(y3+y7))."""

    def emit(_context, builder, _sig, args):
        two = _half_sum(builder, _half_sum(builder, args[0], 8), 4)
        return builder.fadd(*(builder.extract_element(two, _I32(i)) for i in (0, 1)))

    return lanes.dtype(lanes), emit


@intrinsic
def shifted_to_exponent(_typing, lanes):
    """The float whose exponent field is the low bits of x's mantissa (see `exponentials`)."""
    bits, shift = (64, 52) if lanes.dtype == types.float64 else (32, 23)

    def emit(_context, builder, _sig, args):
        whole = ir.VectorType(ir.IntType(bits), lanes.width)
        raw = builder.bitcast(args[0], whole)
        moved = builder.shl(raw, ir.Constant(whole, [shift] * lanes.width))
        return builder.bitcast(moved, args[0].type)

    return lanes(lanes), emit


def _every_second(start):
    order = ir.Constant(ir.VectorType(_I32, WIDTH), list(range(start, 2 * WIDTH, 2)))

    def pick(_typing, low, high):
        def emit(_context, builder, _sig, args):
            return builder.shuffle_vector(args[0], args[1], order)

        return low(low, high), emit

    return pick


evens = intrinsic(_every_second(0))  # lanes 0, 2, … of the sixteen lanes low, high
odds = intrinsic(_every_second(1))  # lanes 1, 3, …


@intrinsic
def to_double(_typing, words):
    """uint32 lanes below 2^31 as float64 lanes."""

    def emit(_context, builder, _sig, args):
        return builder.sitofp(args[0], ir.VectorType(ir.DoubleType(), WIDTH))

    return LanesType(types.float64)(words), emit


@apart
def clear(numbers, count):
    """0, in as many whole vectors as have `count` numbers."""
    for k in range(0, count, WIDTH):
        store(numbers, k, spread(numbers, 0.0))
