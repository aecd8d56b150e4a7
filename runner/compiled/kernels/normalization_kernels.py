"""Batch normalisation of a layer in each layout, called by address where a net has it.

The same equations as in `runner.network.layers.batch_norm`. row: the layer's plan; inverse: its
1 / sqrt(variance + eps); real: 1 for samples, 0 for padding.
"""

from math import sqrt

from runner.compiled.kernels.lanes import WIDTH, load, root, spread, store, total
from runner.compiled.kernels.partial_vectors import store_some
from runner.network.layers.batch_norm import EPSILON, MOMENTUM


def normalize_columns(z, normal, inverse, parameters, real, row, count):
    """A unit at a time; its samples lie side by side."""
    stride = row.stride
    for unit in range(row.outputs):
        x, n = z + unit * stride, normal + unit * stride
        gamma, bias = parameters[row.gamma + unit], parameters[row.bias + unit]
        mean, variance = parameters + (row.mean + unit), parameters + (row.variance + unit)
        center, square = 1.0 * mean[0], 1.0 * variance[0]
        if count > 1:
            whole = spread(z, 0.0)
            for s in range(0, stride, WIDTH):
                whole = whole + load(x, s) * load(real, s)
            center = total(whole) / count
            whole = spread(z, 0.0)
            for s in range(0, stride, WIDTH):
                away = (load(x, s) - center) * load(real, s)
                whole = whole + away * away
            square = total(whole) / count
            mean[0] = mean[0] * (1.0 - MOMENTUM) + center * MOMENTUM
            grown = MOMENTUM * count / (count - 1)
            variance[0] = variance[0] * (1.0 - MOMENTUM) + square * grown
        inverse[unit] = 1.0 / sqrt(square + EPSILON)
        for s in range(0, stride, WIDTH):
            standard = (load(x, s) - center) * inverse[unit]
            store(n, s, standard)
            store(x, s, standard * gamma + bias)


def normalize_columns_back(deltas, normal, inverse, parameters, gradient, real, row, count):
    """dL/du -> dL/dz, 0 for padding."""
    stride = row.stride
    for unit in range(row.outputs):
        d, n = deltas + unit * stride, normal + unit * stride
        sums, products = spread(deltas, 0.0), spread(deltas, 0.0)
        for s in range(0, stride, WIDTH):
            sums = sums + load(d, s)
            products = products + load(d, s) * load(n, s)
        gradient[row.bias + unit], gradient[row.gamma + unit] = total(sums), total(products)
        level, tilt = 0.0, 0.0
        if count > 1:
            level, tilt = total(sums) / count, total(products) / count
        factor = parameters[row.gamma + unit] * inverse[unit]
        for s in range(0, stride, WIDTH):
            left = load(d, s) - level - load(n, s) * tilt
            store(d, s, left * factor * load(real, s))


def normalize_rows(z, normal, inverse, parameters, _real, row, count):
    """Eight units at a time; padding stays 0."""
    stride = row.stride
    gamma, bias = parameters + row.gamma, parameters + row.bias
    means, variances = parameters + row.mean, parameters + row.variance
    for j in range(0, stride, WIDTH):
        center, square = load(means, j), load(variances, j)
        if count > 1:
            whole = spread(z, 0.0)
            for s in range(count):
                whole = whole + load(z, s * stride + j)
            center = whole / count
            whole = spread(z, 0.0)
            for s in range(count):
                away = load(z, s * stride + j) - center
                whole = whole + away * away
            grown = MOMENTUM * count / (count - 1)
            store(means, j, load(means, j) * (1.0 - MOMENTUM) + center * MOMENTUM)
            square = whole / count
            store(variances, j, load(variances, j) * (1.0 - MOMENTUM) + square * grown)
        factor = 1.0 / root(square + EPSILON)
        store(inverse, j, factor)
        for s in range(count):
            at = s * stride + j
            standard = (load(z, at) - center) * factor
            store(normal, at, standard)
            store(z, at, standard * load(gamma, j) + load(bias, j))


