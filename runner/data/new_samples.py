"""Samples in a file for a network that is trained: its inputs, and targets where there are any.

A table's columns are those that the run learnt from, by their names; where these are only numbers,
as those of images are, the columns that are left beside the target, in their order. All others are
kept as they are written, such as the target and what names the rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isqrt
from os.path import commonprefix
from pathlib import Path

import numpy as np

from runner.data.chosen_columns import ChosenColumns, Table, other_separator, read_table
from runner.data.columns import check_known, one_hot
from runner.data.dataset import ordinals
from runner.data.formats import open_table
from runner.data.formats.cells import is_missing, is_number
from runner.data.formats.idx import looks_like_idx, read_idx
from runner.data.formats.table_file import TableFile
from runner.data.image_sets import COUNTED_FROM, UPRIGHT
from runner.data.target_classes import labels_of
from runner.data.whole_arrays import columns_of, end_to_end
from runner.errors import DataError, counted, listed, printable
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork

USUAL_TARGETS = ("class", "label", "labels", "target", "y")
"""What targets are called where the run's data set has no name for them."""
NO_NUMBER = "is not a number, and the network learnt from numbers there"


@dataclass(frozen=True)
class Samples:
    """What a file holds for a network."""

    inputs: Array
    """[rows, n_in]"""
    targets: Array | None = None
    """[rows] labels of classes, -1 where there is none, or [rows, n_out] numbers, then NaN.

    Of sequences with a target a step [rows, steps], or [rows, steps n_out].
    """
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """All columns that are not inputs, as they are written."""


def read_samples(
    network: TrainedNetwork, path: str, labels: str | None, dataset: Mapping[str, object]
) -> Samples:
    """The samples in a file: CSV, Parquet, npz or npy, or images in IDX.

    labels: an IDX file of the images' labels. dataset: the run's configuration of its data set.
    Raises DataError naming line and column.
    """
    if looks_like_idx(Path(path)):
        return read_images(network, Path(path), labels, dataset)
    if labels is not None:
        raise DataError(
            f"--labels={printable(labels)} goes with images in IDX; {printable(path)} is a table, "
            "whose targets are a column of its own"
        )
    return read_columns(network, open_table(path), dataset)


def read_columns(
    network: TrainedNetwork, file: TableFile, dataset: Mapping[str, object], *, alone: bool = False
) -> Samples:
    """The samples in a table. alone: its inputs, whatever other columns hold."""
    columns, known = learnt_columns(network, file, dataset)
    targets = () if alone else target_columns(network, file, columns, dataset)
    named = targets and network.classes is not None and not all(map(is_number, network.classes))
    texts = (*known, *(targets if named else ()))
    table = read_table(file, ChosenColumns(targets, columns, texts, no_number=NO_NUMBER))
    check_cells(network, table, known, str(dataset.get("unseen", "none")))
    inputs, _, _ = one_hot(table.features, known)
    kept = {} if alone else read_kept(file, columns)
    if not table.targets:
        return Samples(inputs, kept=kept)
    if network.classes is not None:
        labels = labels_of(end_to_end(table.targets), network.classes, file.path)
        steps = labels.reshape(len(inputs), -1)
        return Samples(inputs, steps if network.steps > 1 else labels, kept)
    return Samples(inputs, np.stack([column.values for column in table.targets], 1), kept)


def read_images(
    network: TrainedNetwork, path: Path, labels: str | None, dataset: Mapping[str, object]
) -> Samples:
    """Square images in IDX, and their labels where there are any."""
    inputs, kind = network.network.topology.sizes[0], str(dataset.get("kind"))
    side = isqrt(inputs)
    if network.input_names is not None or side * side != inputs:
        raise DataError(
            f"{printable(path)} holds IDX; the run learnt from no square images: expected a table "
            f"with its {counted(inputs, 'input')}"
        )
    images = read_idx(path, (side, side)).transpose(UPRIGHT.get(kind, (0, 1, 2)))
    found = images.reshape(len(images), inputs)
    if labels is None:
        return Samples(found)
    first = COUNTED_FROM.get(str(dataset.get("split")), 0)
    numbers = read_idx(Path(labels), ()).astype(int) - first
    if len(numbers) != len(images):
        raise DataError(
            f"{printable(path)} holds {counted(len(images), 'image')} and {printable(labels)} "
            f"{counted(len(numbers), 'label')}; expected one label an image"
        )
    classes = len(network.classes or ())
    if classes and not (numbers.min() >= 0 and numbers.max() < classes):
        raise DataError(f"{printable(labels)} has labels beyond the {classes} classes of the run")
    kept = {"label": [str(number + first) for number in numbers]}
    return Samples(found, numbers if classes else numbers[:, None].astype(float), kept)


