"""The shape of a table's samples: `dataset.shape=1x28x28` or `8x2`."""

import re
from math import prod

import numpy as np

from runner.checking.rules import one_of, refuse, taking
from runner.errors import DataError, counted, printable
from runner.network.arrays import Array
from runner.network.layers.parts import Shape, by_unit, written
from runner.network.topology import EXTENT, shape_of

AUTO = "auto"
"""The shape that arrays have in a file, npz."""
EXAMPLES = "channels x rows x columns such as 1x28x28, or steps x features such as 8x2"


@taking({"type": "string", "pattern": f"^{EXTENT}$"})
def extents(key: str, value: object) -> Shape:
    """Two or three numbers joined by x."""
    fits = isinstance(value, str) and re.fullmatch(EXTENT, value)
    if not fits or not all(shape := shape_of(str(value))):
        raise refuse(key, value, "is not a shape", f"expected {EXAMPLES}")
    return shape


@taking(one_of(AUTO), extents.schema)
def extents_or_file(key: str, value: object) -> Shape | str:
    """Those, or `auto` for what the file says."""
    return AUTO if value == AUTO else extents(key, value)


def check_shape(shape: Shape | None, names: tuple[str, ...], path: str) -> None:
    """Refuses a shape that is not of as many numbers as a sample has. Raises DataError."""
    if shape is not None and prod(shape) != len(names):
        first = f", '{printable(names[0])}' to '{printable(names[-1])}'" if len(names) > 1 else ""
        raise DataError(
            f"dataset.shape={written(shape)} is of {counted(prod(shape), 'number')}, and a sample "
            f"of {printable(path)} has {counted(len(names), 'input')}{first}; expected {EXAMPLES} "
            "of as many, or dataset.exclude of what is no input"
        )


def unit_rows(inputs: Array, shape: Shape) -> Array:
    """[rows, units] of inputs [samples, n_in]: a row a sample, a pixel or a step.

    Units are columns, an image's channels or a sequence's features.
    """
    if len(shape) < 2:
        return inputs
    units = by_unit(inputs, shape)
    return units if len(shape) == 2 else np.moveaxis(units, 1, 2).reshape(-1, shape[0])


def of_each_number(values: Array, shape: Shape) -> Array:
    """[n] From a number a unit [units]."""
    if len(shape) == 3:
        return np.repeat(values, shape[1] * shape[2])
    return np.tile(values, prod(shape) // len(values))


def step_names(shape: Shape) -> tuple[str, ...]:
    """Names step.feature of a sequence's inputs (steps, features), which have none of their own."""
    steps, features = shape
    return tuple(
        f"{step + 1}.{feature + 1}" for step in range(steps) for feature in range(features)
    )
