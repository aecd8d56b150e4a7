"""Addresses of numbers as Numba values: one register, no reference count, no bounds check.

Arrays handed from function to function cost reference counts and seven registers each, several
times the arithmetic of a small net. Who calls a kernel keeps the arrays alive and large enough.

    p[i]    p[i] = x    p + i (i elements on)    p[0] of a structure, whole; p.name
"""

import operator
from inspect import Parameter, Signature

from llvmlite import ir
from numba import types
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    overload_attribute,
    register_model,
    type_callable,
)

from runner.compiled.numba_inside import emit_call


class PointerType(types.Type):
    """The address of numbers of one type."""

    def __init__(self, dtype):
        self.dtype = dtype
        super().__init__(f"Pointer({dtype})")


@register_model(PointerType)
class PointerModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, manager.lookup(kind.dtype).get_data_type().as_pointer())


def _typed_by_place(result):
    """What comes of a pointer and an integer; of others nothing that is known here."""

    def typer(_context):
        def of(pointer, place):
            if isinstance(pointer, PointerType) and isinstance(place, types.Integer):
                return result(pointer)(pointer, types.intp)
            return None

        return of

    return typer


type_callable(operator.getitem)(_typed_by_place(lambda pointer: pointer.dtype))
type_callable(operator.add)(_typed_by_place(lambda pointer: pointer))


@type_callable(operator.setitem)
def _typed_writing(_context):
    def of(pointer, _place, value):
        if isinstance(pointer, PointerType):
            return types.none(pointer, types.intp, pointer.dtype)
        return None

    return of


@lower_builtin(operator.getitem, PointerType, types.intp)
def _read(context, builder, sig, args):
    return context.unpack_value(builder, sig.return_type, builder.gep(args[0], [args[1]]))


@lower_builtin(operator.add, PointerType, types.intp)
def _on(_context, builder, _sig, args):
    return builder.gep(args[0], [args[1]])


@lower_builtin(operator.setitem, PointerType, types.intp, types.Any)
def _write(context, builder, sig, args):
    context.pack_value(builder, sig.args[2], args[2], builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


def teach_fields(*structures):
    """Teaches Numba `p.name` of the address of a structure of those classes: one field of it, read.

    All at once: Numba knows one attribute of a name.
    """
    for name in {name: None for structure in structures for name in structure._fields}:
        overload_attribute(PointerType, name, inline="always")(_field(name))


def _field(name):
    @intrinsic
    def read(_typing, pointer):
        place = pointer.dtype.fields.index(name)

        def emit(context, builder, sig, args):
            inside = [ir.IntType(32)(each) for each in (0, place)]
            return context.unpack_value(builder, sig.return_type, builder.gep(args[0], inside))

        return pointer.dtype.types[place](pointer), emit

    def attribute(pointer):
        if name in getattr(pointer.dtype, "fields", ()):
            return lambda pointer: read(pointer)  # noqa: PLW0108 - Numba wants a function
        return None

    return attribute


POSITIONAL = Parameter.POSITIONAL_OR_KEYWORD


def caller(name, result, kinds):
    """An intrinsic that calls the compiled function at an address: name(address, *arguments).

    kinds: Numba types of the arguments, with None for a pointer of whatever type is given.
    A function called so is compiled and cached by itself, so a kernel need not be compiled anew
    for each activation, loss or optimizer.
    """

    def emit(context, builder, sig, args):
        return emit_call(context, builder, result(*sig.args[1:]), args[0], args[1:])

    def typed(_typing, _address, *given):
        found = (kind or of for kind, of in zip(kinds, given, strict=True))
        return result(types.intp, *found), emit

    # Numba reads an intrinsic's arity from its signature.
    names = ("typing", "address", *(f"argument_{place}" for place in range(len(kinds))))
    typed.__signature__ = Signature([Parameter(each, POSITIONAL) for each in names])
    typed.__name__ = name
    return intrinsic(typed)
