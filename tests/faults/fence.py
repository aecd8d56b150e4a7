"""Kernels with fences: each array that they are handed ends, or begins, at memory that is nobody's.

Compiled code that reads or writes outside an array by up to `GUARD` bytes ends the process by
SIGSEGV, whatever it is compiled from: plain indices, vectors or pointers. The kernels themselves
are those that users have. As a program, `python -m tests.faults.fence PLAN NUMBER`, it names what
it is about to do, so that whoever started it knows what crashed.
"""

import ctypes
import mmap
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from runner.compiled import compiled_engine, machine_code, map_layout
from runner.compiled.structures import Course, Packed
from runner.network.arrays import Array

PAGE = mmap.PAGESIZE
GUARD = 64 << 20
NO_ACCESS = 0
LIBC = ctypes.CDLL(None, use_errno=True)


def fenced(array: Array, *, before: bool) -> Array:
    """A copy between two fences; its first byte, or its last, is next to one of them."""
    size = -(-array.nbytes // PAGE) * PAGE
    region = mmap.mmap(-1, size + 2 * GUARD, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=3)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(region))
    for place in (begin, begin + GUARD + size):
        if LIBC.mprotect(ctypes.c_void_p(place), ctypes.c_size_t(GUARD), NO_ACCESS):
            raise OSError(ctypes.get_errno(), "mprotect")
    offset = GUARD if before else GUARD + size - array.nbytes
    copy = np.frombuffer(region, array.dtype, array.size, offset).reshape(array.shape)
    copy[...] = array
    return copy


class Fences:
    """Puts every array that is handed to a kernel between fences, from `up` on."""

    def __init__(self, *, before: bool) -> None:
        self.before = before
        self.arrays = 0
        self._courses: weakref.WeakKeyDictionary[Packed[Any], Course] = weakref.WeakKeyDictionary()

    def up(self) -> None:
        """Changes what this process's compiled engine calls."""
        fences = self

        class FencedPacked(Packed[Any]):
            def __init__(self, values: Any, **dtypes: str) -> None:
                inside = {
                    name: fenced(value, before=fences.before)
                    for name, value in values._asdict().items()
                    if isinstance(value, np.ndarray)
                }
                fences.arrays += len(inside)
                super().__init__(values._replace(**inside), **dtypes)
                if isinstance(values, Course):  # the engine keeps its own, to read what was left
                    fences._courses[self] = values

        original = machine_code.function

        def function(*key: str) -> Callable[..., None]:
            kernel = original(*key)

            def call(*contents: bytes) -> None:
                kernel(*contents)
                for packed, outside in fences._courses.items():
                    for name, value in outside._asdict().items():
                        if isinstance(value, np.ndarray) and value.flags.writeable:
                            value[...] = getattr(packed.values, name)

            return call

        for module in (compiled_engine, map_layout):
            vars(module)["Packed"] = FencedPacked
        vars(machine_code)["function"] = function


def main(plan: str, number: str) -> None:
    """Does a part of a plan between fences; prints what comes next, and at last how much it was."""
    from tests.faults import fence_plans

    fences = Fences(before=int(number) % 2 == 1)
    fences.up()
    done = 0
    parts: Iterator[str] = fence_plans.PLANS[plan](int(number))
    for what in parts:
        print(what, flush=True)
        done += 1
    print(f"done {done} {fences.arrays}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
