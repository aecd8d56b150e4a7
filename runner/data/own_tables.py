"""Tables of one's own: `dataset=csv dataset.path=FILE dataset.target=COLUMN`."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from runner.checking.memory import check_memory
from runner.checking.suggestions import suggestion
from runner.data.columns import MOST_CATEGORIES, Column, check_known, number_column, one_hot
from runner.data.dataset import Part, Pool, blocks
from runner.data.formats.arrays import NpyFile, NpzFile
from runner.data.formats.cells import is_missing, is_number
from runner.data.formats.csv import CsvFile
from runner.data.formats.parquet import ParquetFile
from runner.data.formats.table_file import TableFile, told_as
from runner.errors import DataError, counted, listed, printable
from runner.network.topology import Array

MOST_COUNTED_CLASSES = 20
"""Whole numbers that run from 0 or 1 to no more than this are taken for classes."""

FORMATS: Mapping[str, Callable[[str], TableFile]] = {
    ".parquet": ParquetFile,
    ".npz": NpzFile,
    ".npy": NpyFile,
}
"""By the end of the file's name; everything else is CSV, plain or gzip."""


@dataclass(frozen=True)
class Choice:
    """Which columns of a file are read, and as what."""

    target: tuple[str, ...]
    features: tuple[str, ...] | None
    categorical: tuple[str, ...]
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The chosen columns of a file."""

    file: TableFile
    features: list[Column]
    targets: list[Column]
    matrix: Array
    """[rows, features] The numbers among the features; their columns' values are views of it."""


def load_csv(
    path: str,
    target: tuple[str, ...],
    features: tuple[str, ...] | None = None,
    categorical: tuple[str, ...] | None = None,
    missing: str = "refuse",
    scale: str = "none",
    scale_targets: str = "none",
    task: str = "auto",
    files: Mapping[str, str] | None = None,
    exclude: tuple[str, ...] | None = None,
    unseen: str = "none",
) -> Pool:
    """A table's samples: CSV, CSV in gzip, Parquet, npz or npy.

    target: the columns to learn. features: those to learn from, or None for all the rest but
    `exclude`. unseen: what a category is that training did not see: none of the known, or error.
    categorical: columns of categories, whatever they look like; so are texts that repeat.
    missing: refuse, drop the row, or what to fill in. task: classification, regression, or auto:
    classes are texts, truth values, and whole numbers that run from 0 or 1 without a gap.
    files: further files by the part that they are. Raises DataError naming file, line, column.
    """
    choice = Choice(target, features, categorical or (), exclude or ())
    if Path(path).suffix == ".npy":
        pool = load_matrix(NpyFile(path), choice, task)
        return replace(pool, scale=scale, scale_targets=scale_targets)
    table = read_table(opened(path), choice)
    known = {column.name: column.categories()[0] for column in table.features if column.is_text}
    classes = classes_of(table.targets, task, table.file.refuse_cell)
    samples, names, groups = samples_of(table, known, classes, missing)
    texts = [column.name for column in (*table.features, *table.targets) if column.is_text]
    choice = replace(choice, categorical=tuple(texts))
    parts = {}
    for part, file in (files or {}).items():
        with told_as(f"dataset.{part}"):
            further = read_table(opened(file), choice)
            for column in further.features:
                if column.name in known:
                    check_known(further.file, column, known[column.name], unseen)
                elif column.is_text:
                    further.file.refuse_cell(column.name, lambda cell: not is_number(cell))
            parts[part] = samples_of(further, known, classes, missing)[0]
    if classes is not None and len(classes) == 1:
        warnings.warn(
            f"dataset.target={target[0]} has one class only, '{printable(classes[0])}': there is "
            "nothing to learn",
            stacklevel=2,
        )
    return Pool(
        samples=samples,
        regression=task == "regression",
        input_names=names,
        target_names=target,
        classes=classes,
        validation=parts.get("validation"),
        test=parts.get("test"),
        missing=missing,
        scale=scale,
        scale_targets=scale_targets,
        groups=groups,
        unseen=unseen,
    )


def opened(path: str) -> TableFile:
    """A file by its format."""
    return FORMATS.get(Path(path).suffix, CsvFile)(path)


def read_table(file: TableFile, choice: Choice) -> Table:
    """The chosen columns of a file, every cell checked but for missing ones."""
    chosen = chosen_features(file.path, file.header, choice)
    check_memory(
        file.most_rows * (len(chosen) + len(choice.target)) * 8,
        f"{printable(file.path)} has up to {counted(file.most_rows, 'row')}",
        "choose fewer dataset.features, or save it as .npy",
        DataError,
    )
    # Column by column, as they are read: writing across rows would take several times as long.
    matrix = np.empty((len(chosen), file.most_rows)).T
    beside = np.empty((len(choice.target), file.most_rows))
    columns = [
        Column(name, values, categorical=name in choice.categorical)
        for name, values in zip((*chosen, *choice.target), (*matrix.T, *beside), strict=True)
    ]
    rows = 0
    for piece in file.pieces(choice.categorical):
        for column in columns:
            if not column.add(piece[column.name], rows):
                file.refuse_cell(column.name, lambda c: not is_number(c) and not is_missing(c))
        rows += len(piece)
    for column in columns:
        column.values = column.values[:rows]
        column.check(file, rows, target=column.name in choice.target)
    return Table(file, columns[: len(chosen)], columns[len(chosen) :], matrix[:rows])


