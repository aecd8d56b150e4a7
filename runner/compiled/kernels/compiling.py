"""Machine code of the kernels' functions. All that loads Numba in a run."""

from collections.abc import Callable

import numpy as np
from numba import from_dtype, njit, types

from runner.compiled.code_on_disk import Code
from runner.compiled.kernels import look_kernel, many_kernel, step_kernel
from runner.compiled.kernels.functions_by_address import KINDS, FunctionKind
from runner.compiled.kernels.numba_options import OPTIONS
from runner.compiled.kernels.own_kernels import own_function
from runner.compiled.kernels.pointers import PointerType
from runner.compiled.many_structures import ManyCourses, ManyDraws, ManyLooks
from runner.compiled.numba_inside import object_code
from runner.compiled.own_forms import own_entry
from runner.compiled.structures import (
    COURSE,
    INPUTS,
    LAYOUTS,
    NUMBERS,
    PLAN,
    SHAPE,
    SHAPES,
    Course,
    LayerPlan,
    Memory,
    Net,
    Rule,
    fields,
)

SCALARS = {int: types.int64, float: types.float64}
KERNELS = {"advance": step_kernel.advance, "look": look_kernel.look}
"""What takes the structures, compiled for each layout."""
UNSEEN = PointerType(types.uint8)
"""Of what is handed on."""
OF_MANY = {
    "advance_many": FunctionKind(
        {"any": many_kernel.advance_many}, (UNSEEN, UNSEEN, Rule, Memory, ManyCourses)
    ),
    "look_many": FunctionKind(
        {"any": many_kernel.look_many}, (UNSEEN, UNSEEN, UNSEEN, Memory, ManyLooks)
    ),
    "draw_many": FunctionKind({"any": many_kernel.draw_many}, (*[UNSEEN] * 4, ManyDraws)),
}
"""What goes from net to net."""


def compiled_own(kind: str, name: str, numbers: str) -> Code:
    """The same of a form of a person's own; raises what Numba does where it cannot."""
    return compiled(kind, name, numbers, function=own_function(kind, own_entry(kind, name)))


def compiled(
    kind: str,
    name: str,
    numbers: str,
    inputs: str | None = None,
    *,
    function: Callable[..., object] | None = None,
) -> Code:
    """The function of that kind and name, in Numba's own calling convention.

    kind: one of `KERNELS`, whose name is a layout's, or one of `KINDS` or `OF_MANY`.
    numbers, inputs: the types of the run's numbers and of its inputs. function: another than ours.
    """
    dtypes = {NUMBERS: numbers, INPUTS: inputs}

    def exact(argument: object) -> types.Type:
        if isinstance(argument, types.Type):
            return argument
        if argument in (PLAN, SHAPE, COURSE):
            argument = {PLAN: LayerPlan, COURSE: Course}.get(argument) or SHAPES[name]
        if isinstance(argument, str):
            return PointerType(from_dtype(np.dtype(dtypes.get(argument, argument))))
        members = [SCALARS.get(each) or exact(each) for each in fields(argument)]
        return PointerType(types.NamedTuple(members, argument))

    structures = (Net, LAYOUTS.get(name), Rule, Memory, Course)
    of_one = {kind: FunctionKind({name: kernel}, structures) for kind, kernel in KERNELS.items()}
    wanted = (of_one | KINDS | OF_MANY)[kind]
    signature = wanted.result(*map(exact, wanted.arguments))
    dispatcher = njit(signature, **OPTIONS)(function or wanted.functions[name])
    return Code(*object_code(dispatcher))
