"""What the engine hands the kernels: structures of 64 bits a field, of an array its address.

A kernel reads them as named tuples, with an address where an array was.
"""

import struct
from functools import cache
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, get_type_hints

import numpy as np

from runner.network.arrays import Array

WIDTH = 8
"""Numbers that kernels take at a time: lanes."""
VECTOR_BYTES = 64
PANEL_ROWS, MOST_VECTORS = 256, 2
"""Of a panel of a matrix, that is copied side by side for a product: 32 KiB at most."""
NUMBERS, INPUTS = "numbers", "inputs"
"""Types that differ from run to run: the run's dtype, and that of the inputs."""
PLAN = "plan"
"""Of layers: a `LayerPlan` each, all numbers int64."""
Numbers = Annotated[Array, NUMBERS]
Inputs = Annotated[Array, INPUTS]
Doubles = Annotated[Array, "float64"]
Integers = Annotated[Array, "int64"]

NO_DROPOUT, FORWARD_DROPOUT, BACKWARD_DROPOUT = range(3)
NO_TARGET, AT_LEAST, AT_MOST = range(3)
DENSE, BY_SAMPLE, BY_INPUT = range(3)
"""How the first layer of `Rows` reads its inputs."""


class LayerPlan(NamedTuple):
    """How a layer's numbers lie, and what is called for it; padding included."""

    inputs: int  # units below
    outputs: int
    stride: int  # the length of a row
    stride_below: int
    activation: int  # where its activations begin
    span: int  # how many numbers they take
    width: int  # the length of a row of weights
    weights: int  # where they begin in the parameters, as each of the following
    bias: int
    gamma: int  # of batch normalisation, like the running means and variances
    mean: int
    variance: int
    inverse: int  # where its inverse deviations begin
    forward: int  # address, as each of the following
    slope: int
    normalize: int  # or 0
    normalize_back: int  # or 0


class Net(NamedTuple):
    plan: Annotated[Array, PLAN]  # [layers + 1] of `LayerPlan`, the first the input layer's
    layers: int
    with_bias: int
    drop: int  # NO_DROPOUT, FORWARD_DROPOUT or BACKWARD_DROPOUT
    keep: float  # 1 - rate
    block: int  # samples that go through it together, a batch or part of one


class Columns(NamedTuple):
    """The data of a net whose numbers lie unit by unit."""

    inputs: Inputs  # [n, n_in]
    targets: Numbers  # [n, n_out]


class Rows(NamedTuple):
    """The data, and how the first layer reads it."""

    inputs: Inputs  # [n, n_in], or the non-zero ones one after the other; uint8 or real
    shift: Numbers  # [n_in]
    scale: Numbers  # [n_in]; x = (raw - shift) * scale
    first: Integers  # [n + 1]: where a sample's non-zero inputs begin
    column: Annotated[Array, "uint16"]  # which input each is
    targets: Numbers  # [n, n_out]
    way: int
    fused: int  # the first layer's gradient goes straight into its weights
    lanes: int  # numbers in 64 bytes
    batch: int
    values: Numbers  # the batch's non-zero inputs, in lists
    numbers: Annotated[Array, "int32"]  # the input, or the sample, of each
    counts: Annotated[Array, "int32"]  # how many in each list
    nothing: Numbers  # zeros, as many as the longest row has
    threads: int
    arrivals: Integers  # the first: how often a thread has come to a place where all wait
    rest: int  # address of what lends the processor to others
    thread: int  # which of them this is; this and the next are its own
    panel: Numbers  # scratch for part of a matrix


class Rule(NamedTuple):
    """How a step is made, and when to stop."""

    samples: int
    batch: int
    mean: int  # deltas divided by the batch's size
    loss: int  # address
    loss_gives_dz: int
    softmax: int  # of the output layer, which then goes with cross-entropy
    restrain: int  # address, or 0
    shorten: int  # address, or 0
    update: int  # address
    update_from: int  # parameters before it are updated by their own gradient pass
    size: int  # parameters, padding included
    goal: int = NO_TARGET  # or AT_LEAST or AT_MOST
    goal_sum: int = 0  # which of the epoch's sums it is about
    goal_offset: float = 0.0  # metric = offset + factor * (sum / divisor)
    goal_factor: float = 1.0
    goal_divisor: float = 1.0
    goal_value: float = 0.0


class Memory(NamedTuple):
    """What changes. Arrays long enough for whole lanes."""

    parameters: Numbers
    gradient: Numbers
    slots: Numbers
    settings: Doubles  # the optimizer's
    is_weight: Numbers  # 1 for weights, 0 for biases and padding
    limits: Doubles  # [5], see `restraint`; the last is max_norm
    norms: Numbers  # scratch for a row of weights
    z: Numbers
    a: Numbers  # the input layer's first
    dropped: Numbers  # a after forward dropout
    masks: Numbers
    deltas: Numbers
    normal: Numbers  # z before gamma and bias, where a layer is batch-normalised
    inverse: Numbers  # 1 / sqrt(variance + eps) of each unit
    wanted: Numbers
    real: Numbers
    uniforms: Doubles
    scratch: Integers  # [samples]
    key: Annotated[Array, "uint32"]  # [624], MT19937's
    sums: Doubles  # [4]: loss, absolute error, correct, samples of the epoch
    judged: Doubles  # [4]: of the step: softmax's part of the loss, absolute error, correct, loss


class Course(NamedTuple):
    """Of one call: where it begins, how far it goes, and what it leaves beside the memory."""

    place: Integers  # [6]: step, epoch, position, MT19937's; then whether the target was met, marks
    order: Integers  # [n], the epoch's
    steps: int
    rates: Doubles  # the learning rate of each step, or one for all
    rate_step: int  # 1 where each step has its own, else 0
    marks: Integers  # epochs to come whose sums are kept, and one that never comes
    kept: Doubles  # [marks, 4]: the sums of each


LAYOUTS = {"columns": Columns, "rows": Rows}


Structure = TypeVar("Structure", bound=tuple[Any, ...])


class Packed(Generic[Structure]):
    """A structure as a kernel reads it; keeps the arrays that it points to."""

    def __init__(self, values: Structure, **dtypes: str) -> None:
        """dtypes: of the types that differ from run to run, by `NUMBERS` and `INPUTS`.

        Raises TypeError where an array is not what the kernel takes it for.
        """
        self.values, dtypes = values, {PLAN: "int64", **dtypes}
        kinds = fields(type(values))
        self.content = struct.pack(
            "".join("d" if kind is float else "q" for kind in kinds),
            *(
                address_of(value, dtypes.get(kind, kind)) if isinstance(kind, str) else value
                for value, kind in zip(values, kinds, strict=True)
            ),
        )


def aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Zeros from a boundary of 64 bytes on: a vector across two cache lines costs two loads."""
    raw = np.zeros(max(count, WIDTH) * dtype.itemsize + VECTOR_BYTES, np.uint8)
    skip = -raw.ctypes.data % VECTOR_BYTES
    return raw[skip : skip + max(count, WIDTH) * dtype.itemsize].view(dtype)


@cache
def fields(structure: type[tuple[Any, ...]]) -> tuple[type | str, ...]:
    """Of each field `int`, `float`, or the type of the numbers that it points to."""
    hints = get_type_hints(structure, include_extras=True).values()
    return tuple(hint if hint in (int, float) else hint.__metadata__[0] for hint in hints)


def address_of(array: Array, dtype: str) -> int:
    """Where the numbers of an array begin. Raises TypeError where they are others."""
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise TypeError(f"{array.dtype} {array.strides}; expected {dtype}, C-contiguous")
    return int(array.__array_interface__["data"][0])
