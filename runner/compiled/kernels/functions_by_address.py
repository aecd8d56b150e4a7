"""Functions that the kernel calls by address, each compiled by itself when first used.

So a kernel need not be compiled anew for an activation, a loss, an optimizer or a penalty, and one
that is never chosen is never compiled.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import types

from runner.compiled.kernels import normalization_kernels
from runner.compiled.kernels.activation_kernels import ACTIVATIONS
from runner.compiled.kernels.loss_kernels import LOSSES
from runner.compiled.kernels.optimizer_kernels import OPTIMIZERS
from runner.compiled.kernels.pointers import PointerType, caller, teach_fields
from runner.compiled.kernels.restraint_kernels import restrain, shorten
from runner.compiled.structures import NUMBERS, PLAN, LayerPlan

COUNT, NUMBER = types.intp, types.float64
DOUBLES = PointerType(types.float64)
teach_fields(LayerPlan)


class Kind(NamedTuple):
    """Functions that are called alike."""

    functions: dict[str, Callable[..., object]]
    arguments: tuple[object, ...]
    """Numba types; `NUMBERS` and `PLAN` stand for pointers, as in `structures`."""
    result: types.Type = types.none


KINDS = {
    # (z, a, count): a = f(z)
    "forward": Kind(
        {name: each.forward for name, each in ACTIVATIONS.items()}, (NUMBERS, NUMBERS, COUNT)
    ),
    # (z, a, deltas, count): deltas <- deltas f'(z)
    "slope": Kind(
        {name: each.slope for name, each in ACTIVATIONS.items()}, (*[NUMBERS] * 3, COUNT)
    ),
    # (z, a, wanted, real, deltas, count, start) -> sum; deltas = dL/da, or dL/dz; real 0: padding
    "loss": Kind(LOSSES, (*[NUMBERS] * 5, COUNT, NUMBER), NUMBER),
    # (parameters, gradient, slots, is_weight, count, apart, learning_rate, step, settings)
    "update": Kind(OPTIMIZERS, (*[NUMBERS] * 4, COUNT, COUNT, NUMBER, COUNT, DOUBLES)),
    # (parameters, gradient, is_weight, count, limits): the gradient in place
    "restrain": Kind({"any": restrain}, (*[NUMBERS] * 3, COUNT, DOUBLES)),
    # (parameters, norms, plan, layers, max_norm): the parameters in place
    "shorten": Kind({"any": shorten}, (NUMBERS, NUMBERS, PLAN, COUNT, NUMBER)),
    # (z, normal, inverse, parameters, real, row, count): z and the running statistics in place
    "normalize": Kind(normalization_kernels.FORWARD, (*[NUMBERS] * 5, PLAN, COUNT)),
    # (deltas, normal, inverse, parameters, gradient, real, row, count): deltas in place
    "normalize_back": Kind(normalization_kernels.BACKWARD, (*[NUMBERS] * 6, PLAN, COUNT)),
}


def _caller(name):
    kind = KINDS[name]
    arguments = [None if isinstance(argument, str) else argument for argument in kind.arguments]
    return caller(f"call_{name}", kind.result, arguments)


call_forward = _caller("forward")
call_slope = _caller("slope")
call_loss = _caller("loss")
call_update = _caller("update")
call_normalize = _caller("normalize")
call_normalize_back = _caller("normalize_back")
call_restrain = _caller("restrain")
call_shorten = _caller("shorten")