def chosen_features(path: str, header: Sequence[str], choice: Choice) -> tuple[str, ...]:
    """The features' names. Refuses names that no column has, and a table of targets only."""
    named = {
        "dataset.target": choice.target,
        "dataset.features": choice.features or (),
        "dataset.categorical": choice.categorical,
        "dataset.exclude": choice.exclude,
    }
    for key, names in named.items():
        for name in names:
            if name not in header:
                raise DataError(
                    f"{key}: {printable(path)} has no column '{printable(name)}'; "
                    f"{suggestion(name, header)}it has {listed(header)}{other_separator(header)}"
                )
    for name in choice.exclude:
        for key in ("dataset.target", "dataset.features", "dataset.categorical"):
            if name in named[key]:
                raise DataError(
                    f"dataset.exclude leaves out '{printable(name)}', which {key} names; "
                    "expected it in one of the two"
                )
    left_out = {*choice.target, *choice.exclude}
    chosen = choice.features or tuple(name for name in header if name not in left_out)
    if not chosen:
        raise DataError(f"dataset.features: {printable(path)} has no column left to learn from")
    return chosen


def other_separator(columns: Sequence[str]) -> str:
    """A hint where the whole header became one column."""
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "; cells must be separated by commas"
    return ""


def load_matrix(file: NpyFile, choice: Choice, task: str) -> Pool:
    """A matrix [samples, columns] in an npy file, columns named 1, 2, …; it stays on disk.

    The features must be neighbours; without dataset.features, all columns but the targets, which
    are then the first ones or the last ones. Numbers only, and all of them finite.
    """
    path, target = file.path, choice.target
    wanted = matrix_features(file, choice)
    places = [int(name) - 1 for name in wanted]
    if not places or places != list(range(places[0], places[0] + len(places))):
        raise DataError(
            f"dataset.features: {printable(path)} stays on disk, so its features must be columns "
            "next to each other, in order; expected such as dataset.features=[1,2,3]"
        )
    inputs = file.matrix[:, places[0] : places[-1] + 1]
    targets = np.array(file.matrix[:, [int(name) - 1 for name in target]], float)
    check_finite(path, inputs, places[0])
    if not np.isfinite(targets).all():
        row = int(np.isfinite(targets).all(1).argmin())
        raise DataError(f"{printable(path)} row {row + 1}: a target is not a finite number")
    columns = [number_column(name, values) for name, values in zip(target, targets.T, strict=True)]
    classes = classes_of(columns, task)
    samples = Part(inputs, targets if classes is None else labels_of(columns[0], classes, path))
    return Pool(samples, wanted, target, classes, regression=task == "regression")


def matrix_features(file: NpyFile, choice: Choice) -> tuple[str, ...]:
    """The names of a matrix's columns to learn from."""
    if choice.exclude:
        return chosen_features(file.path, file.header, choice)
    for key, chosen in (("dataset.target", choice.target), ("dataset.features", choice.features)):
        for name in chosen or ():
            if name not in file.header:
                raise DataError(
                    f"{key}: {printable(file.path)} has no column '{printable(name)}'; "
                    f"{suggestion(name, file.header)}its columns are 1 to {len(file.header)}"
                )
    return choice.features or tuple(name for name in file.header if name not in choice.target)


def check_finite(path: str, inputs: Array, first: int) -> None:
    """Refuses NaN and infinity, naming row and column; reads a piece at a time."""
    start = 0
    for block in blocks(inputs):
        finite = np.isfinite(block)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise DataError(
                f"{printable(path)} row {start + row + 1} column {first + column + 1}: "
                f"{block[row, column]} is not a finite number"
            )
        start += len(block)


def classes_of(
    targets: Sequence[Column], task: str, refuse_cell: Callable[..., object] | None = None
) -> tuple[str, ...] | None:
    """The classes that the target names, or None where it is numbers to predict."""
    column = targets[0]
    if len(targets) > 1:
        if task == "classification":
            raise DataError(
                "dataset.task=classification takes one target column, "
                f"found dataset.target=[{', '.join(map(printable, names_of(targets)))}]"
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


def names_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """The columns' names."""
    return tuple(column.name for column in columns)


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


def samples_of(
    table: Table, known: dict[str, tuple[str, ...]], classes: tuple[str, ...] | None, missing: str
) -> tuple[Part, tuple[str, ...], tuple[slice, ...]]:
    """The table's samples, their inputs' names, and which inputs make up one category."""
    inputs, names, groups = table.matrix, names_of(table.features), NO_GROUPS
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
    allowed = () if missing == "refuse" else names_of(table.features)
    for name in gaps:
        if name not in allowed:
            filling = f" (dataset.missing={missing} fills in features only)" if allowed else ""
            table.file.refuse_cell(name, is_missing, MISSING_CELL + filling if allowed else None)
    return Part(inputs, targets), names, groups


NO_GROUPS: tuple[slice, ...] = ()
MISSING_CELL = "is a missing value; set dataset.missing=drop to leave such rows out"


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
