"""How the compiled engine lays out a problem's arrays, for small nets and for wide ones."""

from collections.abc import Iterable, Sequence

import numpy as np

from runner.compiled.structures import (
    BY_INPUT,
    BY_SAMPLE,
    DENSE,
    MOST_VECTORS,
    PANEL_ROWS,
    VECTOR_BYTES,
    WIDTH,
    Columns,
    LayerPlan,
    Rows,
    aligned,
    lanes_of,
)
from runner.compiled.thread_team import Team, rest_address
from runner.network.arrays import Array
from runner.network.scaling import Scaling
from runner.network.topology import Layer
from runner.training.engine import Problem

MOST_NONZERO = 0.3
"""Share of non-zero inputs up to which skipping the zeros pays; measured, see tests/benchmarks.

What decides how a net is laid out and read decides the order of its sums, and so its last bits:
who changes one of these changes `ARITHMETIC`."""
LARGE_WEIGHTS = 512 * 1024
"""Bytes of first-layer weights beyond which lists by input beat lists by sample."""
BLOCK, LARGEST_BLOCK = 256, 512 * 1024
"""Samples of a block, and bytes that their activations, sums and deltas may take."""
NORM_PARTS = ("gamma", "mean", "variance")
"""Of batch normalisation, among the parameters."""


