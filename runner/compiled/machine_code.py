"""The kernels' functions by address: loaded from disk, or compiled where they are not there.

Loading takes a few milliseconds and LLVM alone; Numba, which compiles, a third of a second.
"""

import ctypes
from collections.abc import Callable
from functools import cache

import llvmlite.binding as llvm

from runner.compiled.code_on_disk import Code, keep, kept
from runner.compiled.numba_inside import FUNCTION
from runner.compiled.own_forms import own_entry

Key = tuple[str, ...]
"""Kind, name, and the types of numbers, as `compiling.compiled` takes them."""
compiled: list[Key] = []
"""What this process had to compile."""
_here: set[Key] = set()
"""What it has."""
_engines: list[llvm.ExecutionEngine] = []
"""They own what they have loaded."""


def address(*key: str) -> int:
    """Where that function begins; it stays with the process."""
    entry = own_entry(*key[:2])
    return kept_address(*key) if entry is None else own_address(key, entry.scalar, id(entry))


_own: dict[tuple[Key, object, int], int] = {}


def own_address(key: Key, scalar: object, number: int) -> int:
    """That of a form of a person's own, which is compiled once a process."""
    named = key, scalar, number
    if named not in _own:
        from runner.compiled.kernels import compiling  # noqa: PLC0415 - loads Numba

        _own[named] = loaded(compiling.compiled_own(*key))
    return _own[named]


@cache
def kept_address(*key: str) -> int:
    """That of one of ours, from the disk or compiled."""
    code = kept(key)
    if code is None:
        from runner.compiled.kernels import compiling  # noqa: PLC0415 - loads Numba

        code = compiling.compiled(*key)
        keep(key, code)
        compiled.append(key)
    _here.add(key)
    return loaded(code)


def is_made(key: Key) -> bool:
    """Whether that function need not be compiled: this process or the disk has it."""
    return key in _here or kept(key) is not None


@cache
def function(*key: str) -> Callable[..., None]:
    """A function that takes structures, to be called with their contents."""
    entry = FUNCTION(address(*key))
    nothing = ctypes.create_string_buffer(8)

    def call(*structures: bytes) -> None:
        entry(nothing, nothing, *structures)

    return call


def loaded(code: Code) -> int:
    """Puts machine code where it can be called."""
    start_llvm()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.content))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(code.symbol))


@cache
def start_llvm() -> None:
    """What LLVM wants once a process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