def learnt_columns(
    network: TrainedNetwork, file: TableFile, dataset: Mapping[str, object]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The file's columns that are inputs, and the categories of those that hold texts."""
    inputs = network.network.topology.sizes[0]
    names = network.input_names or ordinals(inputs)
    of_inputs, known = list(names), dict[str, tuple[str, ...]]()
    for group in network.input_groups:
        column, known[column] = category_column(names[group], file.header)
        of_inputs[group] = [column] * (group.stop - group.start)
    columns = tuple(dict.fromkeys(of_inputs))
    missing = [name for name in columns if name not in file.header]
    if not missing:
        return columns, known
    if names == ordinals(inputs):
        return columns_in_order(file, inputs, dataset), {}
    short = network.way_out_of_short(file.arrays.get(missing[0].rpartition(".")[0], ()))
    has = short or f"it has {listed(file.header, 10)}{other_separator(file.header)}"
    raise DataError(
        f"{printable(file.path)} has no column '{printable(missing[0])}', which the network "
        f"learnt from; {has}"
    )


def columns_in_order(
    file: TableFile, inputs: int, dataset: Mapping[str, object]
) -> tuple[str, ...]:
    """As many columns as there are inputs: all, all but the target, or all that are numbered alike.

    Numbered alike are pixel0, pixel1, …, and images.1, images.2, …, an array of an npz file.
    """
    header = tuple(file.header)
    if len(header) == inputs:
        return header
    others = tuple(name for name in header if name not in expected_targets(dataset))
    alike: dict[str, list[str]] = {}
    for name in header:
        if name[-1:].isdecimal():
            alike.setdefault(name.rstrip("0123456789"), []).append(name)
    fitting = [tuple(group) for group in alike.values() if len(group) == inputs]
    if len(others) == inputs:
        return others
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        f"{printable(file.path)} has {counted(len(header), 'column')}; the network takes "
        f"{counted(inputs, 'input')}: "
        f"expected as many, with or without a target named {', '.join(expected_targets(dataset))}, "
        f"or as many that are numbered alike, such as pixel1, pixel2, …{other_separator(header)}"
    )


def expected_targets(dataset: Mapping[str, object]) -> tuple[str, ...]:
    """What the targets are called: as the run was told, or as is usual."""
    named = dataset.get("target")
    if isinstance(named, str):
        return (named,)
    return tuple(map(str, named)) if isinstance(named, list) else USUAL_TARGETS


def target_columns(
    network: TrainedNetwork, file: TableFile, inputs: Sequence[str], dataset: Mapping[str, object]
) -> tuple[str, ...]:
    """The file's columns that are targets; none unless all of them are there."""
    others = {name for name in file.header if name not in inputs}
    there = tuple(name for name in columns_of(file, expected_targets(dataset)) if name in others)
    topology = network.network.topology
    each = 1 if network.classes is not None else topology.outputs
    if network.classes is not None and network.steps == 1:
        return there[:1]
    return there if len(there) in (each, each * network.steps) else ()


def read_kept(file: TableFile, inputs: Sequence[str]) -> dict[str, list[str]]:
    """The columns that are not inputs, as they are written; empty where there is nothing."""
    names = tuple(name for name in file.header if name not in set(inputs))
    kept: dict[str, list[str]] = {name: [] for name in names}
    for piece in file.pieces(names) if names else ():
        for name in names:
            cells = piece[name]
            kept[name] += cells.astype(object).where(cells.notna(), "").astype(str).tolist()
    return kept


def category_column(names: Sequence[str], header: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The column and its categories from names such as `colour=red` and `colour=green`."""
    shared = commonprefix(names)  # noqa: RUF071 - no paths
    ends = [place for place, sign in enumerate(shared) if sign == "="]
    end = next((end for end in ends if shared[:end] in header), ends[0])
    return shared[:end], tuple(name[end + 1 :] for name in names)


def check_cells(
    network: TrainedNetwork, table: Table, known: dict[str, tuple[str, ...]], unseen: str
) -> None:
    """Refuses missing values where training had none, and tells of categories that it had not.

    unseen: what a category is that training did not see: none of the known, or error.
    """
    behind = None if known else network.steps_behind(table.matrix)
    each = len(table.features) // (1 if behind is None else behind.shape[1])
    for place, column in enumerate(table.features):
        name = column.name
        if name in known:
            check_known(table.file, column, seen_categories(network, name, known[name]), unseen)
        here = column.missing()
        if behind is not None:
            here = here & ~behind[:, place // each]
        if network.fill is None and here.any():
            expected = "is missing, and training saw no row without it; fill it in"
            table.file.refuse_cell(name, is_missing, expected)


def seen_categories(
    network: TrainedNetwork, column: str, categories: Sequence[str]
) -> tuple[str, ...]:
    """Those categories that the training part had samples of: the others' inputs are nothing."""
    if network.scaling is None or network.input_names is None or not network.scaling.scale.ndim:
        return tuple(categories)
    scales = dict(zip(network.input_names, network.scaling.scale.tolist(), strict=True))
    return tuple(category for category in categories if scales[f"{column}={category}"])
