"""Tables of one's own: `dataset=csv dataset.path=FILE dataset.target=COLUMN`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import (
    NUMBER,
    TEXT,
    choice,
    list_of,
    one_or_many,
    optional,
    path,
    refuse,
    taking,
    text,
)
from runner.data.chosen_columns import ChosenColumns, Table, read_table
from runner.data.columns import check_known, one_hot
from runner.data.dataset import Part, Pool
from runner.data.formats import open_table
from runner.data.formats.cells import is_missing, is_number
from runner.data.formats.npy import NpyFile
from runner.data.formats.table_file import TableFile, told_as
from runner.data.matrices import load_matrix
from runner.data.padding import to_the_end, with_lengths
from runner.data.preparing import FILLS, SCALES
from runner.data.shapes import AUTO, check_shape, extents_or_file
from runner.data.target_classes import classes_of, labels_of
from runner.data.whole_arrays import columns_of, shape_in, steps_in, targets_of_steps
from runner.errors import DataError, printable, warn_caller
from runner.network.layers.parts import Shape

NO_GROUPS: tuple[slice, ...] = ()
MISSING_CELL = "is a missing value; set dataset.missing=drop to leave such rows out"


@taking(TEXT, NUMBER)
def column_name(key: str, value: object) -> str:
    """A column's name, which may look like a number."""
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    return str(text(key, str(value) if number_like else value))


@taking(column_name.schema, list_of(column_name.schema))
def column_names(key: str, value: object) -> tuple[str, ...]:
    """One name of a column or several, each once."""
    names: tuple[str, ...] = one_or_many(column_name)(key, value)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise refuse(key, value, f"names '{printable(twice)}' twice", "expected each column once")
    return names


NAMES = optional(column_names)
SCALE = choice(("none", *SCALES))


@dataclass(frozen=True)
class CsvOptions:
    path: Annotated[str, path]
    target: Annotated[tuple[str, ...], column_names]
    """The columns to learn."""
    features: Annotated[tuple[str, ...] | None, NAMES] = said(None)
    """Those to learn from, or None for all the rest but `exclude`."""
    categorical: Annotated[tuple[str, ...] | None, NAMES] = said(None)
    """Columns of categories, whatever they look like; so are texts that repeat."""
    missing: Annotated[str, choice(("refuse", "drop", *FILLS))] = said("refuse")
    """Refuse, drop the row, or what to fill in."""
    scale: Annotated[str, SCALE] = said("none")
    scale_targets: Annotated[str, SCALE] = said("none")
    task: Annotated[str, choice(("auto", "classification", "regression"))] = said("auto")
    """classification, regression, or auto: classes are texts, truth values, and whole numbers that
    run from 0 or 1 without a gap."""
    exclude: Annotated[tuple[str, ...] | None, NAMES] = None
    unseen: Annotated[str, choice(("none", "error"))] = "none"
    """What a category is that training did not see: none of the known, or error."""
    weight: Annotated[str | None, optional(column_name)] = None
    """The column that says how much each row's loss counts, or None for 1 each."""
    shape: Annotated[Shape | str | None, optional(extents_or_file)] = None
    """Of a sample: an image's or a sequence's, None for columns, or auto: as arrays have it."""

    @property
    def said_shape(self) -> Shape | None:
        """The shape that is not the file's to say."""
        return None if isinstance(self.shape, str) else self.shape


def load_csv(options: CsvOptions, files: Mapping[str, str] | None = None) -> Pool:
    """A table's samples: CSV, CSV in gzip, Parquet, npz or npy.

    files: further files by the part that they are. Raises DataError naming file, line, column.
    """
    file = open_table(options.path)
    columns = chosen_in(file, options)
    if not isinstance(file, NpyFile):
        return of_cells(file, columns, options, files or {})
    pool = load_matrix(file, columns, options.task)
    check_shape(options.said_shape, pool.input_names, options.path)
    return replace(
        pool,
        shape=options.said_shape,
        scale=options.scale,
        scale_targets=options.scale_targets,
    )


