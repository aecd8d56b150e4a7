"""How functions are compiled. All divide by zero as the processor does, and none is Python's."""

from numba import njit

OPTIONS = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

quick = njit(**OPTIONS)
"""Copied into its callers where LLVM finds that worthwhile."""
forced = njit(**OPTIONS, forceinline=True)
"""Copied into its callers by LLVM."""
inlined = njit(**OPTIONS, inline="always")
"""Copied into its callers by Numba, before types are known."""
apart = njit(**OPTIONS, forceinline=False)
"""Stays by itself: else what calls it, and is forced into its own callers, would force it, too."""
