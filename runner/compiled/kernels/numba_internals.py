"""What we use of Numba's inside, for it offers no other way; all of it is here.

Seen with Numba 0.61 to 0.68:

- `AbstractTemplate`, `infer_global`, `signature`: an operator, such as `+`, on types of our own,
  for which `numba.extending.overload` would compile a function for every use.
- `get_or_insert_function`: a call of LLVM's own vector functions, such as `llvm.fma.v8f64`.
- a dispatcher's `overloads` and their `library`: machine code to be kept on disk and loaded by LLVM
  alone. Numba's cache is loaded by Numba, which takes a third of a second.
"""

from numba.core.cgutils import get_or_insert_function
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

__all__ = [
    "AbstractTemplate",
    "get_or_insert_function",
    "infer_global",
    "object_code",
    "signature",
]


def object_code(dispatcher):
    """The symbol and the object file of a function compiled for one signature."""
    (result,) = dispatcher.overloads.values()
    _, _, (content, _) = result.library.serialize_using_object_code()
    return result.fndesc.llvm_func_name, content
