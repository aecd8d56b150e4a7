"""What a kernel's steps change: arrays of the caller's."""

from typing import NamedTuple

import numpy as np
from numba import njit

from runner.training.compiled.pointers import pointer


class Memory(NamedTuple):
    """What changes. Arrays of the caller's, long enough for whole lanes."""

    parameters: np.ndarray
    gradient: np.ndarray
    slots: np.ndarray
    settings: np.ndarray  # float64, the optimizer's
    is_weight: np.ndarray  # 1 for weights, 0 for biases and padding
    limits: np.ndarray  # float64 [5], see `restraint`; the last is max_norm
    places: np.ndarray  # int64 [layers, 3]: where a layer's weights begin, rows, a row's length
    norms: np.ndarray  # scratch for a row of weights
    z: np.ndarray
    a: np.ndarray  # the input layer's first
    dropped: np.ndarray  # a after forward dropout
    masks: np.ndarray
    deltas: np.ndarray
    normal: np.ndarray  # z before gamma and bias, where a layer is batch-normalised
    inverse: np.ndarray  # 1 / sqrt(variance + eps) of each unit
    wanted: np.ndarray
    real: np.ndarray
    uniforms: np.ndarray  # float64
    scratch: np.ndarray  # int64 [samples]
    key: np.ndarray  # uint32 [624]
    sums: np.ndarray  # float64 [4]: loss, absolute error, correct, samples of the epoch
    rates: np.ndarray  # float64: the learning rate of each step, or one for all
    marks: np.ndarray  # int64: epochs to come whose sums are kept, and one that never comes
    kept: np.ndarray  # float64 [marks, 4], flat: the sums of each


@njit(no_cpython_wrapper=True, error_model="numpy", inline="always")
def addresses(memory):
    """The same named tuple with addresses for arrays."""
    return Memory(
        pointer(memory.parameters),
        pointer(memory.gradient),
        pointer(memory.slots),
        pointer(memory.settings),
        pointer(memory.is_weight),
        pointer(memory.limits),
        pointer(memory.places),
        pointer(memory.norms),
        pointer(memory.z),
        pointer(memory.a),
        pointer(memory.dropped),
        pointer(memory.masks),
        pointer(memory.deltas),
        pointer(memory.normal),
        pointer(memory.inverse),
        pointer(memory.wanted),
        pointer(memory.real),
        pointer(memory.uniforms),
        pointer(memory.scratch),
        pointer(memory.key),
        pointer(memory.sums),
        pointer(memory.rates),
        pointer(memory.marks),
        pointer(memory.kept),
    )
