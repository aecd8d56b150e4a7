"""Whether a table's target names classes, and each row's label among them."""

from collections.abc import Callable, Sequence

import numpy as np

from runner.data.columns import MOST_CATEGORIES, Column
from runner.data.formats.cells import is_number
from runner.errors import DataError, listed, printable
from runner.network.arrays import Array

MOST_COUNTED_CLASSES = 20
"""Whole numbers that run from 0 or 1 to no more than this are taken for classes."""


def classes_of(
    targets: Sequence[Column], task: str, refuse_cell: Callable[..., object] | None = None
) -> tuple[str, ...] | None:
    """The classes that the target names, or None where it is numbers to predict."""
    column = targets[0]
    if len(targets) > 1:
        if task == "classification":
            raise DataError(
                "dataset.task=classification takes one target column, "
                f"found dataset.target=[{', '.join(printable(target.name) for target in targets)}]"
            )
        task = "regression"
    if task == "regression":
        for target in targets:
            if target.is_text and refuse_cell is not None:
                refuse_cell(target.name, lambda c: not is_number(c))
        return None
    if column.is_text:
        return column.categories()[0]
    if task == "auto" and not (column.whole or column.boolean):
        return None
    values = np.unique(column.values[~np.isnan(column.values)])
    if task == "auto" and not counts_classes(column, values):
        return None
    if len(values) > MOST_CATEGORIES:
        raise DataError(
            f"dataset.task=classification: column '{printable(column.name)}' has "
            f"{len(values):,} different values; expected at most {MOST_CATEGORIES:,} classes"
        )
    return tuple(class_name(value, boolean=column.boolean) for value in values)


def counts_classes(column: Column, values: Array) -> bool:
    """Whether numbers are labels: truth values, or 0, 1, … or 1, 2, …, each more than once."""
    if column.boolean and len(values):
        return True
    counted = len(values) and values[0] in (0, 1) and (np.diff(values) == 1).all()
    few = len(values) <= min(MOST_COUNTED_CLASSES, len(column.values) // 2)
    return bool(column.whole and counted and few)


def class_name(value: float, *, boolean: bool) -> str:
    """A number as the name of a class."""
    if boolean:
        return "true" if value else "false"
    return repr(int(value)) if value == int(value) else repr(float(value))


def labels_of(column: Column, classes: tuple[str, ...], path: str) -> Array:
    """Labels [rows] from the target column; a missing one is -1, its row is still to go."""
    place = {name: label for label, name in enumerate(classes)}
    if column.is_text:
        found, codes = column.categories()
    else:
        present = ~np.isnan(column.values)
        values, inverse = np.unique(column.values[present], return_inverse=True)
        boolean = set(classes) <= {"false", "true"}
        found = tuple(class_name(value, boolean=boolean) for value in values)
        codes = np.full(len(column.values), -1)
        codes[present] = inverse
    strange = [name for name in found if name not in place]
    if strange:
        raise DataError(
            f"{printable(path)} column '{printable(column.name)}': "
            f"'{printable(strange[0][:60])}' is not among the classes of the file that is trained "
            f"on; it has {listed(classes, 10)}"
        )
    labels: Array = np.array([*(place[name] for name in found), -1])[codes]
    return labels