def of_cells(
    file: TableFile, columns: ChosenColumns, options: CsvOptions, files: Mapping[str, str]
) -> Pool:
    """The samples of a table whose cells may be texts or missing, and of further ones like it."""
    table = read_table(file, columns)
    known = {column.name: column.categories()[0] for column in table.features if column.is_text}
    shape = options.said_shape
    if options.shape == AUTO:
        shape = shape_in(file, tuple(column.name for column in table.features))
    steps = steps_in(file, options.target, shape)
    table = with_lengths(table, shape, steps)
    padded = table.lengths is not None
    told = table.targets if options.task == "regression" else targets_of_steps(table.targets, steps)
    classes = classes_of(told, options.task, table.file.refuse_cell)
    samples, names, groups = samples_of(table, known, classes, options.missing, steps)
    check_shape(shape, names, options.path)
    texts = [column.name for column in (*table.features, *table.targets) if column.is_text]
    columns = replace(columns, categorical=tuple(texts))
    parts = {}
    for part, further_path in files.items():
        with told_as(f"dataset.{part}"):
            further = read_table(open_table(further_path), columns)
            check_further(further, known, options.unseen)
            if padded:
                further = with_lengths(further, shape, steps, always=True)
            own, _, _ = samples_of(further, known, classes, options.missing, steps)
            parts[part] = to_the_end(own, shape, steps)
    warn_of_one(classes, options.target[0])
    return Pool(
        samples=to_the_end(samples, shape, steps),
        shape=shape,
        steps=shape[0] if padded and shape is not None else steps,
        last_only=padded and steps is None,
        regression=options.task == "regression",
        input_names=names,
        target_names=names_of_step(columns.target, options.target, steps),
        classes=classes,
        validation=parts.get("validation"),
        test=parts.get("test"),
        missing=options.missing,
        scale=options.scale,
        scale_targets=options.scale_targets,
        groups=groups,
        unseen=options.unseen,
    )


def chosen_in(file: TableFile, options: CsvOptions) -> ChosenColumns:
    """Which columns of a file are read; of an array all."""
    return ChosenColumns(
        columns_of(file, options.target),
        options.features and columns_of(file, options.features),
        columns_of(file, options.categorical or ()),
        columns_of(file, options.exclude or ()),
        options.weight,
    )


def warn_of_one(classes: tuple[str, ...] | None, target: str) -> None:
    """Tells of a target that is the same throughout."""
    if classes is not None and len(classes) == 1:
        warn_caller(
            f"dataset.target={target} has one class only, '{printable(classes[0])}': "
            "there is nothing to learn"
        )


def names_of_step(
    columns: tuple[str, ...], said: tuple[str, ...], steps: int | None
) -> tuple[str, ...]:
    """What the targets of a sample, or of a step, are called."""
    if steps is None:
        return columns
    return said if len(columns) == steps else columns[: len(columns) // steps]


def check_further(table: Table, known: Mapping[str, tuple[str, ...]], unseen: str) -> None:
    """Refuses texts where training has numbers; of categories that it did not see is told."""
    for column in table.features:
        if column.name in known:
            check_known(table.file, column, known[column.name], unseen)
        elif column.is_text:
            table.file.refuse_cell(column.name, lambda cell: not is_number(cell))


def samples_of(
    table: Table,
    known: dict[str, tuple[str, ...]],
    classes: tuple[str, ...] | None,
    missing: str,
    steps: int | None,
) -> tuple[Part, tuple[str, ...], tuple[slice, ...]]:
    """The table's samples, their inputs' names, and which inputs make up one category."""
    inputs, names, groups = table.matrix, tuple(column.name for column in table.features), NO_GROUPS
    if known:
        inputs, names, groups = one_hot(table.features, known)
    targets = np.stack([column.values for column in table.targets], 1)
    if classes is not None:
        (column,) = targets_of_steps(table.targets, steps)
        labels = labels_of(column, classes, table.file.path)
        targets = labels if steps is None else labels.reshape(len(inputs), steps)
    lengths, weight = table.lengths, table.weight
    weights = None if weight is None else weight.values
    columns = (*table.features, *table.targets, *([] if weight is None else [weight]))
    gaps = {column.name: column.missing() for column in columns if column.gaps}
    if missing == "drop" and gaps:
        kept = ~np.logical_or.reduce(list(gaps.values()))
        if not kept.any():
            raise DataError(
                f"dataset.missing=drop: every row of {printable(table.file.path)} lacks a value"
            )
        return Part(inputs, targets, weights, lengths).take(kept), names, groups
    allowed = [] if missing == "refuse" else [column.name for column in table.features]
    for name in gaps:
        if name not in allowed:
            filling = f" (dataset.missing={missing} fills in features only)" if allowed else ""
            table.file.refuse_cell(name, is_missing, MISSING_CELL + filling if allowed else None)
    return Part(inputs, targets, weights, lengths), names, groups
