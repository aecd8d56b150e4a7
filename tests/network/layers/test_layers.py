"""Every kind of layer against its own forward pass, by central differences."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm
from runner.network.layers.dense import Dense
from runner.network.layers.dropout import Dropout
from runner.network.layers.kinds import LAYERS
from runner.network.layers.parts import LayerPart

DENSE = {"biases": Dense(3, 2, bias=True), "no biases": Dense(3, 2, bias=False)}
KINDS = {"dense": list(DENSE.values())}
"""Layers of every kind in the table."""


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


@pytest.mark.parametrize("layer", [layer for layers in KINDS.values() for layer in layers])
def test_a_layer_is_written_as_its_kind_is(layer: Dense) -> None:
    assert re.fullmatch(layer.notation, str(layer))


@pytest.mark.parametrize("layer", DENSE.values(), ids=DENSE)
def test_backward_is_the_slope_of_forward(layer: Dense) -> None:
    own, x, delta = drawn(layer.parts), random(4, 3), random(4, *layer.shape)
    z, gradient, below = np.empty_like(delta), drawn(layer.parts), np.empty_like(x)

    def loss() -> float:
        layer.forward(own, x, z)
        return float((z * delta).sum())

    layer.backward(own, gradient, x, delta, below)
    np.testing.assert_allclose(below, differences(loss, x), rtol=1e-7)
    for name, part in own.items():
        np.testing.assert_allclose(gradient[name], differences(loss, part), rtol=1e-7)


@pytest.mark.parametrize("batch", [1, 4])
def test_so_it_is_with_batch_normalisation(batch: int) -> None:
    norm, z, delta = BatchNorm(2), random(batch, 2), random(batch, 2)
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
    for name in ("gamma", "bias"):
        np.testing.assert_allclose(gradient[name], differences(loss, own[name]), rtol=1e-5)


def test_what_is_not_dropped_is_strengthened_forth_and_back() -> None:
    dropout = Dropout(0.25)
    a, slope = np.ones((1000, 8), "float32"), np.full((1000, 8), 2.0, "float32")
    mask = dropout.new_mask(a.shape, a.dtype)
    dropout.draw(np.random.default_rng(1), mask)
    dropout.forward(a, mask)
    dropout.backward(slope, mask)
    assert set(np.unique(a)) == {np.float32(0), np.float32(1 / 0.75)}
    assert a.mean() == pytest.approx(1, abs=0.02)
    assert (slope == 2 * a).all()
