"""What each kind of data set takes, checked once at the door.

In YAML these stand beside `dataset.name` and `dataset.kind`, with the split's keys.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from runner.checking.rules import (
    Rule,
    choice,
    flag,
    integer,
    number,
    one_or_many,
    optional,
    path,
    refuse,
    text,
)
from runner.errors import printable


def rows(key: str, value: object) -> tuple[Any, ...]:
    """Rows [[inputs], [targets]] of numbers, all of one shape."""
    expected = "expected rows such as [[0, 1], [1]]: inputs, then targets"
    if not isinstance(value, list) or not value:
        raise refuse(key, value, "holds no rows", expected)
    shapes = set()
    for row in value:
        pair = isinstance(row, list) and len(row) == 2 and all(isinstance(p, list) for p in row)
        if not pair or not row[0] or not row[1]:
            raise refuse(key, row, "is not a row", expected)
        for part in row:
            for cell in part:
                number()(key, cell)
        shapes.add((len(row[0]), len(row[1])))
    if len(shapes) > 1:
        raise refuse(key, value, "has rows of different lengths", expected)
    return tuple(value)


def part_size(key: str, value: object) -> float | int | str:
    """A fraction of the samples, a number of them, or a file that holds the part."""
    expected = f"expected a fraction such as {key}=0.2, a count, or a file"
    if isinstance(value, str):
        return str(path(key, value))
    if isinstance(value, float):
        return float(number(above=0, below=1)(key, value))
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse(key, value, "is not the size of a part", expected)
    return value


@dataclass(frozen=True)
class SplitSettings:
    validation: Annotated[float | int | str | None, optional(part_size)]
    test: Annotated[float | int | str | None, optional(part_size)]
    folds: Annotated[int | None, optional(integer(at_least=2))]
    fold: Annotated[int, integer(at_least=0)]
    split_seed: Annotated[int | None, optional(integer(at_least=0))]
    stratify: Annotated[bool, flag]


@dataclass(frozen=True)
class DistortionSettings:
    alpha: Annotated[float, number(at_least=0, at_most=1000)]
    sigma: Annotated[float, number(at_least=0.01, at_most=1000)]
    rotation: Annotated[float, number(at_least=0, at_most=180)]
    scaling: Annotated[float, number(at_least=0, below=1)]
    shear: Annotated[float, number(at_least=0, at_most=100)]
    shift: Annotated[float, number(at_least=0, at_most=1000)]


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
SCALES = choice(("none", "standardise", "minmax"))
PIXEL_SCALES = choice(("none", "unit", "standardise"))
MISSING = choice(("refuse", "drop", "mean", "median", "most_frequent"))
TASKS = choice(("auto", "classification", "regression"))
UNSEEN = choice(("none", "error"))
SAMPLES: Rule = integer(at_least=2, at_most=10_000_000)
SEED: Rule = integer(at_least=0)
NOISE: Rule = number(at_least=0)
CLASSES: Rule = integer(at_least=2, at_most=1000)


@dataclass(frozen=True)
class TableOptions:
    rows: Annotated[tuple[Any, ...], rows]


@dataclass(frozen=True)
class BitsOptions:
    bits: Annotated[int, integer(at_least=1, at_most=20)]


@dataclass(frozen=True)
class AdditionOptions:
    bits: Annotated[int, integer(at_least=1, at_most=10)]


@dataclass(frozen=True)
class MultiplexerOptions:
    address_bits: Annotated[int, integer(at_least=1, at_most=4)]


@dataclass(frozen=True)
class CsvOptions:
    path: Annotated[str, path]
    target: Annotated[tuple[str, ...], column_names]
    features: Annotated[tuple[str, ...] | None, NAMES]
    categorical: Annotated[tuple[str, ...] | None, NAMES]
    missing: Annotated[str, MISSING]
    scale: Annotated[str, SCALES]
    scale_targets: Annotated[str, SCALES]
    task: Annotated[str, TASKS]
    exclude: Annotated[tuple[str, ...] | None, NAMES] = None
    unseen: Annotated[str, UNSEEN] = "none"


@dataclass(frozen=True)
class PointsOptions:
    samples: Annotated[int, SAMPLES]
    noise: Annotated[float, NOISE]
    seed: Annotated[int, SEED]


@dataclass(frozen=True)
class SpiralsOptions(PointsOptions):
    classes: Annotated[int, CLASSES]
    turns: Annotated[float, number(above=0)]


@dataclass(frozen=True)
class BlobsOptions(PointsOptions):
    classes: Annotated[int, CLASSES]
    features: Annotated[int, integer(at_least=1, at_most=10_000)]


@dataclass(frozen=True)
class CheckerboardOptions(PointsOptions):
    squares: Annotated[int, integer(at_least=2, at_most=1000)]


@dataclass(frozen=True)
class SineOptions(PointsOptions):
    periods: Annotated[float, number(above=0)]


@dataclass(frozen=True)
class DigitsOptions:
    scale: Annotated[str, PIXEL_SCALES]
    distortion: DistortionSettings


@dataclass(frozen=True)
class ImageOptions(DigitsOptions):
    root: Annotated[str | None, optional(path)]


@dataclass(frozen=True)
class EmnistOptions(ImageOptions):
    split: Annotated[str, choice(("balanced", "byclass", "bymerge", "digits", "letters", "mnist"))]


@dataclass(frozen=True)
class Cifar100Options(ImageOptions):
    labels: Annotated[str, choice(("coarse", "fine"))]


DATASET_OPTIONS: dict[str, type] = {
    "binary_addition": AdditionOptions,
    "blobs": BlobsOptions,
    "checkerboard": CheckerboardOptions,
    "cifar10": ImageOptions,
    "cifar100": Cifar100Options,
    "circles": PointsOptions,
    "csv": CsvOptions,
    "digits": DigitsOptions,
    "emnist": EmnistOptions,
    "fashion_mnist": ImageOptions,
    "kmnist": ImageOptions,
    "majority": BitsOptions,
    "mnist": ImageOptions,
    "moons": PointsOptions,
    "multiplexer": MultiplexerOptions,
    "parity": BitsOptions,
    "sine": SineOptions,
    "spirals": SpiralsOptions,
    "stl10": ImageOptions,
    "svhn": ImageOptions,
    "table": TableOptions,
}
"""The options of each kind of `runner.data.kinds.DATASETS`."""
