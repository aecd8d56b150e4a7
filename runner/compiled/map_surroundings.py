"""Where a layer stands in a net in `Maps`, as far as its own shape depends on it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from runner.compiled.structures import VECTOR_BYTES


class Surroundings(NamedTuple):
    """Of a layer in its net."""

    samples: int  # that lie side by side, below as in it
    stride: int  # the length of a row where that is whole vectors
    width: int  # of its weights' rows
    first: bool  # whether nothing below it has a gradient
    places: Mapping[str, slice]  # of its parts, among the kernel's parameters
    dtype: np.dtype[Any]

    @property
    def lanes(self) -> int:
        """Numbers in 64 bytes."""
        return VECTOR_BYTES // self.dtype.itemsize
