"""runner: a laboratory for small neural networks in NumPy."""

import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.analysis.runs import load_runs
    from runner.analysis.tidy_tables import (
        load_classes,
        load_confusion,
        load_history,
        load_predictions,
    )
    from runner.face import resume, sweep, train
    from runner.face.results import Run, Runs
    from runner.plugins.layers import layer
    from runner.plugins.pieces import (
        activation,
        dataset,
        initializer,
        loss,
        optimizer,
        schedule,
    )
    from runner.run_folder.run_network import load_network

if sys.argv[:1] == ["-m"]:  # python -m runner…: Ctrl-C while modules load just ends the process
    signal.signal(signal.SIGINT, signal.SIG_DFL)

__version__ = "0.1.0"
__all__ = [
    "Run",
    "Runs",
    "__version__",
    "activation",
    "dataset",
    "initializer",
    "layer",
    "load_classes",
    "load_confusion",
    "load_history",
    "load_network",
    "load_predictions",
    "load_runs",
    "loss",
    "optimizer",
    "resume",
    "schedule",
    "sweep",
    "train",
]

PLACES = {
    **dict.fromkeys(
        ("activation", "dataset", "initializer", "loss", "optimizer", "schedule"),
        "runner.plugins.pieces",
    ),
    "layer": "runner.plugins.layers",
    "load_classes": "runner.analysis.tidy_tables",
    "load_confusion": "runner.analysis.tidy_tables",
    "load_history": "runner.analysis.tidy_tables",
    "load_network": "runner.run_folder.run_network",
    "load_predictions": "runner.analysis.tidy_tables",
    "Run": "runner.face.results",
    "Runs": "runner.face.results",
    "load_runs": "runner.analysis.runs",
    "resume": "runner.face",
    "sweep": "runner.face",
    "train": "runner.face",
}


def __dir__() -> list[str]:
    """What completion offers."""
    return __all__


def __getattr__(name: str) -> Any:
    """Imports pandas, or Hydra, only for those who ask for what needs it."""
    if name in PLACES:
        from runner.signals import losing_no_interrupt  # noqa: PLC0415 - as all that follows

        with losing_no_interrupt():
            return getattr(import_module(PLACES[name]), name)
    raise AttributeError(f"module 'runner' has no attribute '{name}'")
