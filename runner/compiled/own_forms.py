"""Pieces of a person's own that kernels may call, by their kinds and names."""

from typing import Any

from runner.checking.tables import Table
from runner.network.activations import ACTIVATIONS
from runner.network.losses import LOSSES
from runner.training.optimizers import OPTIMIZERS

TABLES: dict[str, Table[Any]] = {
    "forward": ACTIVATIONS,
    "slope": ACTIVATIONS,
    "loss": LOSSES,
    "update": OPTIMIZERS,
}
"""By the kind of function that kernels call."""


def own_entry(kind: str, name: str) -> Any:
    """An entry of a person's own; None of ours, and of all else."""
    table = TABLES.get(kind)
    return None if table is None or name not in table.origins else table[name]
