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
PLAN, COURSE = "plan", "course"
"""Of layers a `LayerPlan` each, and of one net of many a `Course`: all numbers int64."""
SHAPE = "shape"
"""Of a layer of `Maps`: the structure that `SHAPES` names for its kind."""
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
    rows: int  # of its weights
    width: int  # the length of one
    weights: int  # where they begin in the parameters, as each of the following
    bias: int
    gamma: int  # of batch normalisation, like the running means and variances
    mean: int
    variance: int
    inverse: int  # where its inverse deviations begin
    in_place: int  # whether a is made of z where that lies, and z is not kept
    forward: int  # address, as each of the following
    slope: int
    normalize: int  # or 0
    normalize_back: int  # or 0
    drops: int  # whether dropout is behind it
    mask: int  # where its masks begin
    steps: int  # outputs a sample, of the output layer
    channels: int  # normalised by themselves
    places: int  # numbers of a channel, a sample
    channel_step: int  # from a channel to the next, and from one of its places to the next
    place_step: int
    shape: int  # address, of `Maps`: what its own functions take, as are the next three
    sums: int
    gradient: int
    deltas_below: int  # or 0 where no layer below has a gradient
    within: int  # address of the activation within a recurrent layer that takes one, and its slope
    within_slope: int


class Net(NamedTuple):
    plan: Annotated[Array, PLAN]  # [layers + 1] of `LayerPlan`, the first the input layer's
    layers: int
    with_bias: int
    drop: int  # NO_DROPOUT, FORWARD_DROPOUT or BACKWARD_DROPOUT
    keeps: Doubles  # [layers + 1]: behind each 1 - rate
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


class Maps(NamedTuple):
    """The data of a net that has other layers than dense ones."""

    inputs: Inputs  # [n, n_in]; uint8 or real
    shift: Numbers  # [n_in]
    scale: Numbers  # [n_in]; x = (raw - shift) * scale
    targets: Numbers  # [n, n_out]
    block: int  # samples


class Rule(NamedTuple):
    """How a step is made, and when to stop."""

    samples: int
    batch: int
    shuffle: int  # whether each epoch draws an order; else it is the data's own
    mean: int  # deltas divided by the batch's size
    loss: int  # address
    loss_gives_dz: int
    softmax: int  # of the output layer, which then goes with cross-entropy
    restrain: int  # address, or 0
    shorten: int  # address, or 0
    update: int  # address
    update_from: int  # parameters before it are updated by their own gradient pass
    size: int  # parameters, padding included
    weighted: int  # whether rows of outputs, of a sample or of each of its steps, have weights
    row_weights: Numbers  # [n, steps] where they have
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
    real: Numbers  # 1 where a sample is, 0 for padding
    row_weights: Numbers  # of each output, 0 for padding; the same array as `real` without weights
    rows: Doubles  # [1]: how many of the batch are there, whose weight is not 0
    uniforms: Doubles
    scratch: Integers  # [samples]
    key: Annotated[Array, "uint32"]  # [624], MT19937's
    sums: Doubles  # [4]: loss, absolute error, correct, samples of the epoch
    judged: Doubles  # [4]: of the step: softmax's part of the loss, absolute error, correct, loss


class Course(NamedTuple):
    """Of one call: where it begins, how far it goes, and what it leaves beside the memory."""

    place: Integers  # `many_states.Place`, of it what a call changes: up to `passed`
    order: Integers  # [n], the epoch's
    steps: int
    rates: Doubles  # the learning rate of each step, or one for all
    rate_step: int  # 1 where each step has its own, else 0
    marks: Integers  # epochs to come whose sums are kept, and one that never comes
    kept: Doubles  # [marks, 4]: the sums of each


LAYOUTS = {"columns": Columns, "rows": Rows, "maps": Maps}


