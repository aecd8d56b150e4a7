"""What tables of a layer's kernels depend on in `Maps` besides the layer itself."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from runner.compiled.structures import lanes_of


class Surroundings(NamedTuple):
    """Of a layer in its net."""

    samples: int  # that lie side by side, below as in it
    stride: int  # the length of a row where that is whole vectors
    width: int  # of its weights' rows
    first: bool  # whether nothing below it has a gradient
    dropped: bool  # whether what comes in may be otherwise on the way back: backward dropout
    places: Mapping[str, slice]  # of its parts, among the kernel's parameters
    dtype: np.dtype[Any]

    @property
    def lanes(self) -> int:
        """Numbers in 64 bytes."""
        return lanes_of(self.dtype)
