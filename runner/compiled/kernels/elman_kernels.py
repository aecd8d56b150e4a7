"""Elman's recurrent units in `Maps`; the equations are those of `runner.network.layers.elman`."""

from numba import types

from runner.compiled.kernels.lanes import clear
from runner.compiled.kernels.pointers import caller
from runner.compiled.kernels.recurrent_kernels import (
    add_biases,
    add_delta,
    add_gradient,
    carry,
    copy_rows,
    give_out,
    step_sums,
    take_in,
    take_in_again,
)

# As in `functions_by_address`, which knows this module.
call_within = caller("call_within", types.none, [None, None, types.intp])
call_slope_within = caller("call_slope_within", types.none, [None, None, None, types.intp])


def sums(shape, row, _with_bias, parameters, below, a):
    """h_t = f(x_t W + h_(t-1) R + b); z and h of each step are kept."""
    units, count = shape.units, shape.units * shape.stride
    weights, terms = parameters + row.weights, shape.features + units
    bias = parameters + shape.bias if shape.with_bias else shape.nothing
    clear(shape.state, count)
    for step in range(shape.steps):
        z = shape.kept + shape.of_step * step * count
        take_in(shape, below, step)
        step_sums(shape, weights, row.width, units, 0, terms, bias, step, z)
        call_within(row.within, z, shape.state, count)
        copy_rows(shape.state, 1, count, count, z + count, count)
        give_out(shape, step, a)


def gradient(shape, row, _with_bias, parameters, g, below, deltas, added, _count):
    """From the last step to the first: d = (dL/dh_t + R d_(t+1)) f'(z_t)."""
    units, stride, features = shape.units, shape.stride, shape.features
    count, width, carried = units * stride, row.width, shape.carried
    recurrent = parameters + (row.weights + features * width)
    clear(carried, count)
    for step in range(shape.steps - 1, -1, -1):
        add_delta(shape, deltas, step)
        z = shape.kept + shape.of_step * step * count
        call_slope_within(row.within_slope, z, z + count, carried, count)
        copy_rows(carried, units, stride, stride, shape.deltas + step * stride, shape.across)
        carry(shape, recurrent, width, 1, shape.deltas, step, False)
    take_in_again(shape, below)
    add_gradient(shape, row, 0, units, 0, features + units, added, g + row.weights)
    if shape.with_bias:
        add_biases(shape, 0, units, added, g + shape.bias)
