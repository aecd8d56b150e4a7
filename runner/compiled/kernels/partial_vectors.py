"""Vectors of which some lanes alone are written."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from runner.compiled.kernels.lanes import in_all_lanes, vector_place


@intrinsic
def store_some(_typing, numbers, at, lanes, count):
    """Writes the first `count` lanes from numbers[at] on, or all where there are no more."""

    def emit(context, builder, sig, args):
        place = vector_place(context, builder, args[0], args[1], at, lanes)
        left = context.cast(builder, args[3], count, types.intp)
        align = ir.IntType(32)(numbers.dtype.bitwidth // 8)
        with builder.if_else(builder.icmp_signed(">=", left, left.type(lanes.width))) as (
            all_,
            some,
        ):
            with all_:
                builder.store(args[2], place, align=align.constant)
            with some:
                numbered = ir.Constant(
                    ir.VectorType(left.type, lanes.width), list(range(lanes.width))
                )
                mask = builder.icmp_signed("<", numbered, in_all_lanes(builder, left, lanes.width))
                kinds = [args[2].type, place.type, align.type, mask.type]
                suffix = f"v{lanes.width}f{lanes.dtype.bitwidth}.p0"
                store_masked = builder.module.declare_intrinsic(
                    f"llvm.masked.store.{suffix}", fnty=ir.FunctionType(ir.VoidType(), kinds)
                )
                builder.call(store_masked, [args[2], place, align, mask])
        return context.get_dummy_value()

    return types.none(numbers, at, lanes, count), emit
