"""Functions that the kernel calls by address, each compiled by itself when first used.

So a kernel need not be compiled anew for an activation, a loss, an optimizer or a penalty, and one
that is never chosen is never compiled.
"""

from collections.abc import Callable
from typing import NamedTuple

from numba import types

from runner.compiled.kernels import batch_norm_kernels as normalizing
from runner.compiled.kernels import restraint_kernels as restraint
from runner.compiled.kernels.activation_kernels import ACTIVATIONS
from runner.compiled.kernels.loss_kernels import LOSSES
from runner.compiled.kernels.optimizer_kernels import OPTIMIZERS
from runner.compiled.kernels.pointers import PointerType, caller
from runner.compiled.kernels.structures import NUMBERS

COUNT, NUMBER = types.intp, types.float64
DOUBLES, INTEGERS = PointerType(types.float64), PointerType(types.int64)


class Kind(NamedTuple):
    """Functions that are called alike."""

    functions: dict[str, Callable[..., object]]
    arguments: tuple[object, ...]
    """Numba types; `NUMBERS` stands for a pointer to numbers of the run's dtype."""
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
    # (z, a, wanted, real, deltas, count) -> sum; deltas = dL/da, or dL/dz; real is 0 for padding
    "loss": Kind(LOSSES, (*[NUMBERS] * 5, COUNT), NUMBER),
    # (parameters, gradient, slots, is_weight, count, learning_rate, step, settings): in place
    "update": Kind(OPTIMIZERS, (*[NUMBERS] * 4, COUNT, NUMBER, COUNT, DOUBLES)),
    # (parameters, gradient, is_weight, count, limits): the gradient in place
    "restrain": Kind({"any": restraint.restrain}, (*[NUMBERS] * 3, COUNT, DOUBLES)),
    # (parameters, norms, places, layers, max_norm): the parameters in place
    "shorten": Kind({"any": restraint.shorten}, (NUMBERS, NUMBERS, INTEGERS, COUNT, NUMBER)),
    # (z, normal, inverse, parameters, real, row, count): z and the running statistics in place
    "normalize": Kind(normalizing.FORWARD, (*[NUMBERS] * 5, INTEGERS, COUNT)),
    # (deltas, normal, inverse, parameters, gradient, real, row, count): deltas in place
    "normalize_back": Kind(normalizing.BACKWARD, (*[NUMBERS] * 6, INTEGERS, COUNT)),
}


def _caller(name):
    kind = KINDS[name]
    arguments = [None if argument is NUMBERS else argument for argument in kind.arguments]
    return caller(f"call_{name}", kind.result, arguments)


call_forward = _caller("forward")
call_slope = _caller("slope")
call_loss = _caller("loss")
call_update = _caller("update")
call_normalize = _caller("normalize")
call_normalize_back = _caller("normalize_back")
call_restrain = _caller("restrain")
call_shorten = _caller("shorten")
