"""The fast engine, a sealed house: one face; inside, what lays out, compiles and calls kernels."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from runner.data.dataset import on_disk
from runner.training.engine import Problem

if TYPE_CHECKING:
    from runner.compiled.engine import CompiledEngine, load_kernels

__all__ = ["CompiledEngine", "load_kernels", "unsupported"]


def unsupported(problem: Problem | None = None) -> str | None:
    """Why the compiled engine cannot train a problem, and a way out; None where it can."""
    if find_spec("numba") is None:
        return "needs Numba, which is not installed; choose engine=numpy or auto"
    if problem is not None and on_disk(problem.inputs):
        return (
            "needs the inputs in memory, and those of an npy file are read from "
            "disk a batch at a time; choose engine=numpy or auto, or save the table as npz"
        )
    return None


def __getattr__(name: str) -> Any:
    """Loads LLVM only for those who train with it."""
    if name in ("CompiledEngine", "load_kernels"):
        return getattr(import_module("runner.compiled.engine"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