class ConvolutionShape(NamedTuple):
    """A convolution in `Maps`.

    Tables have pairs: where a term or a vector is in what is read, and in the weights or in what is
    written.
    """

    maps: int
    plane: int  # numbers of a map, of all samples
    channels: int
    plane_below: int
    terms: Integers  # [taps, 2]
    taps: int
    places: Integers  # [whole + part, 2]
    whole: int  # vectors that belong to nobody else
    part: int  # those that share numbers with one before
    fresh: Numbers  # 1 for the numbers that they do not share
    sections: Integers  # [1, 4]: from which place on how many, and from which term on how many
    border: int  # whether inputs are copied to maps with a border
    border_again: int  # and again on the way back, for backward dropout has changed them since
    bordered: Numbers
    runs: Integers  # [many_runs, 2]: from where to where, of one copy
    many_runs: int
    run: int  # numbers of each
    plane_bordered: int
    terms_back: Integers  # as those above, from deltas to the deltas below
    places_back: Integers
    sections_back: Integers  # rows of which some see the border, whose zeros are left out
    many_sections_back: int
    spread: Numbers  # the deltas with zeros around and between
    runs_back: Integers
    many_runs_back: int
    run_back: int
    plane_spread: int
    row_below: int  # from the weights of a channel to those of the next
    nothing: Numbers  # a zero


class PoolingShape(NamedTuple):
    """A pooling in `Maps`."""

    maps: int
    plane: int
    plane_below: int
    cells: Integers  # [many_cells]: where a window's are
    many_cells: int
    places: Integers  # [many_places, 2]: where a window begins, and its result
    many_places: int
    lanes: int  # numbers of a place, of all samples
    overlapping: int  # whether a number is in several windows
    covering: int  # whether each is in one
    largest: Numbers  # which of a window's cells is the largest


class DenseShape(NamedTuple):
    """A dense layer in `Maps`; its first fields are those that the products of `Rows` know."""

    lanes: int  # numbers in 64 bytes
    threads: int
    thread: int
    panel: Numbers
    nothing: Numbers  # zeros, a row of weights long
    padded: Numbers  # scratch for deltas below that lie closer together than whole vectors
    units: int  # of a step
    steps: int


class RecurrentShape(NamedTuple):
    """A recurrent layer in `Maps`; its first fields are those that the products of `Rows` know.

    A row that is `across` long holds a column for each step and sample.
    """

    lanes: int  # numbers in 64 bytes
    threads: int
    thread: int
    panel: Numbers
    nothing: Numbers  # zeros, the longest row
    features: int
    units: int
    gates: int
    steps: int
    sequence: int  # whether all states go on, or the last
    with_bias: int
    bias: int  # where its biases begin: those of the plan may be what normalisation adds
    recurrent_bias: int  # where those begin that the reset gate acts on
    stride: int  # samples
    across: int
    join: int  # the length of a row of `product`
    joined: Numbers  # [features + units, across]: of each step what comes in, and the state before
    z: Numbers  # [all products' units, stride], of a step
    of_step: int  # numbers of a unit and sample that are kept of each step
    kept: Numbers  # [steps, of_step, units, stride]
    state: Numbers  # [units, stride]
    cells: Numbers  # [steps + 1, units, stride], the first 0
    deltas: Numbers  # [all products' units, across]: dL/dz
    carried: Numbers  # [units, stride]: of dL/dh what comes from the steps behind
    carried_cells: Numbers  # [units, stride], of dL/dc
    product: Numbers  # [all products' units, join]: the weights' gradient, turned


SHAPES = {
    "convolution": ConvolutionShape,
    "dense": DenseShape,
    "elman": RecurrentShape,
    "gru": RecurrentShape,
    "lstm": RecurrentShape,
    "max_pooling": PoolingShape,
    "mean_pooling": PoolingShape,
}
"""By kinds of layers in `Maps`."""


Structure = TypeVar("Structure", bound=tuple[Any, ...])


class Packed(Generic[Structure]):
    """A structure as a kernel reads it; keeps the arrays that it points to."""

    def __init__(self, values: Structure, **dtypes: str) -> None:
        """dtypes: of the types that differ from run to run, by `NUMBERS` and `INPUTS`.

        Raises TypeError where an array is not what the kernel takes it for.
        """
        self.values, dtypes = values, {PLAN: "int64", COURSE: "int64", **dtypes}
        kinds = fields(type(values))
        self.content = struct.pack(
            "".join("d" if kind is float else "q" for kind in kinds),
            *(
                address_of(value, dtypes.get(kind, kind)) if isinstance(kind, str) else value
                for value, kind in zip(values, kinds, strict=True)
            ),
        )


def lanes_of(dtype: np.dtype[Any]) -> int:
    """Numbers in a vector's bytes."""
    return VECTOR_BYTES // dtype.itemsize


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
