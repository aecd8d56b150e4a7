"""Starting weights, drawn layer by layer from the run's generator.

Each initializer takes (generator, part, scale) and gives numbers of the part's shape.
"""

from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from runner.checking.tables import Table
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import column_sums, total
from runner.network.layers.parts import LayerPart
from runner.network.normal_numbers import standard_normal
from runner.network.topology import Topology

Initializer = Callable[[np.random.Generator, LayerPart, float], Array]


def uniform(generator: np.random.Generator, part: LayerPart, scale: float) -> Array:
    """W = scale (2 u - 1), u uniform in [0, 1): uniform in [-scale, scale)."""
    drawn: Array = scale * (2 * generator.random(part.shape) - 1)
    return drawn


def normal(generator: np.random.Generator, part: LayerPart, scale: float) -> Array:
    """W ~ N(0, scale^2)."""
    return scale * standard_normal(generator, part.shape)


def zeros(_generator: np.random.Generator, part: LayerPart, _scale: float) -> Array:
    """W = 0; a net with hidden layers cannot learn from it, which is worth seeing."""
    return np.zeros(part.shape)


def orthogonal(generator: np.random.Generator, part: LayerPart, scale: float) -> Array:
    """W = scale Q with orthonormal rows or columns. Source: Saxe et al. 2014."""
    n_in, n_out = part.shape
    q = orthonormal(standard_normal(generator, (max(n_in, n_out), min(n_in, n_out))))
    return scale * (q if n_in >= n_out else q.T)


def orthonormal(tall: Array) -> Array:
    """Q of tall = Q R, the diagonal of R positive: of normal numbers, uniform over such matrices.

    By modified Gram-Schmidt, exact enough for those. Not LAPACK's, which rounds by the machine.
    """
    q = tall.copy()
    for k in range(q.shape[1]):
        column, rest = q[:, k : k + 1], q[:, k + 1 :]
        column /= sqrt(total(column * column))
        rest -= column * column_sums(column * rest)
    return q


def _scaled(draw: Initializer, variance: Callable[[int, int], float]) -> Initializer:
    """`draw` with its weights' variance set from the layer's fan-in and fan-out."""
    # A uniform in [-b, b) has variance b^2 / 3.
    widen = 3 if draw is uniform else 1

    def initializer(generator: np.random.Generator, part: LayerPart, scale: float) -> Array:
        assert part.fans is not None
        return draw(generator, part, scale * sqrt(widen * variance(*part.fans)))

    return initializer


def glorot(n_in: int, n_out: int) -> float:
    """Var W = 2 / (n_in + n_out). Source: Glorot and Bengio 2010."""
    return 2 / (n_in + n_out)


def he(n_in: int, _n_out: int) -> float:
    """Var W = 2 / n_in. Source: He et al. 2015."""
    return 2 / n_in


def fan_out(_n_in: int, n_out: int) -> float:
    """Var W = 1 / n_out: numbers that go backward keep their spread. Source: Nielsen's network3."""
    return 1 / n_out


def lecun(n_in: int, _n_out: int) -> float:
    """Var W = 1 / n_in. Source: LeCun et al. 1998, Efficient BackProp."""
    return 1 / n_in


OURS: dict[str, Initializer] = {
    "fan_out_normal": _scaled(normal, fan_out),
    "glorot_normal": _scaled(normal, glorot),
    "glorot_uniform": _scaled(uniform, glorot),
    "he_normal": _scaled(normal, he),
    "he_uniform": _scaled(uniform, he),
    "lecun_normal": _scaled(normal, lecun),
    "lecun_uniform": _scaled(uniform, lecun),
    "normal": normal,
    "orthogonal": orthogonal,
    "uniform": uniform,
    "zeros": zeros,
}
INITIALIZERS = Table("initializer", OURS)


BIASES = ("normal", "zeros")
"""Starting biases: N(0, 1), drawn after their layer's weights; or 0."""


class Start(NamedTuple):
    """How a layer starts."""

    initializer: str
    """Of its weights: one of `INITIALIZERS`."""
    scale: float = 1.0
    bias: str = "zeros"
    """One of `BIASES`."""


def initial_parameters(
    topology: Topology, starts: Sequence[Start], generator: np.random.Generator
) -> Array:
    """The starting parameter vector, drawn layer by layer.

    What leads from a step of a sequence to the next is drawn after all else.
    starts: one for all layers that have weights, or one for each of these.
    """
    parameters = np.zeros(topology.size)
    for place, part, start in in_order(topology, starts):
        parameters[place].reshape(part.shape)[...] = first_numbers(part, start, generator)
    return parameters


def in_order(
    topology: Topology, starts: Sequence[Start]
) -> Iterator[tuple[slice, LayerPart, Start]]:
    """The parts of all layers as they are drawn: where each lies, and how it starts."""
    layers = [layer for layer in topology.layers if layer.parts]
    each = starts if len(starts) > 1 else [*starts] * len(layers)
    for recurrent in (False, True):
        for layer, start in zip(layers, each, strict=True):
            for part in layer.parts:
                if part.recurrent == recurrent:
                    yield layer.places[part.name], part, start


def first_numbers(part: LayerPart, start: Start, generator: np.random.Generator) -> Array | float:
    """What a part is before training."""
    if part.fans is not None:
        return INITIALIZERS[start.initializer](generator, part, start.scale)
    if part.start is not None:
        return part.start
    return standard_normal(generator, part.shape) if start.bias == "normal" else 0.0
