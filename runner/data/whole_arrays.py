"""Arrays of several dimensions in an npz file, named as a whole; and what their shapes say.

Inputs `[samples, time, features]` are sequences. Their targets are one of each sequence,
`[samples]` or `[samples, n]`, or one of each step, `[samples, time]` or `[samples, time, n]`.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from runner.data.columns import Column
from runner.data.formats.table_file import TableFile
from runner.errors import DataError, listed, printable, warn_caller
from runner.network.arrays import Array
from runner.network.layers.parts import Shape, written


def columns_of(file: TableFile, names: Sequence[str]) -> tuple[str, ...]:
    """The names of columns, an array's name replaced by those of its columns."""
    found: list[str] = []
    for name in names:
        found += array_columns(file, name) if name in file.arrays else [name]
    return tuple(found)


def array_columns(file: TableFile, name: str) -> tuple[str, ...]:
    """The columns that an array of a file is read as."""
    return tuple(f"{name}.{place + 1}" for place in range(prod(file.arrays[name])))


def shape_in(file: TableFile, features: tuple[str, ...]) -> Shape | None:
    """A sample's shape where all features are of one array that has one, row by row; else None."""
    for name, shape in file.arrays.items():
        if len(shape) in (2, 3) and array_columns(file, name) == features:
            return shape
        if len(shape) in (2, 3) and (others := beside(file, name, features)):
            warn_caller(
                f"{printable(file.path)}: '{printable(name)}' has a shape, which samples lose with "
                f"{listed(others)} beside it; with dataset.features={printable(name)} they keep it"
            )
            break
    return None


def beside(file: TableFile, name: str, features: tuple[str, ...]) -> list[str]:
    """What is among the features beside an array that is; nothing where it is not."""
    arrays = dict.fromkeys(map(file.array_of, features))
    return [other for other in arrays if other != name] if name in arrays else []


def steps_in(file: TableFile, target: tuple[str, ...], shape: Shape | None) -> int | None:
    """How many steps sequences of that shape have where the target named is one of each; else None.

    Raises DataError for targets of other steps than the inputs'.
    """
    if len(target) != 1 or target[0] not in file.arrays:
        return None
    rows = file.arrays[target[0]]
    steps = shape[0] if shape is not None and len(shape) == 2 else None
    if len(rows) == 1 and rows[0] != steps:
        return None
    if len(rows) > 2 or rows[0] != steps:
        inputs = "no sequences" if shape is None else f"[samples, {written(shape)}]"
        raise DataError(
            f"dataset.target={printable(target[0])}: {printable(file.path)} has targets [samples, "
            f"{written(rows)}] and inputs of {inputs}; expected inputs [samples, time, features] "
            "and targets [samples, time, n], [samples, time] or [samples]"
        )
    return steps


def end_to_end(columns: Sequence[Column]) -> Column:
    """Columns [rows] of a row's steps as one column [rows steps], step by step."""

    def joined(values: Sequence[Array]) -> Array:
        return np.stack(values, 1).ravel()

    column = Column(columns[0].name, joined([each.values for each in columns]), categorical=False)
    texts = sorted({text for each in columns for text in each.texts})
    column.texts = {text: place for place, text in enumerate(texts)}
    column.codes = [joined([codes_among(each, column.texts) for each in columns])]
    column.numeric = any(each.numeric for each in columns)
    column.gaps = any(each.gaps for each in columns)
    column.boolean = all(each.boolean for each in columns)
    column.whole = all(each.whole for each in columns)
    return column


def codes_among(column: Column, texts: dict[str, int]) -> Array:
    """[rows] The place of each row's text among those texts; -1 where it has none."""
    if not column.is_text:
        return np.full(len(column.values), -1, np.int32)
    names, codes = column.categories()
    places: Array = np.array([*(texts[name] for name in names), -1], np.int32)
    return places[codes]


def targets_of_steps(columns: Sequence[Column], steps: int | None) -> Sequence[Column]:
    """The targets, those of one at each step as one column, a row a step."""
    return [end_to_end(columns)] if len(columns) == steps else columns