def padded(count: int, lanes: int = WIDTH) -> int:
    """`count` rounded up to whole lanes."""
    return -(-count // lanes) * lanes


class Layout:
    """Where a net's numbers lie in the arrays that kernels work on."""

    name: str
    batch: int
    """Samples that there is room for."""
    block: int
    """Those that go through the net together."""
    strides: list[int]
    """The length of a layer's rows of activations."""
    parameters: int
    """How many numbers, padding included."""
    functions: Sequence[str] = ()
    """Of each layer the name of what is called for it, where that is not the layout's."""
    first_layer = 0
    """Parameters before it are updated by their own gradient pass."""

    def __init__(
        self, problem: Problem, places: Sequence[Layer], spans: Sequence[int], outputs: int
    ) -> None:
        """places: of each layer's parts in the kernel's parameters; spans: of its activations.

        outputs: numbers of all samples' outputs.
        """
        self._problem = problem
        self._sizes = problem.network.topology.sizes
        self._places, self._spans = places, spans
        self.inputs = problem.inputs
        self.activations, self.outputs = sum(spans), outputs
        self.kept = self.activations - spans[-1] + outputs
        self.widths = [place.parts[0].shape[-1] if place.parts else 0 for place in places]
        self.masks = self.activations
        self.units = sum(self.widths)

    def plan(self) -> list[LayerPlan]:
        """Where everything lies, the input layer first; nothing is called yet."""
        nothing = LayerPlan(*[0] * len(LayerPlan._fields))
        sizes, strides, spans = self._sizes, self.strides, self._spans
        rates = self._problem.network.dropout_rates
        plan = [nothing._replace(outputs=sizes[0], stride=strides[0], span=spans[0])]
        for layer, place in enumerate(self._places, 1):
            below = plan[-1]
            parts = {part: place.place(part).start for part in NORM_PARTS}
            shift = place.bias if place.norm is None else place.place("beta")
            parts |= {"weights": place.weights.start, "bias": shift.start}
            plan.append(
                nothing._replace(
                    inputs=below.outputs,
                    outputs=sizes[layer],
                    stride=strides[layer],
                    stride_below=below.stride,
                    activation=below.activation + below.span,
                    span=spans[layer],
                    drops=int(rates[layer - 1] > 0),
                    mask=below.activation + below.span,
                    steps=1,
                    rows=place.parts[0].shape[0] if place.parts else 0,
                    width=self.widths[layer - 1],
                    inverse=sum(self.widths[: layer - 1]),
                    **parts,
                )
            )
        return plan

    def inputs_changed(self) -> None:
        """Nothing where the kernel reads the inputs as they are."""

    def _input_scaling(self) -> dict[str, Array]:
        """Shift and scale [n_in], which inputs are read with."""
        scaling = self._problem.scaling or Scaling(np.zeros(1), np.ones(1))
        shift, scale = (
            np.ascontiguousarray(np.broadcast_to(each, self._sizes[0]), self._problem.targets.dtype)
            for each in (scaling.shift, scaling.scale)
        )
        return {"shift": shift, "scale": scale}

    def load(self, parameters: Array, inside: Array) -> None:
        """From the flat parameter vector to the kernel's."""
        for flat, place in self._views(parameters, inside):
            place[...] = flat

    def store(self, inside: Array, parameters: Array) -> None:
        """From the kernel's vector to the flat parameter vector."""
        for flat, place in self._views(parameters, inside):
            flat[...] = place

    def _views(self, parameters: Array, inside: Array) -> Iterable[tuple[Array, Array]]:
        """The same numbers in the flat parameter vector and in the kernel's, part by part."""
        layers = self._problem.network.topology.layers
        for layer, place in zip(layers, self._places, strict=True):
            flat, padded_views = layer.views(parameters), place.views(inside)
            for part in layer.parts:
                yield flat[part.name], padded_views[part.name][..., : part.shape[-1]]


class ColumnLayout(Layout):
    """Unit by unit, samples side by side: for small nets (see `kernels.column_kernels`)."""

    name = "columns"

    def __init__(self, problem: Problem) -> None:
        topology = problem.network.topology
        self.batch = padded(problem.batch_size)
        self.block = problem.batch_size
        self.strides = [self.batch] * len(topology.sizes)
        self.parameters = padded(topology.size)
        spans = [size * self.batch for size in topology.sizes]
        super().__init__(problem, topology.layers, spans, spans[-1])

    def arrays(self) -> list[Columns]:
        """What the kernel takes, which one thread runs."""
        return [Columns(self.inputs, self._problem.targets)]

    def _views(self, parameters: Array, inside: Array) -> Iterable[tuple[Array, Array]]:
        return [(parameters, inside[: parameters.size])]

    def units_of(self, activations: Array, batch: int, layer: int = -1) -> Array:
        """A layer's activations [batch, n_out], the output layer's unless another is named."""
        own = activations[sum(self._spans[:layer]) :][: self._spans[layer]]
        return np.ascontiguousarray(own.reshape(-1, self.batch)[:, :batch].T)


class RowLayout(Layout):
    """Sample by sample, units side by side: for wide nets (see `kernels.row_kernels`).

    The kernel's parameters are the flat vector with every matrix row and vector padded with zeros.
    """

    name = "rows"

    def __init__(self, problem: Problem, team: Team, *, fused: bool) -> None:
        topology = problem.network.topology
        self._team = team
        self._dtype = problem.targets.dtype
        self._lanes = lanes_of(self._dtype)
        self.batch = problem.batch_size
        self.strides = [row_stride(size, self._lanes) for size in topology.sizes]
        places = topology.laid_out(lambda count: row_stride(count, self._lanes))
        self._way = fastest_way(problem, self.strides[1])
        alone = self._way != DENSE or topology.batch_norm or problem.network.dropout.drops
        self.block = self.batch if alone else fitting_block(problem, sum(self.strides[1:]))
        rows = padded(self.batch, self.block)
        spans = [self.strides[0] * rows, *(stride * self.block for stride in self.strides[1:])]
        super().__init__(problem, places, spans, self.strides[-1] * (rows + WIDTH - 1))
        self.parameters = sum(part.size for place in places for part in place.parts)
        self._fused = fused and self.block == self.batch
        if self._fused:
            first = places[0]
            self.first_layer = first.places.get("bias", first.weights).stop
        self._scratch = self._new_scratch()
        panel = PANEL_ROWS * MOST_VECTORS * self._lanes
        self._panels = [aligned(panel, self._dtype) for _ in range(team.size)]
        self.inputs_changed()

    def inputs_changed(self) -> None:
        """Lists the inputs that are not zero, where skipping zeros pays."""
        self._first, self._column, self.inputs = self._listed_inputs()

    def _listed_inputs(self) -> tuple[Array, Array, Array]:
        """Where each sample's non-zero inputs begin, which they are, and all that are read."""
        inputs = self._problem.inputs
        if self._way == DENSE:
            nothing = np.zeros(1, np.int64), np.zeros(1, np.uint16)
            return *nothing, np.ascontiguousarray(inputs[:]).reshape(-1)
        first = np.zeros(len(inputs) + 1, np.int64)
        first[1:] = np.cumsum(np.count_nonzero(inputs, axis=1))
        values, column = np.empty(first[-1], inputs.dtype), np.empty(first[-1], np.uint16)
        columns = np.tile(np.arange(inputs.shape[1], dtype=np.uint16), 1000)
        for start in range(0, len(inputs), 1000):
            block = inputs[start : start + 1000].reshape(-1)
            places = np.flatnonzero(block != 0)  # thirty times as fast as nonzero
            part = slice(first[start], first[min(start + 1000, len(inputs))])
            values[part], column[part] = block.take(places), columns.take(places)
        return first, column, values

    def _new_scratch(self) -> dict[str, Array]:
        listed = self._sizes[0] * self.batch if self._way != DENSE else 1
        return {
            "values": aligned(listed, self._dtype),
            "numbers": np.zeros(listed, np.int32),
            "counts": np.zeros(max(self.batch, self._sizes[0]), np.int32),
            "nothing": aligned(max(self.strides), self._dtype),
        }

    def arrays(self) -> list[Rows]:
        """What the kernel takes, for each thread."""
        rows = Rows(
            inputs=self.inputs,
            **self._input_scaling(),
            first=self._first,
            column=self._column,
            targets=self._problem.targets,
            way=self._way,
            fused=self._fused,
            lanes=self._lanes,
            batch=self.batch,
            threads=self._team.size,
            thread=0,
            panel=self._panels[0],
            arrivals=self._team.arrivals,
            rest=rest_address(),
            **self._scratch,
        )
        own = enumerate(self._panels)
        return [rows._replace(thread=thread, panel=panel) for thread, panel in own]

    def units_of(self, activations: Array, batch: int, layer: int = -1) -> Array:
        """A layer's activations [batch, n_out], the output layer's unless another is named."""
        own = activations[sum(self._spans[:layer]) :][: batch * self.strides[layer]]
        return own.reshape(batch, -1)[:, : self._sizes[layer]].copy()


def fastest_way(problem: Problem, stride: int) -> int:
    """How inputs are read: chosen once, for the scratch is as large as that takes.

    A list has room for all inputs: whatever comes to be not zero later, it fits.
    """
    inputs = problem.inputs
    shifted = problem.scaling is not None and problem.scaling.shift.any()
    some = inputs[:: max(1, len(inputs) // 2000)]
    share = np.count_nonzero(some) / some.size
    if shifted or share > MOST_NONZERO or inputs.shape[1] > 65535:
        return DENSE
    weights = inputs.shape[1] * stride * problem.targets.dtype.itemsize
    return BY_INPUT if problem.batch_size >= 64 and weights > LARGE_WEIGHTS else BY_SAMPLE


def fitting_block(problem: Problem, length: int) -> int:
    """Samples that go through the net together: a batch, or so many as stay in the cache.

    length: numbers of a sample's activations.
    """
    needed = 3 * BLOCK * length * problem.targets.dtype.itemsize  # z, a and the deltas
    fits = needed <= LARGEST_BLOCK and problem.batch_size >= 2 * BLOCK
    return BLOCK if fits else problem.batch_size


def row_stride(count: int, lanes: int) -> int:
    """A row's length: whole vectors, and one more where rows would share few sets of the cache."""
    whole = padded(count, lanes)
    return whole + lanes if whole * (VECTOR_BYTES // lanes) % 512 == 0 else whole
