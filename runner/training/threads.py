"""How many threads linear algebra may use in a run.

One by default: runs that share a machine do not fight over its cores, and results do not depend on
how many cores there are (OpenBLAS rounds otherwise with two threads than with one). The compiled
engine's kernels have threads of their own, whose number changes no result.
"""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def controller() -> ThreadpoolController:
    """What finds the libraries; once a process, because looking costs milliseconds."""
    return ThreadpoolController()


def limited(threads: int | None) -> AbstractContextManager[object]:
    """While entered, linear algebra uses at most so many threads; one where it is left open."""
    limits: AbstractContextManager[object] = controller().limit(limits=threads or 1)
    return limits
