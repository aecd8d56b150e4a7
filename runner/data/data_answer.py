"""What a data set is, in values: what `data` answers scripts, and tells people in lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from runner.answers.answer import Answer, Cell
from runner.data.dataset import Dataset, blocks
from runner.network.arrays import Array
from runner.network.layers.parts import written
from runner.network.scaling import Scaling

ROWS = 5
"""Samples that are shown."""
COLUMNS = 12
"""Input columns of which they are shown."""


@dataclass(frozen=True)
class Range:
    min: float
    max: float
    mean: float


@dataclass(frozen=True)
class ColumnRange:
    name: str
    min: float
    max: float
    mean: float
    sd: Annotated[float, "standard deviation, of all there are"]


@dataclass(frozen=True)
class PartRow:
    shape: Annotated[list[int], "of its inputs: samples x inputs of each"]
    dtype: Annotated[str, "of its inputs"]
    bytes: Annotated[int, "of its inputs"]


@dataclass(frozen=True)
class Scales:
    shift: Annotated[list[float], "one for all columns, or one for each"]
    scale: Annotated[list[float], "one for all columns, or one for each"]


@dataclass(frozen=True)
class ClassRow:
    name: str
    samples: Annotated[Mapping[str, int], "how many there are, or steps of sequences, by part"]


@dataclass(frozen=True)
class FirstRows:
    columns: Annotated[list[str], f"the first inputs, {COLUMNS} at most, and all targets"]
    inputs: Annotated[int, "how many of the columns are inputs"]
    of: Annotated[int, "so many inputs that a row has"]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class DataAnswer(Answer):
    """What `data` answers: a data set as a network is trained on it, before scaling."""

    command = "data"
    name: Annotated[str, "as in dataset=NAME"]
    parts: Annotated[Mapping[str, PartRow], "train, and where there are such validation and test"]
    shape: Annotated[list[int], "of a sample's inputs: channels x rows x columns, steps x features"]
    topology: Annotated[str, "the first and last layers that fit"]
    missing: Annotated[int, "inputs that had no value and were filled in"]
    scaling: Annotated[Scales | None, "the network sees (x - shift) * scale; null: x itself"]
    target_scaling: Annotated[Scales | None, "the same of targets"]
    checksum: Annotated[str, "SHA-256 of all values and names"]
    drawn: Annotated[bool, "whether every run draws its own samples; these stand for such"]
    classes: Annotated[list[ClassRow] | None, "null: targets are numbers"]
    targets: Annotated[list[ColumnRange] | None, "of the training part; null: there are classes"]
    inputs: Annotated[list[ColumnRange], "of the training part; empty where they have no names"]
    all_inputs: Annotated[Range | None, "together, where they have no names, such as pixels"]
    images: Annotated[bool, "whether inputs are images"]
    first_rows: Annotated[FirstRows, "samples of the training part, or steps of the first"]


def data_answer(name: str, dataset: Dataset, most: int | None = None) -> DataAnswer:
    """The document. most: input columns whose ranges are wanted, or None for all."""
    classes = targets = None
    if dataset.classes is not None:
        classes = class_rows(dataset, dataset.classes)
    else:
        values = dataset.counting(dataset.train, dataset.train.targets)
        targets = [column(name, values[:, n]) for n, name in enumerate(dataset.target_names)]
    inputs: Any = dataset.train.inputs
    names = dataset.input_names[:most] if dataset.named else ()
    return DataAnswer(
        name,
        {name: part_row(part.inputs) for name, part in dataset.parts.items()},
        list(dataset.shape),
        ends_text(dataset),
        dataset.missing,
        scales(dataset.scaling),
        scales(dataset.target_scaling),
        dataset.checksum,
        dataset.drawn is not None,
        classes,
        targets,
        [column(name, np.asarray(inputs[:, n])) for n, name in enumerate(names)],
        None if dataset.named else whole_range(inputs),
        dataset.shows_images,
        first_rows(dataset),
    )


def ends_text(dataset: Dataset) -> str:
    """A topology's first and last layer that fit."""
    outputs = map(str, dataset.fitting_outputs)
    if dataset.steps is None:
        return f"{dataset.inputs}-…-{' or '.join(outputs)}"
    lasts = " or ".join(f"{dataset.steps}x{size}" for size in outputs)
    return f"{written(dataset.shape)}-…-{lasts}"


def part_row(inputs: Array) -> PartRow:
    """A part's inputs."""
    size = int(np.prod(inputs.shape)) * inputs.dtype.itemsize
    return PartRow(list(inputs.shape), str(inputs.dtype), size)


def scales(scaling: Scaling | None) -> Scales | None:
    """A scaling."""
    if scaling is None:
        return None
    return Scales(scaling.shift.ravel().tolist(), scaling.scale.ravel().tolist())


def class_rows(dataset: Dataset, classes: tuple[str, ...]) -> list[ClassRow]:
    """Of each class how many samples or steps, part by part."""
    counts = {
        name: np.bincount(
            dataset.counting(part, part.targets).ravel(), minlength=len(classes)
        ).tolist()
        for name, part in dataset.parts.items()
    }
    return [
        ClassRow(name, {part: each[label] for part, each in counts.items()})
        for label, name in enumerate(classes)
    ]


def column(name: str, values: Array) -> ColumnRange:
    """Smallest and largest value, mean and deviation of a column."""
    return ColumnRange(name, values.min(), values.max(), values.mean(), values.std())


def whole_range(inputs: Array) -> Range:
    """The range of all inputs together."""
    sums = [(block.min(), block.max(), block.sum(dtype=float)) for block in blocks(inputs)]
    low, high, total = (np.array(each) for each in zip(*sums, strict=True))
    return Range(low.min(), high.max(), total.sum() / np.prod(inputs.shape))


def first_rows(dataset: Dataset) -> FirstRows:
    """The first samples of the training part, or the steps of the first."""
    inputs, targets, names = dataset.train.inputs, dataset.train.targets, dataset.input_names
    if dataset.steps is not None:
        names = tuple(f"feature {i + 1}" for i in range(dataset.shape[1]))
        inputs = steps_of(inputs[:1], dataset.shape[1])
        targets = (
            targets[0] if dataset.labelled else steps_of(targets[:1], len(dataset.target_names))
        )
    rows = []
    for sample, target in zip(inputs[:ROWS], targets[:ROWS], strict=True):
        known: list[Cell] = np.asarray(sample[:COLUMNS]).tolist()
        if dataset.classes is None:
            known += target.tolist()
        else:
            known.append(dataset.classes[int(target)])
        rows.append(known)
    shown = names[:COLUMNS]
    return FirstRows([*shown, *dataset.target_names], len(shown), len(names), rows)


def steps_of(values: Array, numbers: int) -> Array:
    """A row a step [samples steps, numbers] of sequences."""
    return values.reshape(-1, numbers)
