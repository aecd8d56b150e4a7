"""The compiled engine: training in machine code, made by Numba and kept on disk.

    unsupported(problem)       # why it cannot train a problem; None where it can
    without_form(problem)      # the same, as far as it is a person's own pieces
    CompiledEngine(problem)    # loads LLVM, and so comes when it is asked for
    load_kernels()             # for processes forked from this one

Inside, `compiled_engine` hands `structures` of addresses, which `array_layouts` fills, to functions
of `machine_code`. Those are made by `kernels`, which alone loads Numba, and kept by `code_on_disk`.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from runner.compiled.map_shapes import SERVED
from runner.compiled.missing_forms import without_form
from runner.data.dataset import on_disk
from runner.training.engine import Problem

if TYPE_CHECKING:
    from runner.compiled.compiled_engine import CompiledEngine

__all__ = ["ARITHMETIC", "CompiledEngine", "load_kernels", "unsupported", "without_form"]

ARITHMETIC = 2
"""One more whenever a configuration comes to other bytes: when tests/golden/checksums.csv changes.

Where it is the same, so are a run's bytes, on every machine and with all versions around.
"""


def __getattr__(name: str) -> Any:
    """The engine, once it is asked for: it loads LLVM."""
    if name != "CompiledEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from runner.compiled.compiled_engine import CompiledEngine  # noqa: PLC0415 - loads LLVM

    return CompiledEngine


def unsupported(problem: Problem) -> str | None:
    """What the engine would need to train a problem and how to do without; None if it can.

    It needs Numba, a compiled form of what is a person's own, and inputs in memory: those of a
    mapped file are read a batch at a time by the NumPy engine alone.
    """
    if not has_numba():
        return "needs Numba, which is not installed; choose engine=numpy or auto"
    if (lacking := without_form(problem)) is not None:
        return f"{lacking}; choose engine=numpy or auto"
    strange = [kind for kind in problem.network.topology.kinds if type(kind) not in SERVED]
    if strange:
        return f"does not serve {strange[0]}; choose engine=numpy or auto"
    if on_disk(problem.inputs):
        return (
            "needs the inputs in memory, and those of an npy file are read from "
            "disk a batch at a time; choose engine=numpy or auto, or save the table as npz"
        )
    return None


def load_kernels() -> None:
    """Loads LLVM, and from disk what the default run needs, for processes forked from this one."""
    if has_numba():
        from runner.compiled.compiled_engine import load_default_kernels  # noqa: PLC0415 - as above

        load_default_kernels()


def has_numba() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None
