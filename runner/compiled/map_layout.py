"""How the compiled engine lays out a net whose layers are not all dense.

It is called `Maps`, and serves sequences too: one lies as a map does, with steps for rows and
features for columns.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from runner.compiled.array_layouts import Layout, padded
from runner.compiled.map_shapes import SERVED
from runner.compiled.map_surroundings import Surroundings
from runner.compiled.structures import MOST_VECTORS, NUMBERS, LayerPlan, Maps, Packed, lanes_of
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.parts import LayerKind
from runner.network.layers.recurrent import Recurrent
from runner.training.engine import Problem
from runner.training.layer_statistics import PROBE

LARGEST_WHOLE = 256
"""Samples of a full batch that go through the net at once, for layer statistics look at all of it.

Like what decides a layout in `array_layouts` it decides last bits: who changes it changes
`ARITHMETIC`."""
assert LARGEST_WHOLE >= PROBE


class MapLayout(Layout):
    """Number by number, samples side by side, in blocks of them (see `kernels.map_kernels`).

    The kernel's parameters are the flat vector with every matrix row and vector padded with zeros
    to whole vectors of 64 bytes; `RowLayout` may add one more.
    """

    name = "maps"

    def __init__(self, problem: Problem) -> None:
        topology, self._dtype = problem.network.topology, problem.targets.dtype
        lanes = self._lanes = lanes_of(self._dtype)
        self._kinds = topology.kinds
        dropout = problem.network.dropout
        self._dropped_backward = dropout.drops and dropout.stage == "backward"
        self.batch = problem.batch_size
        self.block = fitting_samples(problem, lanes)
        self._blocks = -(-self.batch // self.block)
        self._close = closest(self._kinds, self.block, lanes)
        wide = padded(self.block, lanes)
        self.strides = [self._close] + [
            self._close if SERVED[type(kind)].close else wide for kind in self._kinds
        ]
        pairs = zip(topology.sizes, self.strides, strict=True)
        spans = [padded(size * stride, lanes) for size, stride in pairs]
        places = topology.laid_out(lambda count: padded(count, lanes))
        self._block_of_inputs = spans[0]
        spans = [spans[0] * self._blocks, *spans[1:]]
        super().__init__(problem, places, spans, spans[-1] * self._blocks)
        self.parameters = sum(part.size for place in places for part in place.parts)
        self.masks = self.activations * self._blocks
        self.functions = [SERVED[type(kind)].name for kind in self._kinds]
        self._shapes = [
            Packed(shape, **{NUMBERS: self._dtype.name})
            for shape in map(self._shape_of, self._kinds, range(len(self._kinds)))
        ]

    def _shape_of(self, kind: LayerKind, number: int) -> tuple[object, ...]:
        around = Surroundings(
            samples=self.strides[number],
            stride=padded(self.block, self._lanes),
            width=self.widths[number],
            first=number == 0,
            dropped=number > 0 and self._dropped_backward,
            places=self._places[number].places,
            dtype=self._dtype,
        )
        shape: tuple[object, ...] = SERVED[type(kind)].shape(kind, around)
        return shape

    def plan(self) -> list[LayerPlan]:
        """As of every layout; and where a layer's masks of all blocks are, and its own shape."""
        plan = super().plan()
        plan[0] = plan[0]._replace(span=self._block_of_inputs)
        mask = 0
        for number, (kind, layer, shape) in enumerate(
            zip(self._kinds, self._places, self._shapes, strict=True), 1
        ):
            row = plan[number]
            units = layer.norm.units if layer.norm else 1
            maps = len(kind.shape) == 3
            places = prod(kind.shape) // units
            plan[number] = row._replace(
                mask=mask,
                steps=kind.shape[0] if len(kind.shape) == 2 else 1,
                shape=np.frombuffer(shape.content, np.int64).__array_interface__["data"][0],
                channels=units,
                places=places,
                channel_step=row.stride * (places if maps else 1),
                place_step=row.stride * (1 if maps else units),
            )
            mask += row.span * self._blocks
        return plan

    def arrays(self) -> list[Maps]:
        """What the kernel takes, which one thread runs."""
        scaling, targets = self._input_scaling(), self._problem.targets
        return [Maps(inputs=self.inputs, **scaling, targets=targets, block=self.block)]

    def units_of(self, activations: Array, batch: int, layer: int = -1) -> Array:
        """A layer's activations [batch, n_out], the output layer's unless another is named."""
        layer %= len(self._sizes)
        size, stride, span = self._sizes[layer], self.strides[layer], self._spans[layer]
        blocks = self._blocks if layer == len(self._sizes) - 1 else 1
        own = activations[sum(self._spans[:layer]) :][: span * blocks].reshape(blocks, span)
        of_blocks = own[:, : size * stride].reshape(blocks, size, stride)[..., : self.block]
        return of_blocks.transpose(0, 2, 1).reshape(-1, size)[:batch].copy()


def fitting_samples(problem: Problem, lanes: int) -> int:
    """Samples of a block: about a vector of them, as even as can be; or the batch.

    Of recurrent layers, whose weights are read anew for every step, two vectors. Statistics are of
    a whole batch, and of a full one of few samples all that is between is kept.
    """
    batch, topology = problem.batch_size, problem.network.topology
    if topology.batch_norm or (problem.full_batch and batch <= LARGEST_WHOLE):
        return batch
    if any(isinstance(kind, Recurrent) for kind in topology.kinds):
        lanes *= MOST_VECTORS
    return -(-batch // -(-batch // lanes))


def closest(kinds: Sequence[LayerKind], samples: int, lanes: int) -> int:
    """How far apart the numbers of a sample are.

    No farther than there are samples where a row of every convolution's maps has a vector's length;
    else whole vectors.
    """
    runs = []
    for kind in kinds:
        if isinstance(kind, Convolution):
            columns = min(kind.shape[2], kind.below[2]) if kind.stride == 1 else 1
            runs.append(columns * samples)
    fits = bool(runs) and min(runs) >= lanes
    return samples if fits else padded(samples, lanes)
