"""Data sets that are made up: rows written in YAML, truth tables, and points from a seed.

Points are what a small net can be seen to learn. Each set takes the number of samples, noise (a
standard deviation, in the points' own unit) and the seed; classes take turns, so that they are of
one size, give or take one.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from runner.checking.rules import NUMBER, Rule, integer, list_of, number, refuse, taking
from runner.data.dataset import Part, Pool, ordinals
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import cosines, sines
from runner.network.normal_numbers import standard_normal

SAMPLES: Rule = integer(at_least=2, at_most=10_000_000)
SEED: Rule = integer(at_least=0)
NOISE: Rule = number(at_least=0)
CLASSES: Rule = integer(at_least=2, at_most=1000)


@taking(list_of(list_of(list_of(NUMBER), at_least=2)))
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


def table(options: TableOptions) -> Pool:
    """A data set from rows [[inputs], [targets]]."""
    inputs, targets = zip(*options.rows, strict=True)
    return numbers_to_predict(np.array(inputs), np.array(targets))


def all_inputs(bits: int) -> Array:
    """Every input of so many bits [2^bits, bits] in counting order, high bit first."""
    return bits_of(np.arange(2**bits), bits)


def bits_of(numbers: Array, bits: int) -> Array:
    """Whole numbers [samples] written in binary [samples, bits], high bit first."""
    written: Array = (numbers[:, None] >> np.arange(bits)[::-1]) & 1
    return written


def numbers_to_predict(inputs: Array, targets: Array) -> Pool:
    """Numbers [samples, n_in] and [samples, n_out]; columns are named 1, 2, …"""
    samples = Part(inputs.astype(float), targets.astype(float))
    return Pool(samples, ordinals(inputs.shape[1]), ordinals(targets.shape[1]))


def parity(options: BitsOptions) -> Pool:
    """The target is 1 when an odd number of bits is set."""
    inputs = all_inputs(options.bits)
    return numbers_to_predict(inputs, inputs.sum(1, keepdims=True) % 2)


def majority(options: BitsOptions) -> Pool:
    """The target is 1 when more than half of the bits are set."""
    inputs = all_inputs(options.bits)
    return numbers_to_predict(inputs, 2 * inputs.sum(1, keepdims=True) > options.bits)


def multiplexer(options: MultiplexerOptions) -> Pool:
    """The target is the data bit that the address names: first the address, then 2^a data bits."""
    address_bits = options.address_bits
    inputs = all_inputs(address_bits + 2**address_bits)
    address = inputs[:, :address_bits] @ (1 << np.arange(address_bits)[::-1])
    return numbers_to_predict(
        inputs, np.take_along_axis(inputs, address_bits + address[:, None], 1)
    )


def binary_addition(options: AdditionOptions) -> Pool:
    """The target is the sum of two numbers of so many bits; both and the sum high bit first."""
    bits = options.bits
    inputs = all_inputs(2 * bits)
    places = 1 << np.arange(bits)[::-1]
    total = inputs[:, :bits] @ places + inputs[:, bits:] @ places
    return numbers_to_predict(inputs, bits_of(total, bits + 1))


def scattered(
    points: Array, labels: Array, classes: int, noise: float, generator: np.random.Generator
) -> Pool:
    """Points [samples, n_in] of classes 0, 1, …, moved by noise; columns are named 1, 2, …"""
    moved = points + noise * standard_normal(generator, points.shape)
    names = tuple(map(str, range(classes)))
    return Pool(Part(moved, labels), ordinals(points.shape[1]), ("class",), names)


def spirals(options: SpiralsOptions) -> Pool:
    """Arms that wind about each other: r from 0 to 1, angle 2 pi (turns r + class / classes).

    Source: Lang and Witbrock 1988, with two arms of three turns.
    """
    generator = np.random.default_rng(options.seed)
    classes = options.classes
    labels = np.arange(options.samples) % classes
    radius = np.sqrt(generator.random(options.samples))  # as many points on every stretch of an arm
    angle = 2 * np.pi * (options.turns * radius + labels / classes)
    points = radius[:, None] * np.stack([cosines(angle), sines(angle)], 1)
    return scattered(points, labels, classes, options.noise, generator)


def moons(options: PointsOptions) -> Pool:
    """Two half circles of radius 1 that reach into each other."""
    generator = np.random.default_rng(options.seed)
    labels = np.arange(options.samples) % 2
    angle = np.pi * generator.random(options.samples)
    upper = np.stack([cosines(angle), sines(angle)], 1)
    points = np.where(labels[:, None] == 0, upper, [1, 0.5] - upper)
    return scattered(points, labels, 2, options.noise, generator)


def circles(options: PointsOptions) -> Pool:
    """A circle of radius 1 about one of radius 1/2."""
    generator = np.random.default_rng(options.seed)
    labels = np.arange(options.samples) % 2
    angle = 2 * np.pi * generator.random(options.samples)
    points = np.stack([cosines(angle), sines(angle)], 1) / (1 + labels[:, None])
    return scattered(points, labels, 2, options.noise, generator)


def blobs(options: BlobsOptions) -> Pool:
    """Clouds about centres drawn from [-1, 1) in each direction; noise is a cloud's deviation."""
    generator = np.random.default_rng(options.seed)
    classes = options.classes
    centres = 2 * generator.random((classes, options.features)) - 1
    labels = np.arange(options.samples) % classes
    return scattered(centres[labels], labels, classes, options.noise, generator)


def checkerboard(options: CheckerboardOptions) -> Pool:
    """Points of [-1, 1) x [-1, 1) on a board of squares x squares; the class is the colour."""
    generator = np.random.default_rng(options.seed)
    board = generator.random((options.samples, 2))
    labels = np.floor(board * options.squares).astype(int).sum(1) % 2
    return scattered(2 * board - 1, labels, 2, options.noise, generator)


def sine(options: SineOptions) -> Pool:
    """Regression: y = sin(pi periods x) + noise, x in [-1, 1)."""
    generator = np.random.default_rng(options.seed)
    samples, noise = options.samples, options.noise
    x = 2 * generator.random((samples, 1)) - 1
    y = sines(np.pi * options.periods * x) + noise * standard_normal(generator, (samples, 1))
    return numbers_to_predict(x, y)
