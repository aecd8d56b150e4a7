"""Which columns of a file are read, and reading them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runner.checking.memory import check_memory
from runner.checking.suggestions import suggestion
from runner.data.columns import Column, refuse_text
from runner.data.formats.cells import is_number
from runner.data.formats.table_file import TableFile
from runner.errors import DataError, counted, listed, printable
from runner.network.arrays import Array

NO_WEIGHT = "is no weight; expected a number of 0 or more"


@dataclass(frozen=True)
class ChosenColumns:
    """Which columns of a file are read, and as what."""

    target: tuple[str, ...]
    features: tuple[str, ...] | None
    categorical: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    weight: str | None = None
    """How much each row's loss counts."""
    no_number: str | None = None
    """What is said of a text among the features, where all others are known to be numbers."""


@dataclass(frozen=True)
class Table:
    """The chosen columns of a file."""

    file: TableFile
    features: list[Column]
    targets: list[Column]
    weight: Column | None
    matrix: Array
    """[rows, features] The numbers among the features; their columns' values are views of it."""
    lengths: Array | None = None
    """[rows] How many steps each sequence has, where they differ."""


def read_table(file: TableFile, choice: ChosenColumns) -> Table:
    """The chosen columns of a file, every cell checked but for missing ones."""
    chosen = chosen_features(file, choice)
    beside = (*choice.target, *([] if choice.weight is None else [choice.weight]))
    check_memory(
        file.most_rows * (len(chosen) + len(beside)) * 8,
        f"{printable(file.path)} has up to {counted(file.most_rows, 'row')}",
        "choose fewer dataset.features, or save it as .npy",
        DataError,
    )
    # Column by column, as they are read: writing across rows would take several times as long.
    matrix = np.empty((len(chosen), file.most_rows)).T
    others = np.empty((len(beside), file.most_rows))
    columns = [
        Column(name, values, categorical=name in choice.categorical)
        for name, values in zip((*chosen, *beside), (*matrix.T, *others), strict=True)
    ]
    no_number = dict.fromkeys(chosen, choice.no_number) | dict.fromkeys(beside)
    if choice.weight is not None:
        no_number[choice.weight] = NO_WEIGHT
    rows = 0
    for piece in file.pieces(choice.categorical):
        for column in columns:
            if not column.add(piece[column.name], rows):
                refuse_text(file, column.name, no_number[column.name])
        rows += len(piece)
    for column in columns:
        column.values = column.values[:rows]
        column.check(file, rows, no_number[column.name], target=column.name in choice.target)
    features, targets = columns[: len(chosen)], columns[len(chosen) :]
    weight = None if choice.weight is None else targets.pop()
    if weight is not None:
        check_weights(file, weight)
    return Table(file, features, targets, weight, matrix[:rows])


def check_weights(file: TableFile, weight: Column) -> None:
    """Refuses weights that are negative, or all 0."""
    if (weight.values < 0).any():
        file.refuse_cell(weight.name, lambda cell: is_number(cell) and float(cell) < 0, NO_WEIGHT)
    if not np.nansum(weight.values):
        raise DataError(
            f"dataset.weight: all weights in {printable(file.path)} are 0; expected some above"
        )


def chosen_features(file: TableFile, choice: ChosenColumns) -> tuple[str, ...]:
    """The features' names. Refuses names that no column has, and a table of targets only."""
    path, header, told = file.path, file.header, file.names
    named = {
        "dataset.target": choice.target,
        "dataset.features": choice.features or (),
        "dataset.categorical": choice.categorical,
        "dataset.exclude": choice.exclude,
        "dataset.weight": () if choice.weight is None else (choice.weight,),
    }
    for key, names in named.items():
        for name in names:
            if name not in header:
                raise DataError(
                    f"{key}: {printable(path)} has no column '{printable(name)}'; "
                    f"{suggestion(name, told)}it has {listed(told)}{other_separator(header)}"
                )
    for other, does in (("dataset.exclude", "leaves out"), ("dataset.weight", "weighs by")):
        for key in ("dataset.target", "dataset.features", "dataset.categorical"):
            for name in named[other]:
                if name in named[key]:
                    raise DataError(
                        f"{other} {does} '{printable(name)}', which {key} names; "
                        "expected it in one of the two"
                    )
    left_out = {*choice.target, *choice.exclude, choice.weight}
    chosen = choice.features or tuple(name for name in header if name not in left_out)
    if not chosen:
        raise DataError(f"dataset.features: {printable(path)} has no column left to learn from")
    return chosen


def other_separator(columns: Sequence[str]) -> str:
    """A hint where the whole header became one column."""
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "; cells must be separated by commas"
    return ""
