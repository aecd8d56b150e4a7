"""Tables of one's own: `dataset=csv dataset.path=FILE dataset.target=COLUMN`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import choice, one_or_many, optional, path, refuse, text
from runner.data.chosen_columns import ChosenColumns, Table, read_table
from runner.data.columns import check_known, one_hot
from runner.data.dataset import Part, Pool
from runner.data.formats import open_table
from runner.data.formats.cells import is_missing, is_number
from runner.data.formats.npy import NpyFile
from runner.data.formats.table_file import told_as
from runner.data.matrices import load_matrix
from runner.data.preparing import FILLS, SCALES
from runner.data.target_classes import classes_of, labels_of
from runner.errors import DataError, printable, warn_caller

NO_GROUPS: tuple[slice, ...] = ()
MISSING_CELL = "is a missing value; set dataset.missing=drop to leave such rows out"


def column_name(key: str, value: object) -> str:
    """A column's name, which may look like a number."""
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    return str(text(key, str(value) if number_like else value))


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


def load_csv(options: CsvOptions, files: Mapping[str, str] | None = None) -> Pool:
    """A table's samples: CSV, CSV in gzip, Parquet, npz or npy.

    files: further files by the part that they are. Raises DataError naming file, line, column.
    """
    columns = ChosenColumns(
        options.target, options.features, options.categorical or (), options.exclude or ()
    )
    file = open_table(options.path)
    if isinstance(file, NpyFile):
        pool = load_matrix(file, columns, options.task)
        return replace(pool, scale=options.scale, scale_targets=options.scale_targets)
    table = read_table(file, columns)
    known = {column.name: column.categories()[0] for column in table.features if column.is_text}
    classes = classes_of(table.targets, options.task, table.file.refuse_cell)
    samples, names, groups = samples_of(table, known, classes, options.missing)
    texts = [column.name for column in (*table.features, *table.targets) if column.is_text]
    columns = replace(columns, categorical=tuple(texts))
    parts = {}
    for part, further_path in (files or {}).items():
        with told_as(f"dataset.{part}"):
            further = read_table(open_table(further_path), columns)
            check_further(further, known, options.unseen)
            parts[part] = samples_of(further, known, classes, options.missing)[0]
    if classes is not None and len(classes) == 1:
        warn_caller(
            f"dataset.target={options.target[0]} has one class only, '{printable(classes[0])}': "
            "there is nothing to learn"
        )
    return Pool(
        samples=samples,
        regression=options.task == "regression",
        input_names=names,
        target_names=options.target,
        classes=classes,
        validation=parts.get("validation"),
        test=parts.get("test"),
        missing=options.missing,
        scale=options.scale,
        scale_targets=options.scale_targets,
        groups=groups,
        unseen=options.unseen,
    )


def check_further(table: Table, known: Mapping[str, tuple[str, ...]], unseen: str) -> None:
    """Refuses texts where training has numbers; of categories that it did not see is told."""
    for column in table.features:
        if column.name in known:
            check_known(table.file, column, known[column.name], unseen)
        elif column.is_text:
            table.file.refuse_cell(column.name, lambda cell: not is_number(cell))


def samples_of(
    table: Table, known: dict[str, tuple[str, ...]], classes: tuple[str, ...] | None, missing: str
) -> tuple[Part, tuple[str, ...], tuple[slice, ...]]:
    """The table's samples, their inputs' names, and which inputs make up one category."""
    inputs, names, groups = table.matrix, tuple(column.name for column in table.features), NO_GROUPS
    if known:
        inputs, names, groups = one_hot(table.features, known)
    targets = np.stack([column.values for column in table.targets], 1)
    if classes is not None:
        targets = labels_of(table.targets[0], classes, table.file.path)
    columns = (*table.features, *table.targets)
    gaps = {column.name: column.missing() for column in columns if column.gaps}
    if missing == "drop" and gaps:
        kept = ~np.logical_or.reduce(list(gaps.values()))
        if not kept.any():
            raise DataError(
                f"dataset.missing=drop: every row of {printable(table.file.path)} lacks a value"
            )
        return Part(inputs[kept], targets[kept]), names, groups
    allowed = [] if missing == "refuse" else [column.name for column in table.features]
    for name in gaps:
        if name not in allowed:
            filling = f" (dataset.missing={missing} fills in features only)" if allowed else ""
            table.file.refuse_cell(name, is_missing, MISSING_CELL + filling if allowed else None)
    return Part(inputs, targets), names, groups
