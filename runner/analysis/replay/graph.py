"""A net as columns of nodes, a unit or a map each, and the edges between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from runner.data.dataset import Dataset
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.parts import LayerKind, Shape
from runner.network.layers.recurrent import Recurrent
from runner.network.network import Network

MOST_UNITS = 16
"""Of a layer, as nodes."""
MOST_MAPS = 12
MOST_EDGES = 200
"""Between two columns."""


@dataclass(frozen=True)
class Column:
    """The nodes of a layer, or of the input."""

    title: str
    shape: Shape
    """Of a sample there: (units,), (channels, rows, columns) or (time, features)."""
    nodes: Array
    """[nodes] Which units, maps or features are drawn."""
    each: str
    """What a node is: unit, map, input, feature."""
    activation: str = "linear"

    @property
    def count(self) -> int:
        """How many there are, drawn or not."""
        return self.shape[0] if len(self.shape) == 3 else self.shape[-1]

    @property
    def picture(self) -> Shape:
        """Of a node: () for a number, (rows, columns) for a map, (time,) for a sequence."""
        return {1: (), 2: self.shape[:1], 3: self.shape[1:]}[len(self.shape)]

    def pick(self, values: Array) -> Array:
        """[samples, nodes, numbers of a node] Of what a layer makes, [samples, numbers]."""
        each = values.reshape(len(values), *self.shape)
        if len(self.shape) == 2:
            each = each.swapaxes(1, 2)
        picked: Array = each[:, self.nodes].reshape(len(values), len(self.nodes), -1)
        return picked

    def bounds(self, values: Array) -> tuple[float, float]:
        """What the ends of colours stand for; the middle is 0, or 0.5 of what is on or off."""
        if self.activation == "sigmoid" or (self.activation == "softmax" and self.count <= 2):
            return 0.0, 1.0
        limit = float(np.abs(values).max(initial=0)) or 1.0
        return -limit, limit


def with_every_step(kind: LayerKind) -> LayerKind:
    """A recurrent layer that gives the state of every step, any other as it is."""
    return replace(kind, sequence=True) if isinstance(kind, Recurrent) else kind


def columns_of(network: Network, dataset: Dataset, parameters: Array) -> list[Column]:
    """The columns, input first; of wide layers the nodes with the strongest weights at the end."""
    topology = network.topology
    kinds = [with_every_step(kind) for kind in topology.kinds]
    shapes = [topology.shape, *(kind.shape for kind in kinds)]
    each = ["unit" if len(shape) < 3 else "map" for shape in shapes]
    each[-1] = "output"
    each[0] = {1: "input", 2: "feature", 3: "channel"}[len(shapes[0])]
    strengths = [np.zeros(shape[0] if len(shape) == 3 else shape[-1]) for shape in shapes]
    for index in range(len(kinds)):
        between = weights_between(network, parameters, index)
        if between is not None:
            strengths[index] += np.abs(between).sum(1)
            strengths[index + 1] += np.abs(between).sum(0)
    titles = ["input"]
    for number, kind in enumerate(topology.kinds, 1):
        titles.append(f"layer {number}" + ("" if isinstance(kind, Dense) else f", {kind}"))
    titles[-1] = "output"
    names = ["linear", *network.activation_names]
    columns = []
    for place, shape in enumerate(shapes):
        most = MOST_MAPS if len(shape) == 3 else MOST_UNITS
        strongest = np.argsort(-strengths[place], kind="stable")[:most]
        column = Column(titles[place], shape, np.sort(strongest), each[place], names[place])
        columns.append(column)
    return columns


def weights_between(network: Network, parameters: Array, index: int) -> Array | None:
    """[nodes below, nodes here] The weight of each edge; None where a layer has none.

    Between maps, from maps to units, and where a unit has several gates: the mean of its weights.
    """
    layer = network.topology.layers[index]
    kind, own = layer.kind, layer.views(parameters)
    if "weights" not in own:
        return None
    weights = own["weights"]
    below = network.topology.shape if index == 0 else network.topology.kinds[index - 1].shape
    if isinstance(kind, Convolution):
        mean = weights.reshape(below[0], -1, kind.maps).mean(1)
    elif isinstance(kind, Recurrent):
        mean = weights.reshape(len(weights), kind.gates, kind.units).mean(1)
    elif isinstance(kind, Dense) and len(below) == 3:
        mean = weights.reshape(below[0], -1, kind.outputs).mean(1)
    elif isinstance(kind, Dense) and len(below) == 2 and kind.steps is None:
        mean = weights.reshape(-1, below[-1], kind.outputs).mean(0)
    else:
        mean = weights
    return np.asarray(mean)


def edges_between(
    network: Network, parameters: Array, index: int, columns: Sequence[Column]
) -> tuple[Array, Array | None]:
    """Pairs of nodes [edges, 2] below and here, and the weights [moments, edges] of each.

    The strongest at any moment; without weights where the layer has none, as a pooling.
    """
    below, here = columns[index], columns[index + 1]
    found = [weights_between(network, each, index) for each in parameters]
    if found[0] is None:
        both = [(np.flatnonzero(below.nodes == node), n) for n, node in enumerate(here.nodes)]
        pairs = [(int(there[0]), n) for there, n in both if len(there)]
        return np.array(pairs, int).reshape(-1, 2), None
    drawn = np.stack([each[np.ix_(below.nodes, here.nodes)] for each in found if each is not None])
    flat = drawn.reshape(len(drawn), -1)
    strongest = np.sort(np.argsort(-np.abs(flat).max(0), kind="stable")[:MOST_EDGES])
    return np.stack(np.divmod(strongest, len(here.nodes)), axis=1), flat[:, strongest]


def way_through(network: Network, parameters: Array, seen: Array) -> list[Array]:
    """What the network sees of samples, and what each layer makes of it [samples, numbers].

    Of a recurrent layer the state of every step, whatever goes on from there.
    """
    ways = [seen.astype(parameters.dtype)]
    below = ways[0]
    for index, layer in enumerate(network.topology.layers):
        kind = network.kinds[index]
        above = network.layer_forward(parameters, index, below)[1]
        states = above
        if isinstance(kind, Recurrent) and not kind.sequence:
            every = with_every_step(kind)
            states = np.empty((len(seen), prod(every.shape)), parameters.dtype)
            room = every.new_room(len(seen), parameters.dtype)
            every.forward(layer.views(parameters), below, states, room)
        ways.append(states)
        below = above
    return ways
