"""Functions that the kernel calls by address, each compiled by itself when first used.

So a kernel need not be compiled anew for an activation, a loss, an optimizer or a penalty, and one
that is never chosen is never compiled.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import types

from runner.compiled.kernels import (
    convolution_kernels,
    dense_kernels,
    elman_kernels,
    gru_kernels,
    lstm_kernels,
    normalization_kernels,
    pooling_kernels,
    recurrent_kernels,
)
from runner.compiled.kernels.activation_kernels import ACTIVATIONS
from runner.compiled.kernels.loss_kernels import LOSSES
from runner.compiled.kernels.optimizer_kernels import OPTIMIZERS
from runner.compiled.kernels.pointers import PointerType, caller, teach_fields
from runner.compiled.kernels.restraint_kernels import restrain, shorten
from runner.compiled.structures import NUMBERS, PLAN, SHAPE, SHAPES, LayerPlan

COUNT, NUMBER = types.intp, types.float64
DOUBLES = PointerType(types.float64)
teach_fields(LayerPlan, *SHAPES.values())


class FunctionKind(NamedTuple):
    """Functions that are called alike."""

    functions: dict[str, Callable[..., object]]
    arguments: tuple[object, ...]
    """Numba types; `NUMBERS`, `PLAN` and `SHAPE` stand for pointers, as in `structures`."""
    result: types.Type = types.none


SUMS = {
    "convolution": convolution_kernels.sums,
    "dense": dense_kernels.sums,
    "elman": elman_kernels.sums,
    "gru": gru_kernels.sums,
    "lstm": lstm_kernels.sums,
    "max_pooling": pooling_kernels.largest,
    "mean_pooling": pooling_kernels.mean,
}
GRADIENT = {
    "convolution": convolution_kernels.gradient,
    "dense": dense_kernels.gradient,
    "elman": elman_kernels.gradient,
    "gru": gru_kernels.gradient,
    "lstm": lstm_kernels.gradient,
    "max_pooling": pooling_kernels.no_gradient,
    "mean_pooling": pooling_kernels.no_gradient,
}
DELTAS_BELOW = {
    "convolution": convolution_kernels.deltas_below,
    "dense": dense_kernels.deltas_below,
    "elman": recurrent_kernels.deltas_below,
    "gru": recurrent_kernels.deltas_below,
    "lstm": recurrent_kernels.deltas_below,
    "max_pooling": pooling_kernels.largest_below,
    "mean_pooling": pooling_kernels.mean_below,
}
"""What a kind of layer does in `Maps`, each with a shape of its own (`structures.SHAPES`).

A kernel calls all of a table alike, so each takes what some of them need; what it has no use for
is named with `_`.
"""
KINDS = {
    # (z, a, count): a = f(z)
    "forward": FunctionKind(
        {name: each.forward for name, each in ACTIVATIONS.items()}, (NUMBERS, NUMBERS, COUNT)
    ),
    # (z, a, deltas, count): deltas <- deltas f'(z)
    "slope": FunctionKind(
        {name: each.slope for name, each in ACTIVATIONS.items()}, (*[NUMBERS] * 3, COUNT)
    ),
    # (z, a, wanted, row_weights, deltas, count, start) -> sum; deltas = dL/da, or dL/dz
    "loss": FunctionKind(LOSSES, (*[NUMBERS] * 5, COUNT, NUMBER), NUMBER),
    # (parameters, gradient, slots, is_weight, count, apart, learning_rate, step, settings)
    "update": FunctionKind(OPTIMIZERS, (*[NUMBERS] * 4, COUNT, COUNT, NUMBER, COUNT, DOUBLES)),
    # (parameters, gradient, is_weight, count, limits): the gradient in place
    "restrain": FunctionKind({"any": restrain}, (*[NUMBERS] * 3, COUNT, DOUBLES)),
    # (parameters, norms, plan, layers, max_norm): the parameters in place
    "shorten": FunctionKind({"any": shorten}, (NUMBERS, NUMBERS, PLAN, COUNT, NUMBER)),
    # (z, normal, inverse, parameters, real, row, count): z and the running statistics in place
    "normalize": FunctionKind(normalization_kernels.FORWARD, (*[NUMBERS] * 5, PLAN, COUNT)),
    # (deltas, normal, inverse, parameters, gradient, real, row, count): deltas in place
    "normalize_back": FunctionKind(normalization_kernels.BACKWARD, (*[NUMBERS] * 6, PLAN, COUNT)),
    # (shape, row, with_bias, parameters, below, z): z
    "sums": FunctionKind(SUMS, (SHAPE, PLAN, COUNT, *[NUMBERS] * 3)),
    # (shape, row, with_bias, parameters, gradient, below, deltas, added, count): its part of that
    "gradient": FunctionKind(GRADIENT, (SHAPE, PLAN, COUNT, *[NUMBERS] * 4, COUNT, COUNT)),
    # (shape, row, parameters, deltas, below_deltas): below_deltas
    "deltas_below": FunctionKind(DELTAS_BELOW, (SHAPE, PLAN, *[NUMBERS] * 3)),
}


def _caller(name):
    kind = KINDS[name]
    arguments = [
        # A shape's address is a number in the plan, and that of another structure for each kind.
        COUNT if argument == SHAPE else None if isinstance(argument, str) else argument
        for argument in kind.arguments
    ]
    return caller(f"call_{name}", kind.result, arguments)


call_forward = _caller("forward")
call_slope = _caller("slope")
call_loss = _caller("loss")
call_update = _caller("update")
call_normalize = _caller("normalize")
call_normalize_back = _caller("normalize_back")
call_restrain = _caller("restrain")
call_shorten = _caller("shorten")
call_sums = _caller("sums")
call_gradient = _caller("gradient")
call_deltas_below = _caller("deltas_below")
