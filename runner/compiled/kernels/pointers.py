"""Addresses of numbers as Numba values: one register, no reference count, no bounds check.

Arrays handed from function to function cost reference counts and seven registers each, several
times the arithmetic of a small net. Who calls a kernel keeps the arrays alive and large enough.

    p[i]    p[i] = x    p + i (i elements on)    p[0] of a structure, whole
"""

import operator
from inspect import Parameter, Signature

from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model

from runner.compiled.kernels.numba_internals import AbstractTemplate, infer_global, signature


class PointerType(types.Type):
    """The address of numbers of one type."""

    def __init__(self, dtype):
        self.dtype = dtype
        super().__init__(f"Pointer({dtype})")


@register_model(PointerType)
class PointerModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, manager.lookup(kind.dtype).get_data_type().as_pointer())


@infer_global(operator.getitem)
class PointerRead(AbstractTemplate):
    def generic(self, args, _kws):  # noqa: D102 - Numba's interface
        if isinstance(args[0], PointerType) and isinstance(args[1], types.Integer):
            return signature(args[0].dtype, args[0], types.intp)
        return None


@lower_builtin(operator.getitem, PointerType, types.intp)
def _read(context, builder, sig, args):
    return context.unpack_value(builder, sig.return_type, builder.gep(args[0], [args[1]]))


@infer_global(operator.setitem)
class PointerWrite(AbstractTemplate):
    def generic(self, args, _kws):  # noqa: D102 - Numba's interface
        if isinstance(args[0], PointerType):
            return signature(types.none, args[0], types.intp, args[0].dtype)
        return None


@lower_builtin(operator.setitem, PointerType, types.intp, types.Any)
def _write(context, builder, sig, args):
    context.pack_value(builder, sig.args[2], args[2], builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


@infer_global(operator.add)
class PointerOn(AbstractTemplate):
    def generic(self, args, _kws):  # noqa: D102 - Numba's interface
        if isinstance(args[0], PointerType) and isinstance(args[1], types.Integer):
            return signature(args[0], args[0], types.intp)
        return None


@lower_builtin(operator.add, PointerType, types.intp)
def _on(_context, builder, _sig, args):
    return builder.gep(args[0], [args[1]])


POSITIONAL = Parameter.POSITIONAL_OR_KEYWORD


def caller(name, result, kinds):
    """An intrinsic that calls the compiled function at an address: name(address, *arguments).

    kinds: Numba types of the arguments, with None for a pointer of whatever type is given.
    A function called so is compiled and cached by itself, so a kernel need not be compiled anew
    for each activation, loss or optimizer.
    """

    def emit(context, builder, sig, args):
        kinds, convention = sig.args[1:], context.call_conv
        entry = convention.get_function_type(sig.return_type, kinds).as_pointer()
        function = builder.inttoptr(args[0], entry)
        _, value = convention.call_function(builder, function, sig.return_type, kinds, args[1:])
        return value

    def signature_of(given):
        return result(
            types.intp, *(kind or found for kind, found in zip(kinds, given, strict=True))
        )

    def typed(_typing, _address, *given):
        return signature_of(given), emit

    # Numba reads an intrinsic's arity from its signature.
    arguments = [f"argument_{place}" for place in range(len(kinds))]
    typed.__signature__ = Signature(
        [Parameter(each, POSITIONAL) for each in ("typing", "address", *arguments)]
    )
    typed.__name__ = name
    return intrinsic(typed)
