"""How the compiled engine lays out a problem's arrays, for small nets and for wide ones."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from runner.compiled.kernels.plan import (
    ACTIVATION,
    BIAS,
    GAMMA,
    INPUTS,
    INVERSE,
    MEAN,
    OUTPUTS,
    SPAN,
    STRIDE,
    VARIANCE,
    VECTOR_BYTES,
    WEIGHTS,
    WIDTH,
)
from runner.compiled.kernels.structures import BY_INPUT, BY_SAMPLE, DENSE, Columns, Rows
from runner.network.arrays import Array
from runner.network.topology import Layer
from runner.training.engine import Problem

MOST_NONZERO = 0.3
"""Share of non-zero inputs up to which skipping the zeros pays; measured, see tests/benchmarks."""
LARGE_WEIGHTS = 512 * 1024
"""Bytes of first-layer weights beyond which lists by input beat lists by sample."""


def padded(count: int, lanes: int = WIDTH) -> int:
    """`count` rounded up to whole lanes."""
    return -(-count // lanes) * lanes


class ColumnLayout:
    """Unit by unit, samples side by side: for small nets (see `compiled.columns`)."""

    name = "columns"

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._sizes = problem.network.topology.sizes
        self.inputs = problem.inputs
        self.stride = padded(problem.batch_size)
        self.first_layer = 0
        self.batch = self.stride
        self.parameters = padded(problem.network.topology.size)
        self.units = sum(self._sizes[1:])
        self.activations = sum(self._sizes) * self.stride
        self.outputs = self._sizes[-1] * self.stride

    def fill(self, plan: Array) -> None:
        """Where everything lies, a row a layer."""
        plan[0, OUTPUTS], plan[0, SPAN] = self._sizes[0], self._sizes[0] * self.stride
        plan[:, STRIDE] = self.stride
        for row, below, layer in zip(
            plan[1:], plan, self._problem.network.topology.layers, strict=False
        ):
            row[INPUTS], row[OUTPUTS] = layer.inputs, layer.outputs
            row[ACTIVATION] = below[ACTIVATION] + below[SPAN]
            row[SPAN] = layer.outputs * self.stride
        fill_places(plan, self._problem.network.topology.layers)

    def weight_places(self) -> Array:
        """Of each layer where its weights begin, how many rows they have, and a row's length."""
        layers = self._problem.network.topology.layers
        return np.array([(each.weights.start, each.inputs, each.outputs) for each in layers])

    def inputs_changed(self) -> None:
        """Nothing: the kernel reads the inputs as they are."""

    def arrays(self) -> Columns:
        """What the kernel takes."""
        return Columns(self.inputs, self._problem.targets, self.stride)

    def load(self, parameters: Array, inside: Array) -> None:
        """From the flat parameter vector to the kernel's."""
        inside[: parameters.size] = parameters

    def store(self, inside: Array, parameters: Array) -> None:
        """From the kernel's vector to the flat parameter vector."""
        parameters[:] = inside[: parameters.size]

    def outputs_of(self, activations: Array, batch: int) -> Array:
        """The output layer's activations [batch, n_out]."""
        last = activations[self.activations - self.outputs : self.activations]
        return np.ascontiguousarray(last.reshape(-1, self.stride)[:, :batch].T)


