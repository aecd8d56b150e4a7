"""What a recurrent layer is to its kernels in `Maps`: sizes, and room for what backward needs."""

from typing import NamedTuple

import numpy as np

from runner.compiled.array_layouts import padded, row_stride
from runner.compiled.map_surroundings import Surroundings
from runner.compiled.structures import MOST_VECTORS, PANEL_ROWS, RecurrentShape, aligned
from runner.network.arrays import Array
from runner.network.layers.recurrent import Recurrent


class Kept(NamedTuple):
    """Numbers of a unit."""

    of_step: int  # kept of each step for the way back
    deltas: int  # dL/dz of what products make, of each step
    cells: int = 0  # that go from step to step beside the state


def recurrent_shape(kept: Kept, kind: Recurrent, around: Surroundings) -> RecurrentShape:
    """Of any kind; what lies over all steps has a column for each step and sample."""
    (steps, features), units, stride = kind.below, kind.units, around.stride
    across = row_stride(steps * stride, around.lanes)
    join = padded(features + units, around.lanes)
    starts = {name: place.start for name, place in around.places.items()}

    def room(*counts: int) -> Array:
        return aligned(int(np.prod(counts)), around.dtype)

    return RecurrentShape(
        lanes=around.lanes,
        threads=1,
        thread=0,
        panel=room(PANEL_ROWS, MOST_VECTORS, around.lanes),
        nothing=room(max(kept.deltas * units, join, stride)),
        features=features,
        units=units,
        gates=kind.gates,
        steps=steps,
        sequence=int(kind.sequence),
        with_bias=int(kind.bias),
        bias=starts.get("bias", 0),
        recurrent_bias=starts.get("recurrent_bias", 0),
        stride=stride,
        across=across,
        join=join,
        joined=room(features + units, across),
        z=room(kept.deltas * units, stride),
        of_step=kept.of_step,
        kept=room(steps, kept.of_step * units, stride),
        state=room(units, stride),
        cells=room(steps + 1, kept.cells * units, stride),
        deltas=room(kept.deltas * units, across),
        carried=room(units, stride),
        carried_cells=room(kept.cells * units, stride),
        product=room(kept.deltas * units, join),
    )
