"""All that is used of Numba's inside: what no release promises, and nothing public does.

Seen with Numba 0.68.1 and llvmlite 0.50.0. Everything else stands on `numba.extending` and on the
context and the builder that it hands to those who write what a function comes to.

    library.serialize_using_object_code    machine code to keep on disk and to run without Numba;
                                           what `cache=True` keeps needs Numba to be loaded
    fndesc.llvm_func_name                  by which name a function is found in it
    numba.core.config                      which processor code is made for: NUMBA_CPU_NAME and
                                           NUMBA_CPU_FEATURES instead of this one
    context.call_conv                      functions called by address: Numba's own, of its first
                                           class, go through a wrapper in C's convention
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_char_p] * 7)
"""In Numba's convention: result, error and the arguments; a status. Kernels raise no errors."""


def object_code(dispatcher: Any) -> tuple[str, bytes]:
    """Of a function compiled for one signature its name in an object file, and that file."""
    (result,) = dispatcher.overloads.values()
    _, _, (content, _) = result.library.serialize_using_object_code()
    return result.fndesc.llvm_func_name, content


def emit_call(
    context: Any, builder: Any, signature: Any, address: Any, arguments: Sequence[Any]
) -> Any:
    """Writes the call of the function of that signature at an address."""
    convention, kinds = context.call_conv, signature.args
    entry = convention.get_function_type(signature.return_type, kinds).as_pointer()
    function = builder.inttoptr(address, entry)
    _, value = convention.call_function(builder, function, signature.return_type, kinds, arguments)
    return value


def target_features() -> set[str]:
    """What the processor that code is made for is told to have, such as `avx2`."""
    from numba.core import config  # noqa: PLC0415 - loads Numba, which runs do without

    said: str | None = vars(config)["CPU_FEATURES"]
    if said is None:
        found = {name for name, there in llvm.get_host_cpu_features().items() if there}
        avx = vars(config)["ENABLE_AVX"]
        return found if avx else {name for name in found if not name.startswith("avx")}
    return {name[1:] for name in said.split(",") if name.startswith("+")}