class RowLayout:
    """Sample by sample, units side by side: for wide nets (see `compiled.rows`).

    The kernel's parameters are the flat vector with every matrix row and vector padded with zeros.
    """

    name = "rows"

    def __init__(self, problem: Problem, *, fused: bool) -> None:
        self._problem = problem
        self._dtype = problem.targets.dtype
        self._lanes = VECTOR_BYTES // self._dtype.itemsize
        self._sizes = problem.network.topology.sizes
        self._strides = [row_stride(size, self._lanes) for size in self._sizes]
        self._fused = fused
        self.batch = problem.batch_size
        self.activations = sum(self._strides) * self.batch
        self.outputs = self._strides[-1] * self.batch
        topology = problem.network.topology
        self._places = topology.laid_out(self._strides[1:])
        self.parameters = self._places[-1].variance.stop
        self.units = sum(self._strides[1:])
        first = self._places[0]
        self.first_layer = 0
        if fused:
            self.first_layer = first.weights.stop if topology.batch_norm else first.bias.stop
        self._way = self._fastest_way()
        self._scratch = self._new_scratch()
        self.inputs_changed()

    def weight_places(self) -> Array:
        """Of each layer where its weights begin, how many rows they have, and a row's length."""
        begins = [place.weights.start for place in self._places]
        return np.column_stack([begins, self._sizes[:-1], self._strides[1:]])

    def inputs_changed(self) -> None:
        """Lists the inputs that are not zero, where skipping zeros pays."""
        self._first, self._column, self.inputs = self._listed_inputs()

    def _fastest_way(self) -> int:
        """How inputs are read: chosen once, for the scratch is as large as that takes.

        A list has room for all inputs: whatever comes to be not zero later, it fits.
        """
        inputs = self._problem.inputs
        shifted = self._problem.scaling is not None and self._problem.scaling.shift.any()
        some = inputs[:: max(1, len(inputs) // 2000)]
        share = np.count_nonzero(some) / some.size
        if shifted or share > MOST_NONZERO or inputs.shape[1] > 65535:
            return DENSE
        weights = self._sizes[0] * self._strides[1] * self._dtype.itemsize
        return BY_INPUT if self.batch >= 64 and weights > LARGE_WEIGHTS else BY_SAMPLE

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
        pairs = zip(self._sizes[2:], self._strides[1:], strict=False)
        widest = max((size * stride for size, stride in pairs), default=1)
        return {
            "values": aligned(listed, self._dtype),
            "numbers": np.zeros(listed, np.int32),
            "counts": np.zeros(max(self.batch, self._sizes[0]), np.int32),
            "transposed": aligned(widest, self._dtype),
        }

    def fill(self, plan: Array) -> None:
        """Where everything lies, a row a layer."""
        plan[:, OUTPUTS], plan[:, STRIDE] = self._sizes, self._strides
        plan[1:, INPUTS] = self._sizes[:-1]
        plan[:, SPAN] = np.array(self._strides) * self.batch
        plan[1:, ACTIVATION] = np.cumsum(plan[:-1, SPAN])
        fill_places(plan, self._places)

    def arrays(self) -> Rows:
        """What the kernel takes."""
        scaling, n_in = self._problem.scaling, self._sizes[0]
        shift = np.zeros(1) if scaling is None else scaling.shift
        scale = np.ones(1) if scaling is None else scaling.scale
        return Rows(
            inputs=self.inputs,
            shift=np.ascontiguousarray(np.broadcast_to(shift, n_in), self._dtype),
            scale=np.ascontiguousarray(np.broadcast_to(scale, n_in), self._dtype),
            first=self._first,
            column=self._column,
            targets=self._problem.targets,
            way=self._way,
            fused=self._fused,
            lanes=self._lanes,
            batch=self.batch,
            **self._scratch,
        )

    def load(self, parameters: Array, inside: Array) -> None:
        """From the flat parameter vector to the kernel's."""
        for flat, padded_view in self._views(parameters, inside):
            padded_view[...] = flat

    def store(self, inside: Array, parameters: Array) -> None:
        """From the kernel's vector to the flat parameter vector."""
        for flat, padded_view in self._views(parameters, inside):
            flat[...] = padded_view

    def _views(self, parameters: Array, inside: Array) -> Iterator[tuple[Array, Array]]:
        """Each layer's weights and vectors, in the flat vector and in the kernel's."""
        layers = self._problem.network.topology.layers
        for layer, place in zip(layers, self._places, strict=True):
            padded_rows = place.weight_matrix(inside)
            yield layer.weight_matrix(parameters), padded_rows[:, : layer.outputs]
            vectors = (layer.bias, layer.gamma, layer.mean, layer.variance)
            places = (place.bias, place.gamma, place.mean, place.variance)
            for flat, padded_vector in zip(vectors, places, strict=True):
                yield parameters[flat], inside[padded_vector][: layer.outputs]

    def outputs_of(self, activations: Array, batch: int) -> Array:
        """The output layer's activations [batch, n_out]."""
        last = activations[self.activations - self.outputs : self.activations]
        return last.reshape(self.batch, -1)[:batch, : self._sizes[-1]].copy()


def fill_places(plan: Array, layers: Sequence[Layer]) -> None:
    """Where each layer's parts of the parameters begin, and its inverse deviations."""
    start = 0
    for row, layer in zip(plan[1:], layers, strict=True):
        row[WEIGHTS], row[BIAS], row[GAMMA] = (
            part.start for part in (layer.weights, layer.bias, layer.gamma)
        )
        row[MEAN], row[VARIANCE], row[INVERSE] = layer.mean.start, layer.variance.start, start
        start += layer.outputs


def row_stride(count: int, lanes: int) -> int:
    """A row's length: whole vectors, and one more where rows would share few sets of the cache."""
    whole = padded(count, lanes)
    return whole + lanes if whole * (VECTOR_BYTES // lanes) % 512 == 0 else whole


def aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Zeros from a boundary of 64 bytes on: a vector across two cache lines costs two loads."""
    raw = np.zeros(max(count, WIDTH) * dtype.itemsize + VECTOR_BYTES, np.uint8)
    skip = -raw.ctypes.data % VECTOR_BYTES
    return raw[skip : skip + max(count, WIDTH) * dtype.itemsize].view(dtype)
