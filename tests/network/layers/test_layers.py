"""Every kind of layer against its own forward pass, by central differences."""

from collections.abc import Callable
from math import prod

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.dropout import Dropout
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.kinds import LAYERS
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import LayerKind, LayerPart, Place
from runner.network.layers.pooling import GlobalMeanPooling, MaxPooling, MeanPooling
from runner.network.topology import read_layer

MAPS, SEQUENCE = (2, 5, 4), (4, 3)
KINDS: dict[str, dict[LayerKind, tuple[int, ...]]] = {
    "dense": {
        Dense(3, 2, bias=True): (3,),
        Dense(3, 2, bias=False): (3,),
        Dense(3, 2, bias=True, steps=4): SEQUENCE,
    },
    "convolution": {
        Convolution(MAPS, 3, size, stride, padding, bias): MAPS
        for size, stride, padding, bias in [
            *((1, 1, 0, False), (3, 1, 0, True), (3, 1, 1, True), (2, 2, 0, True)),
            *((3, 2, 1, False), (4, 3, 2, True)),
        ]
    },
    "max_pooling": {MaxPooling(MAPS, *of): MAPS for of in [(2, 2), (3, 1), (2, 3)]},
    "mean_pooling": {MeanPooling(MAPS, *of): MAPS for of in [(2, 2), (3, 1), (2, 3)]},
    "global_mean_pooling": {GlobalMeanPooling(MAPS): MAPS},
    "elman": {
        Elman(SEQUENCE, 2, bias, sequence, name): SEQUENCE
        for bias, sequence, name in [
            *((True, True, "tanh"), (False, False, "sigmoid"), (True, False, "relu")),
        ]
    },
    **{
        name: {kind(SEQUENCE, 2, *of): SEQUENCE for of in [(True, True), (False, False)]}
        for name, kind in {"lstm": Lstm, "gru": Gru}.items()
    },
}
"""Layers of every kind in the table, with the shape that comes in."""
EVERY = pytest.mark.parametrize(
    ("layer", "below"),
    [pytest.param(*each, id=repr(each[0])) for kind in KINDS.values() for each in kind.items()],
)


def random(*shape: int) -> Array:
    return np.random.default_rng(3).uniform(-1, 1, shape)


def drawn(parts: tuple[LayerPart, ...], seed: int = 1) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    return {part.name: generator.uniform(0.5, 1.5, part.shape) for part in parts}


def differences(value: Callable[[], float], array: Array) -> Array:
    """How a value changes with each number of an array."""
    found, step = np.empty_like(array), 1e-6
    for index in np.ndindex(array.shape):
        here, ends = array[index], []
        for number in (here + step, here - step):
            array[index] = number
            ends.append(value())
        array[index] = here
        found[index] = (ends[0] - ends[1]) / (2 * step)
    return found


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(LAYERS)


@EVERY
def test_a_layer_reads_back_from_its_own_text(layer: LayerKind, below: tuple[int, ...]) -> None:
    every_step = len(layer.shape) == 2
    own = layer.with_activation("tanh")
    bias = getattr(layer, "bias", False)
    assert read_layer(str(layer), Place(below, bias, every_step)) == own


@EVERY
@pytest.mark.parametrize("batch", [1, 3])
def test_backward_is_the_slope_of_forward(
    layer: LayerKind, below: tuple[int, ...], batch: int
) -> None:
    own, x, delta = drawn(layer.parts), random(batch, prod(below)), random(batch, prod(layer.shape))
    z, gradient, to_below = np.empty_like(delta), drawn(layer.parts), random(*x.shape)
    room = layer.new_room(batch, x.dtype)

    def loss() -> float:
        layer.forward(own, x, z, room)
        return float((z * delta).sum())

    loss()
    layer.backward(own, gradient, x, delta, to_below, room)
    np.testing.assert_allclose(to_below, differences(loss, x), rtol=1e-6, atol=1e-9)
    for name, part in own.items():
        np.testing.assert_allclose(gradient[name], differences(loss, part), rtol=1e-6, atol=1e-9)


@EVERY
def test_batches_in_turn_leave_nothing_behind_in_a_layers_room(
    layer: LayerKind, below: tuple[int, ...]
) -> None:
    own, room = drawn(layer.parts), layer.new_room(2, np.dtype(float))
    found = []
    for x in (random(2, prod(below)), 2 * random(2, prod(below)), random(2, prod(below))):
        z = np.empty((2, prod(layer.shape)))
        gradient, to_below = drawn(layer.parts), np.empty_like(x)
        layer.forward(own, x, z, room)
        layer.backward(own, gradient, x, np.ones_like(z), to_below, room)
        found.append([z, to_below, *gradient.values()])
    for first, last in zip(found[0], found[2], strict=True):
        assert (first == last).all()


@pytest.mark.parametrize("shape", [(2,), (2, 3, 2), (3, 2)])
@pytest.mark.parametrize("batch", [1, 4])
def test_so_it_is_with_batch_normalisation(batch: int, shape: tuple[int, ...]) -> None:
    norm, z, delta = BatchNorm(shape), random(batch, prod(shape)), random(batch, prod(shape))
    own, gradient = drawn(norm.parts), drawn(norm.parts)
    normal = norm.new_normal(batch, z.dtype)

    def loss() -> float:
        seen, u = {name: part.copy() for name, part in own.items()}, z.copy()
        norm.forward(seen, u, normal)
        return float((u * delta).sum())

    loss()
    below = delta.copy()
    norm.backward(own, gradient, below, normal)
    np.testing.assert_allclose(below, differences(loss, z), rtol=1e-5, atol=1e-8)
    for name in ("gamma", "beta"):
        np.testing.assert_allclose(gradient[name], differences(loss, own[name]), rtol=1e-5)


def test_what_is_not_dropped_is_strengthened_forth_and_back() -> None:
    dropout = Dropout((0.25,))
    a, slope = np.ones((1000, 8), "float32"), np.full((1000, 8), 2.0, "float32")
    mask = dropout.new_mask(a.shape, a.dtype, 0.25)
    dropout.draw(np.random.default_rng(1), mask)
    dropout.forward(a, mask)
    dropout.backward(slope, mask)
    assert set(np.unique(a)) == {np.float32(0), np.float32(1 / 0.75)}
    assert a.mean() == pytest.approx(1, abs=0.02)
    assert (slope == 2 * a).all()
