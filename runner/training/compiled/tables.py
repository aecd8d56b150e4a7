"""Element-wise functions that the kernel calls by address, each compiled by itself when first used.

So a kernel need not be compiled anew for an activation, a loss, an optimizer or a penalty, and one
that is never chosen is never compiled.
"""

from collections.abc import Callable
from functools import cache

from numba import cfunc, types

from runner.training.compiled.caching import keep_on_disk
from runner.training.compiled.pointers import PointerType, caller

NUMBERS = "numbers"  # stands for a pointer to numbers of the run's dtype

FORWARD = types.none, (NUMBERS, NUMBERS, types.intp)
"""(z, a, count): a = f(z)."""
SLOPE = types.none, (NUMBERS, NUMBERS, NUMBERS, types.intp)
"""(z, a, deltas, count): deltas <- deltas f'(z)."""
LOSS = types.float64, (NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, types.intp)
"""(z, a, wanted, real, deltas, count) -> sum; deltas = dL/da, or dL/dz; real is 0 for padding."""
UPDATE = (
    types.none,
    (
        NUMBERS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
        types.intp,
        types.float64,
        types.intp,
        PointerType(types.float64),
    ),
)
"""(parameters, gradient, slots, is_weight, count, learning_rate, step, settings): in place."""

RESTRAIN = types.none, (NUMBERS, NUMBERS, NUMBERS, types.intp, PointerType(types.float64))
"""(parameters, gradient, is_weight, count, limits): the gradient in place."""
SHORTEN = types.none, (NUMBERS, NUMBERS, PointerType(types.int64), types.intp, types.float64)
"""(parameters, norms, places, layers, max_norm): the parameters in place."""

NORMALIZE = types.none, (*[NUMBERS] * 5, PointerType(types.int64), types.intp)
"""(z, normal, inverse, parameters, real, row, count): z and the running statistics in place."""
NORMALIZE_BACK = types.none, (*[NUMBERS] * 6, PointerType(types.int64), types.intp)
"""(deltas, normal, inverse, parameters, gradient, real, row, count): deltas in place."""


def _caller(name, signature):
    result, kinds = signature
    return caller(name, result, [None if kind is NUMBERS else kind for kind in kinds])


call_forward = _caller("call_forward", FORWARD)
call_slope = _caller("call_slope", SLOPE)
call_loss = _caller("call_loss", LOSS)
call_update = _caller("call_update", UPDATE)
call_normalize = _caller("call_normalize", NORMALIZE)
call_normalize_back = _caller("call_normalize_back", NORMALIZE_BACK)
call_restrain = _caller("call_restrain", RESTRAIN)
call_shorten = _caller("call_shorten", SHORTEN)


@cache
def address(function: Callable[..., object], signature, dtype: str) -> int:
    """Where `function`, compiled for numbers of `dtype`, begins; it stays with the process."""
    result, kinds = signature
    numbers = PointerType(types.float32 if dtype == "float32" else types.float64)
    returned = types.void if result == types.none else result
    exact = returned(*(numbers if kind is NUMBERS else kind for kind in kinds))
    compiled = keep_on_disk(cfunc, exact, error_model="numpy")(function)
    _ALIVE.append(compiled)
    return compiled.address


_ALIVE: list[object] = []
