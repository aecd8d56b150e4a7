"""What a layer of each kind is to its kernels in `Maps`: sizes, and tables of places.

Numbers lie [number of a sample][sample]: a map's row is a run of columns x samples numbers, which
vectors of 64 bytes go along, across columns where that is possible. A run that is no whole number
of vectors ends with one that overlaps the one before.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from runner.compiled.map_surroundings import Surroundings
from runner.compiled.recurrent_shapes import Kept, recurrent_shape
from runner.compiled.structures import (
    MOST_VECTORS,
    PANEL_ROWS,
    ConvolutionShape,
    DenseShape,
    PoolingShape,
    aligned,
)
from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import LayerKind
from runner.network.layers.pooling import GlobalMeanPooling, MaxPooling, MeanPooling, Pooling
from runner.network.layers.windows import Windows

Pairs = Iterable[tuple[int, int]]


def table(pairs: Iterable[Any]) -> Array:
    """As kernels read them."""
    return np.ascontiguousarray(list(pairs), np.int64).reshape(-1)


def runs_of(windows: Windows, samples: int) -> tuple[list[tuple[int, int]], int]:
    """Where windows over a map begin and where their results are, in runs; and a run's length."""
    (rows, columns), (_, _, across) = windows.places, windows.below
    across += 2 * windows.padding
    step = windows.stride
    if step == 1:
        return [(y * across * samples, y * columns * samples) for y in range(rows)], (
            columns * samples
        )
    return [
        ((y * across + x) * step * samples, (y * columns + x) * samples)
        for y, x in product(range(rows), range(columns))
    ], samples


def vectors_of(runs: Pairs, run: int, lanes: int) -> tuple[Array, int, int, Array]:
    """Pairs of each run's whole vectors and of those that overlap; how many; what is fresh."""
    whole, part = [], []
    for at, to in runs:
        whole += [(at + v, to + v) for v in range(0, run - run % lanes, lanes)]
        if run % lanes:
            part.append((at + run - lanes, to + run - lanes))
    fresh = np.arange(lanes) >= (lanes - run % lanes if run % lanes else 0)
    return table([*whole, *part]), len(whole), len(part), fresh


def taps_of(planes: int, down: int, across: int, rows: range, columns: int, samples: int) -> Array:
    """Where those rows of a window have their taps, over planes of down x across places."""
    plane, y, x = np.meshgrid(np.arange(planes), list(rows), np.arange(columns), indexing="ij")
    taps: Array = ((plane * down + y) * across + x).reshape(-1) * samples
    return taps


def convolution_shape(kind: Convolution, around: Surroundings) -> ConvolutionShape:
    """Tables of the way forward and of the way back."""
    (channels, rows, columns), (maps, down, across) = kind.below, kind.shape
    samples, size, border = around.samples, kind.size, kind.padding
    rows_bordered, columns_bordered = rows + 2 * border, columns + 2 * border
    taps = taps_of(channels, rows_bordered, columns_bordered, range(size), size, samples)
    weights = np.arange(kind.taps) * around.width
    places, whole, part, fresh = vectors_of(*runs_of(kind.windows, samples), around.lanes)
    runs, run = copies((rows, columns), 1, border, columns_bordered, samples)
    return ConvolutionShape(
        maps=maps,
        plane=down * across * samples,
        channels=channels,
        plane_below=rows * columns * samples,
        terms=table(np.stack([taps, weights], 1)),
        taps=kind.taps,
        places=places,
        whole=whole,
        part=part,
        fresh=fresh.astype(around.dtype),
        sections=table([(0, whole + part, 0, kind.taps)]),
        border=int(border > 0),
        border_again=int(border > 0 and around.dropped),
        bordered=room(channels * rows_bordered * columns_bordered * samples * (border > 0), around),
        runs=runs,
        many_runs=len(runs) // 2,
        run=run,
        plane_bordered=rows_bordered * columns_bordered * samples,
        row_below=size**2 * around.width,
        nothing=np.zeros(1, around.dtype),
        **way_back(kind, around),
    )


def way_back(kind: Convolution, around: Surroundings) -> dict[str, Any]:
    """The tables of the deltas below, each row of which is a section.

    A tap that sees nothing but zeros of the border in a row is not among the row's terms.
    """
    (_, rows, columns), (maps, down, across) = kind.below, kind.shape
    samples, size, step = around.samples, kind.size, kind.stride
    zeros = size - 1 - kind.padding
    rows_spread, columns_spread = rows + size - 1, columns + size - 1
    runs, run = copies((down, across), step, zeros, columns_spread, samples)
    terms: list[Array] = []
    places: list[Array] = []
    sections: list[list[int]] = []
    seen = None
    for y in range(rows):
        first, last = zeros - y, zeros + (down - 1) * step - y
        seeing = range(max(first, 0), min(last, size - 1) + 1) or range(1)  # nothing but zeros
        row = Windows((1, size, columns_spread), size, 1)
        own, many, more, _ = vectors_of(*runs_of(row, samples), around.lanes)
        shift = [y * columns_spread * samples, y * columns * samples]
        if seeing != seen:
            own_terms = turned_taps(maps, (rows_spread, columns_spread), seeing, size, around)
            sections.append([sum(map(len, places)), 0, sum(map(len, terms)), len(own_terms)])
            terms.append(own_terms)
            seen = seeing
        places.append(own.reshape(-1, 2) + shift)
        sections[-1][1] += many + more
    spread = 0 if around.first else maps * rows_spread * columns_spread * samples
    return {
        "terms_back": table(np.concatenate(terms)),
        "places_back": table(np.concatenate(places)),
        "sections_back": table(sections),
        "many_sections_back": len(sections),
        "spread": room(spread, around),
        "runs_back": runs,
        "many_runs_back": len(runs) // 2,
        "run_back": run,
        "plane_spread": rows_spread * columns_spread * samples,
    }


