"""Pooling: of each window of a map one number. It has no parameters and no activation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import LayerKind, Place, Room, Shape, Views, maps_below
from runner.network.layers.windows import Windows, check_fit


@dataclass(frozen=True)
class Pooling(LayerKind):
    """What both kinds share; what windows leave over at the right and below is not looked at."""

    letters: ClassVar[str]

    below: tuple[int, int, int]
    size: int
    stride: int

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """Of maps that its windows fit into; the stride is the size unless it is said."""
        size = int(text[1])
        stride, below = int(text[2]) if text[2] else size, maps_below(place)
        check_fit(place, Windows(below, size, stride))
        return cls(below, size, stride)

    def __str__(self) -> str:
        stride = f"s{self.stride}" if self.stride != self.size else ""
        return f"{self.letters}{self.size}{stride}"

    @property
    def windows(self) -> Windows:
        """What it looks at."""
        return Windows(self.below, self.size, self.stride)

    @property
    def shape(self) -> Shape:
        """[channels, rows, columns]."""
        return (self.below[0], *self.windows.places)

    def shares(self, delta: Array, room: Room) -> Iterable[Array]:
        """Of deltas [batch, channels, rows, columns] what goes to each cell of their windows."""
        raise NotImplementedError

    def backward(
        self,
        _own: Views,
        _gradient: Views,
        _x: Array,
        delta: Array,
        below: Array | None,
        room: Room,
    ) -> None:
        """dL/dx = what of dL/dz goes to x, added up over the windows that it is in."""
        if below is None:
            return
        below[...] = 0
        cells = self.windows.cells(below.reshape(-1, *self.below))
        shares = self.shares(delta.reshape(-1, *self.shape), room)
        for cell, share in zip(cells, shares, strict=True):
            np.add(cell, share, cell)


@dataclass(frozen=True)
class MaxPooling(Pooling):
    """z = max over a window."""

    letters: ClassVar[str] = "MP"
    notation: ClassVar[str] = "MP([0-9]{1,4})(?:s([0-9]{1,4}))?"
    """MP2: of 2 x 2, side by side; MP3s2: of 3 x 3, every two."""

    def new_room(self, batch: int, _dtype: np.dtype[np.generic]) -> Room:
        """Which cell of each window is largest, the first of equals."""
        return {"largest": np.empty((batch, *self.shape), np.intp)}

    def forward(self, _own: Views, x: Array, z: Array, room: Room) -> None:
        """z <- the largest of each window."""
        cells = self.windows.cells(x.reshape(-1, *self.below))
        highest, largest = z.reshape(-1, *self.shape), room["largest"]
        np.copyto(highest, cells[0])
        largest[...] = 0
        for number, cell in enumerate(cells[1:], 1):
            higher = cell > highest
            largest[higher] = number
            np.copyto(highest, cell, where=higher)

    def shares(self, delta: Array, room: Room) -> Iterable[Array]:
        """dL/dz where x was the largest of a window; else 0."""
        return (delta * (room["largest"] == number) for number in range(self.size**2))


@dataclass(frozen=True)
class MeanPooling(Pooling):
    """z = mean over a window."""

    letters: ClassVar[str] = "AP"
    notation: ClassVar[str] = "AP([0-9]{1,4})(?:s([0-9]{1,4}))?"
    """AP2: of 2 x 2, side by side; AP3s2: of 3 x 3, every two."""

    def forward(self, _own: Views, x: Array, z: Array, _room: Room) -> None:
        """z <- the mean of each window."""
        means = z.reshape(-1, *self.shape)
        means[...] = 0
        for cell in self.windows.cells(x.reshape(-1, *self.below)):
            means += cell
        means /= self.size**2

    def shares(self, delta: Array, _room: Room) -> Iterable[Array]:
        """dL/dz / size^2."""
        return [delta / self.size**2] * self.size**2


@dataclass(frozen=True)
class GlobalMeanPooling(LayerKind):
    """z[c] = mean over all places of map c. Source: Lin et al. 2014."""

    notation: ClassVar[str] = "GAP"

    below: tuple[int, int, int]

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """Of any maps."""
        return cls(maps_below(place))

    def __str__(self) -> str:
        return self.notation

    @property
    def shape(self) -> Shape:
        """[channels]."""
        return (self.below[0],)

    def forward(self, _own: Views, x: Array, z: Array, _room: Room) -> None:
        """z <- the mean of each map."""
        np.mean(x.reshape(len(x), self.below[0], -1), 2, out=z)

    def backward(
        self,
        _own: Views,
        _gradient: Views,
        x: Array,
        delta: Array,
        below: Array | None,
        _room: Room,
    ) -> None:
        """dL/dx = dL/dz / places."""
        if below is not None:
            _, rows, columns = self.below
            below.reshape(len(x), self.below[0], -1)[...] = delta[:, :, None] / (rows * columns)
