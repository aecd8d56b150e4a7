"""A convolution: the same small weights at every place of the maps that come in.

Source: LeCun et al. 1989; cross-correlation, as everywhere in the field.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.parts import (
    BEHIND,
    LayerKind,
    LayerPart,
    MisfitError,
    Place,
    Room,
    Shape,
    Views,
    maps_below,
)
from runner.network.layers.windows import Windows, check_fit


@dataclass(frozen=True)
class Convolution(LayerKind):
    """z[m, k, l] = b[m] + sum over c, i, j of W[(c, i, j), m] x[c, k s + i - p, l s + j - p].

    s: stride; p: padding, a border of zeros. By one matrix product over the windows' content.
    """

    notation: ClassVar[str] = "([0-9]{1,9})C([0-9]{1,4})(?:s([0-9]{1,4}))?(?:p([0-9]{1,4}))?"
    """20C5: 20 maps of 5 x 5; 32C3s2p1: with a stride of 2 and a padding of 1."""
    activation_is: ClassVar[str] = BEHIND

    below: tuple[int, int, int]
    maps: int
    size: int
    stride: int = 1
    padding: int = 0
    bias: bool = True

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        """Of maps that its windows fit into."""
        maps, size, stride, padding = (int(group or 0) for group in text.groups())
        below, stride = maps_below(place), stride if text[3] else 1
        check_fit(place, Windows(below, size, stride, padding))
        if maps < 1:
            raise MisfitError(f"it makes no map; expected at least one, such as 8C{size}")
        bias = place.bias_before_activation
        return cls(below, maps, size, stride, padding, bias)

    def __str__(self) -> str:
        stride = f"s{self.stride}" if self.stride > 1 else ""
        padding = f"p{self.padding}" if self.padding else ""
        return f"{self.maps}C{self.size}{stride}{padding}"

    @property
    def windows(self) -> Windows:
        """What it looks at."""
        return Windows(self.below, self.size, self.stride, self.padding)

    @property
    def shape(self) -> Shape:
        """[maps, rows, columns]."""
        return (self.maps, *self.windows.places)

    @property
    def taps(self) -> int:
        """Numbers in a window."""
        return self.below[0] * self.size**2

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        """Its weights [channels size size, maps], and its biases [maps]."""
        fans = self.taps, self.maps * self.size**2
        weights = LayerPart("weights", (self.taps, self.maps), fans)
        return (weights, LayerPart("bias", (self.maps,))) if self.bias else (weights,)

    @property
    def ends(self) -> tuple[str, str]:
        """From a place in a window to a map."""
        return "place", "map"

    @property
    def products(self) -> int:
        """Taps, a map and place."""
        _, rows, columns = self.shape
        return self.taps * self.maps * rows * columns

    @property
    def scratch(self) -> int:
        """The windows' content, on the way forth and back."""
        _, rows, columns = self.shape
        return 2 * self.taps * rows * columns

    def new_room(self, batch: int, dtype: np.dtype[np.generic]) -> Room:
        """The maps with their border, and their windows' content, a row each."""
        (channels, rows, columns), border = self.below, 2 * self.padding
        _, down, across = self.shape
        return {
            "bordered": np.zeros((batch, channels, rows + border, columns + border), dtype),
            "content": np.empty((batch, down, across, channels, self.size, self.size), dtype),
        }

    def forward(self, own: Views, x: Array, z: Array, room: Room) -> None:
        """z = content W + b, [batch places, taps] @ [taps, maps]."""
        made = self._content(x, room) @ own["weights"]
        if self.bias:
            made += own["bias"]
        maps = z.reshape(-1, *self.shape)
        maps[...] = made.reshape(-1, *self.shape[1:], self.maps).transpose(0, 3, 1, 2)

    def backward(
        self, own: Views, gradient: Views, x: Array, delta: Array, below: Array | None, room: Room
    ) -> None:
        """dL/dW = content.T delta, dL/db = sum delta; dL/dx: delta W.T, added up where it is of."""
        # The content anew: with backward dropout x is no longer what came in on the way forward.
        at_places = delta.reshape(-1, *self.shape).transpose(0, 2, 3, 1).reshape(-1, self.maps)
        np.dot(self._content(x, room).T, at_places, gradient["weights"])
        if self.bias:
            np.add.reduce(at_places, 0, out=gradient["bias"])
        if below is None:
            return
        content = (at_places @ own["weights"].T).reshape(room["content"].shape)
        bordered = np.zeros_like(room["bordered"])
        cells = content.reshape(*content.shape[:4], -1).transpose(4, 0, 3, 1, 2)
        for place, cell in zip(self.windows.cells(bordered), cells, strict=True):
            np.add(place, cell, place)
        below.reshape(-1, *self.below)[...] = self._inner(bordered)

    def _content(self, x: Array, room: Room) -> Array:
        """[batch places, taps] What the windows see."""
        self._inner(room["bordered"])[...] = x.reshape(-1, *self.below)
        windows = self.windows.over(room["bordered"])
        np.copyto(room["content"], windows.transpose(0, 2, 3, 1, 4, 5))
        return room["content"].reshape(-1, self.taps)

    def _inner(self, bordered: Array) -> Array:
        """The maps without their border, a view."""
        _, rows, columns = self.below
        border = self.padding
        return bordered[:, :, border : border + rows, border : border + columns]
