"""runner: a laboratory for small neural networks in NumPy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.analysis.runs import load_runs

__version__ = "0.1.0"
__all__ = ["__version__", "load_runs"]


def __getattr__(name: str) -> Any:
    """Imports pandas only for those who ask for what needs it."""
    if name == "load_runs":
        from runner.analysis.runs import load_runs  # noqa: PLC0415

        return load_runs
    raise AttributeError(f"module 'runner' has no attribute '{name}'")