def normalize_rows_back(deltas, normal, inverse, parameters, gradient, _real, row, count):
    """dL/du -> dL/dz."""
    stride = row.stride
    for j in range(0, stride, WIDTH):
        sums, products = spread(deltas, 0.0), spread(deltas, 0.0)
        for s in range(count):
            d = load(deltas, s * stride + j)
            sums = sums + d
            products = products + d * load(normal, s * stride + j)
        store(gradient, row.bias + j, sums)
        store(gradient, row.gamma + j, products)
        level, tilt = spread(deltas, 0.0), spread(deltas, 0.0)
        if count > 1:
            level, tilt = sums / count, products / count
        factor = load(parameters, row.gamma + j) * load(inverse, j)
        for s in range(count):
            at = s * stride + j
            left = load(deltas, at) - level - load(normal, at) * tilt
            store(deltas, at, left * factor)


def normalize_maps(z, normal, inverse, parameters, real, row, count):
    """A channel at a time, over all its places; of each the samples lie side by side."""
    stride, places, number = row.stride, row.places, count * row.places
    for channel in range(row.channels):
        at = channel * row.channel_step
        gamma, bias = parameters[row.gamma + channel], parameters[row.bias + channel]
        mean, variance = parameters + (row.mean + channel), parameters + (row.variance + channel)
        center, square = 1.0 * mean[0], 1.0 * variance[0]
        if number > 1:
            whole = spread(z, 0.0)
            for p in range(places):
                x = z + (at + p * row.place_step)
                for s in range(0, stride, WIDTH):
                    whole = whole + load(x, s) * load(real, s)
            center = total(whole) / number
            whole = spread(z, 0.0)
            for p in range(places):
                x = z + (at + p * row.place_step)
                for s in range(0, stride, WIDTH):
                    away = (load(x, s) - center) * load(real, s)
                    whole = whole + away * away
            square = total(whole) / number
            mean[0] = mean[0] * (1.0 - MOMENTUM) + center * MOMENTUM
            grown = MOMENTUM * number / (number - 1)
            variance[0] = variance[0] * (1.0 - MOMENTUM) + square * grown
        inverse[channel] = 1.0 / sqrt(square + EPSILON)
        for p in range(places):
            x, n = z + (at + p * row.place_step), normal + (at + p * row.place_step)
            for s in range(0, stride, WIDTH):
                standard = (load(x, s) - center) * inverse[channel]
                store_some(n, s, standard, stride - s)
                store_some(x, s, standard * gamma + bias, stride - s)


def normalize_maps_back(deltas, normal, inverse, parameters, gradient, real, row, count):
    """dL/du -> dL/dz, 0 for padding."""
    stride, places, number = row.stride, row.places, count * row.places
    for channel in range(row.channels):
        at = channel * row.channel_step
        sums, products = spread(deltas, 0.0), spread(deltas, 0.0)
        for p in range(places):
            d, n = deltas + (at + p * row.place_step), normal + (at + p * row.place_step)
            for s in range(0, stride, WIDTH):
                own = load(d, s) * load(real, s)
                sums = sums + own
                products = products + own * load(n, s)
        gradient[row.bias + channel] = total(sums)
        gradient[row.gamma + channel] = total(products)
        level, tilt = 0.0, 0.0
        if number > 1:
            level, tilt = total(sums) / number, total(products) / number
        factor = parameters[row.gamma + channel] * inverse[channel]
        for p in range(places):
            d, n = deltas + (at + p * row.place_step), normal + (at + p * row.place_step)
            for s in range(0, stride, WIDTH):
                left = (load(d, s) - level - load(n, s) * tilt) * factor
                store_some(d, s, left * load(real, s), stride - s)


FORWARD = {"columns": normalize_columns, "rows": normalize_rows, "maps": normalize_maps}
BACKWARD = {
    "columns": normalize_columns_back,
    "rows": normalize_rows_back,
    "maps": normalize_maps_back,
}
"""What a layout does before a layer's activation, and on the way back."""
