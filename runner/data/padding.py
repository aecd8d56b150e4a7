"""Sequences that end before the longest: in the file their steps behind the end are NaN throughout.

In memory such steps hold 0, and the part says how long each sequence is. A network goes through
them all the same, which changes nothing before the end; no output behind it counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from runner.data.chosen_columns import Table
from runner.data.columns import Column
from runner.data.dataset import Part
from runner.errors import DataError, printable
from runner.network.arrays import Array
from runner.network.layers.parts import Shape
from runner.network.sequence_ends import lengths_of


def lengths_in(table: Table, shape: Shape | None) -> Array | None:
    """[rows] How many steps each sequence has; None where all have as many, or where are none.

    Raises DataError for a row that has none.
    """
    if shape is None or len(shape) != 2 or any(column.is_text for column in table.features):
        return None
    if not any(column.gaps for column in table.features) or prod(shape) != len(table.features):
        return None  # the latter is refused once all columns are known
    lengths = lengths_of(table.matrix.reshape(-1, *shape))
    empty = lengths == 0
    if empty.any():
        raise DataError(
            f"{table.file.place} row {int(empty.argmax()) + 1}: a sequence without any step; "
            "expected a value at one step or more"
        )
    return lengths if (lengths < shape[0]).any() else None


def blank_behind(table: Table, lengths: Array, shape: Shape, steps: int | None) -> None:
    """Behind the ends of sequences inputs become 0, and targets of steps missing, in place.

    Raises DataError for a target of a step that is missing before the end.
    """
    blanked(table.features, lengths, shape[0], 0.0)
    if steps is None:
        return
    behind = blanked(table.targets, lengths, steps, np.nan)
    for column, rows in zip(table.targets, behind, strict=True):
        early = column.missing() & ~rows
        if early.any():
            raise DataError(
                f"{table.file.place} row {int(early.argmax()) + 1} column "
                f"'{printable(column.name)}': a target is missing before its sequence's end"
            )
        column.gaps = False


def blanked(columns: Sequence[Column], lengths: Array, steps: int, value: float) -> list[Array]:
    """Puts a value behind the ends, in place; of each column the rows [rows] that have it."""
    each, behind = len(columns) // steps, []
    for place, column in enumerate(columns):
        rows = lengths <= place // each
        column.values[rows] = value
        column.gaps = bool(np.isnan(column.values).any())
        behind.append(rows)
    return behind


def with_lengths(
    table: Table, shape: Shape | None, steps: int | None, *, always: bool = False
) -> Table:
    """The table with its sequences' lengths where they differ, or always; blanked behind them.

    steps: of sequences that have a target at each of them.
    """
    lengths = lengths_in(table, shape)
    if shape is None or (lengths is None and not always):
        return table
    if lengths is None:
        lengths = np.full(len(table.matrix), shape[0])
    blank_behind(table, lengths, shape, steps)
    return replace(table, lengths=lengths)


def to_the_end(part: Part, shape: Shape | None, steps: int | None) -> Part:
    """A part whose sequences have targets behind their ends, too, which count nowhere.

    One of each sequence, a label or numbers, is the same at every step.
    """
    targets = part.targets
    if part.lengths is None or shape is None:
        return part
    if steps is None:
        targets = np.stack([targets] * shape[0], 1).reshape(len(targets), -1)
    elif targets.dtype.kind == "i":
        targets = np.maximum(targets, 0)
    return replace(part, targets=np.nan_to_num(targets))
