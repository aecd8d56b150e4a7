"""Windows over maps: the places that a convolution or a pooling looks at."""

from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import MisfitError, Place, Shape, written


class Windows(NamedTuple):
    """Squares of `size` rows and columns, every `stride` of them, over maps with a border."""

    below: Shape  # (channels, rows, columns)
    size: int
    stride: int
    padding: int = 0

    @property
    def places(self) -> tuple[int, int]:
        """Rows and columns of windows: floor((n + 2 padding - size) / stride) + 1."""
        _, rows, columns = self.below
        over = 2 * self.padding - self.size
        return (rows + over) // self.stride + 1, (columns + over) // self.stride + 1

    def over(self, maps: Array) -> Array:
        """[batch, channels, rows, columns, size, size]: a view of [batch, channels, n, m]."""
        windows = np.lib.stride_tricks.sliding_window_view(maps, (self.size, self.size), (2, 3))
        return windows[:, :, :: self.stride, :: self.stride]

    def cells(self, maps: Array) -> list[Array]:
        """Of all windows the first cell, the second, …, row by row.

        Views [batch, channels, rows, columns] into maps [batch, channels, n, m].
        """
        rows, columns = (1 + self.stride * (n - 1) for n in self.places)
        step = self.stride
        return [
            maps[:, :, dy : dy + rows : step, dx : dx + columns : step]
            for dy in range(self.size)
            for dx in range(self.size)
        ]


def check_fit(place: Place, windows: Windows) -> None:
    """Raises MisfitError where not one fits into the maps, or one sees nothing."""
    _, rows, columns = windows.below
    room = min(rows, columns) + 2 * windows.padding
    if not 1 <= windows.size <= room:
        raise MisfitError(
            f"it looks at {windows.size} x {windows.size}, and {written(place.below)} comes "
            f"in; expected a size of 1 to {room}"
        )
    if windows.stride < 1:
        raise MisfitError("it has a stride of 0; expected at least 1")
    if windows.padding >= windows.size:
        raise MisfitError(
            f"it has a border of {windows.padding}, where a window sees nothing else; "
            f"expected a padding of at most {windows.size - 1}"
        )
