"""Kinds of layers of a person's own, which engine=numpy trains."""

import re
from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

import numpy as np

from runner.errors import SettingsError
from runner.network.arrays import Array
from runner.network.layers.kinds import LAYERS
from runner.network.layers.parts import LayerKind, Place, Shape, Views
from runner.plugins.origins import origin_of
from runner.plugins.trials import STEP, Refuse, checked, compare, trying

L = TypeVar("L", bound=type[LayerKind])
ROWS = 3


def layer(
    *, example: str, below: Sequence[int] = (6,), name: str | None = None, check: bool = True
) -> Callable[[L], L]:
    """Registers a kind of layer: a subclass of `runner.network.layers.parts.LayerKind`.

    example: how one is written in a topology, such as 8GLU, which is read and tried once. below:
    the shape of a sample that comes in there. check: whether what its backward gives has to be
    what central differences say.
    """

    def register(kind: L) -> L:
        origin = origin_of(kind)
        called = name or str(getattr(kind, "__name__", "?")).lower()

        def refuse(text: str) -> SettingsError:
            return SettingsError(f"{origin}: layer '{called}': {text}")

        if not (isinstance(kind, type) and issubclass(kind, LayerKind)):
            raise refuse("expected a class below runner.network.layers.parts.LayerKind")
        with trying(refuse, "its notation"):
            match = re.fullmatch(kind.notation, example, flags=re.ASCII)
        if match is None or "-" in example:
            raise refuse(f"its notation {kind.notation!r} does not read the example '{example}'")
        for other, theirs in LAYERS.items():
            if other != called and re.fullmatch(theirs.notation, example, flags=re.ASCII):
                raise refuse(f"'{example}' is read as the layer '{other}'; write it otherwise")
        with trying(refuse, "its read"):
            found = kind.read(match, Place(tuple(below), True, len(below) == 2))
        try_layer(refuse, found, tuple(below), exact=check)
        LAYERS.register(called, kind, origin)
        return kind

    return register


def try_layer(refuse: Refuse, kind: LayerKind, below: Shape, *, exact: bool) -> None:
    """A pass forward and back, on three samples."""
    generator = np.random.default_rng(1)
    with trying(refuse, "its shape and parts"):
        size = prod(kind.shape)
        own = {part.name: generator.uniform(-1, 1, part.shape) for part in kind.parts}
    x, delta = generator.uniform(-1, 1, (ROWS, prod(below))), generator.normal(size=(ROWS, size))
    gradient = {name: np.full_like(part, np.nan) for name, part in own.items()}
    back = np.full_like(x, np.nan)
    with trying(refuse, "its forward"):
        room = kind.new_room(ROWS, np.dtype(float))
        z = np.full((ROWS, size), np.nan)
        kind.forward(own, x, z, room)
        checked(refuse, "its forward", z, (z.shape,))
    with trying(refuse, "its backward"):
        kind.backward(own, gradient, x, delta.copy(), back, room)
    for name, found in {**gradient, "what comes in": back}.items():
        checked(refuse, f"its gradient of {name}", found, (found.shape,))
        if exact:
            of = own.get(name, x)
            expected = differences(kind, own, x, delta, of)
            compare(refuse, f"its gradient of {name}", found, expected, of)


def differences(kind: LayerKind, own: Views, x: Array, delta: Array, of: Array) -> Array:
    """d(sum z delta)/d`of` by central differences; `of` is x or one of the parts."""
    found = np.empty_like(of)
    z, room = np.empty(delta.shape), kind.new_room(ROWS, np.dtype(float))
    for place in np.ndindex(of.shape):
        was, sums = of[place], []
        for shifted in (was + STEP, was - STEP):
            of[place] = shifted
            kind.forward(own, x, z, room)
            sums.append(float((z * delta).sum()))
        of[place] = was
        found[place] = (sums[0] - sums[1]) / (2 * STEP)
    return found