def turned_taps(
    maps: int, plane: tuple[int, int], rows: range, size: int, around: Surroundings
) -> Array:
    """Terms [n, 2] of the deltas below: those rows of a window, turned round, of every map."""
    at = taps_of(maps, *plane, rows, size, around.samples)
    window = np.arange(size**2)[::-1].reshape(size, size)[list(rows)].reshape(-1)
    weights = np.tile(window * around.width, maps) + np.repeat(np.arange(maps), window.size)
    return np.stack([at, weights], 1)


def copies(
    size: tuple[int, int], step: int, border: int, across: int, samples: int
) -> tuple[Array, int]:
    """From a map to one with a border and, where `step` is more than 1, with zeros between."""
    rows, columns = size
    if step == 1:
        return table(
            (y * columns * samples, ((y + border) * across + border) * samples) for y in range(rows)
        ), columns * samples
    return table(
        ((y * columns + x) * samples, ((y * step + border) * across + x * step + border) * samples)
        for y, x in product(range(rows), range(columns))
    ), samples


def room(count: int, around: Surroundings) -> Array:
    """Scratch, and as much behind it as a vector may read too far."""
    return aligned(count + around.lanes, around.dtype)


def pooling_shape(kind: Pooling, around: Surroundings) -> PoolingShape:
    """Tables of windows and of a window's cells."""
    (_, _, columns), (_, down, across) = kind.below, kind.shape
    samples, step = around.samples, kind.stride
    places = table(
        ((y * columns + x) * step * samples, (y * across + x) * samples)
        for y, x in product(range(down), range(across))
    )
    cells = taps_of(1, 0, columns, range(kind.size), kind.size, samples)
    return pooling(kind.below, places, cells, around)._replace(overlapping=int(step < kind.size))


def global_shape(kind: GlobalMeanPooling, around: Surroundings) -> PoolingShape:
    """One window, which is all of a map."""
    _, rows, columns = kind.below
    cells = np.arange(rows * columns) * around.samples
    return pooling(kind.below, table([(0, 0)]), cells, around)


def pooling(
    below: tuple[int, int, int], places: Array, cells: Array, around: Surroundings
) -> PoolingShape:
    """Of windows that lie at those places and have those cells, none of them in two."""
    (maps, rows, columns), samples = below, around.samples
    many = len(places) // 2
    return PoolingShape(
        maps=maps,
        plane=many * samples,
        plane_below=rows * columns * samples,
        cells=table(cells),
        many_cells=len(cells),
        places=places,
        many_places=many,
        lanes=samples,
        overlapping=0,
        covering=int(many * len(cells) == rows * columns),
        largest=room(maps * many * samples, around),
    )


def dense_shape(kind: Dense, around: Surroundings) -> DenseShape:
    """What its products need beside the plan."""
    close = around.samples != around.stride
    return DenseShape(
        lanes=around.lanes,
        threads=1,
        thread=0,
        panel=aligned(PANEL_ROWS * MOST_VECTORS * around.lanes, around.dtype),
        nothing=aligned(max(around.width, around.stride), around.dtype),
        padded=aligned(kind.inputs * around.stride if close else 1, around.dtype),
        units=kind.outputs,
        steps=kind.steps or 1,
    )


class Served(NamedTuple):
    """How a kind of layer is done in `Maps`."""

    name: str
    """Of its functions, in `functions_by_address`."""
    shape: Callable[..., Any]
    """Of the layer and its surroundings."""
    close: bool = True
    """Whether samples need not fill whole vectors."""


SERVED: dict[type[LayerKind], Served] = {
    Convolution: Served("convolution", convolution_shape),
    MaxPooling: Served("max_pooling", pooling_shape),
    MeanPooling: Served("mean_pooling", pooling_shape),
    GlobalMeanPooling: Served("mean_pooling", global_shape),
    Dense: Served("dense", dense_shape, close=False),
    Elman: Served("elman", partial(recurrent_shape, Kept(of_step=2, deltas=1)), close=False),
    Lstm: Served("lstm", partial(recurrent_shape, Kept(of_step=5, deltas=4, cells=1)), close=False),
    Gru: Served("gru", partial(recurrent_shape, Kept(of_step=5, deltas=4)), close=False),
}
"""A new kind of layer is an entry here, its shape in `structures.SHAPES` and its functions."""
