"""Penalties on weights, clipped gradients and bounded weights, called by address where asked for.

The same equations as in `runner.training.restraint`.
"""

from math import sqrt

from runner.compiled.kernels.lanes import WIDTH, choose, load, store, total


def restrain(parameters, gradient, is_weight, count, limits):
    """g <- g + l2 w + l1 sign(w), then clipped by value, then by norm; biases not penalized.

    limits: l1, l2, clip_value, clip_norm; infinity where nothing is clipped.
    """
    l1, l2, most, longest = limits[0], limits[1], limits[2], limits[3]
    squares = 0.0
    for k in range(0, count, WIDTH):
        w, one, g = load(parameters, k), load(is_weight, k), load(gradient, k)
        sign = choose(w > 0.0, one, choose(w < 0.0, 0.0 - one, w * 0.0))
        g = g + w * one * l2 + sign * l1
        g = choose(g > most, most, choose(g < -most, -most, g))
        store(gradient, k, g)
        squares += total(g * g)
    if squares > longest * longest:
        factor = longest / sqrt(squares)
        for k in range(0, count, WIDTH):
            store(gradient, k, load(gradient, k) * factor)


def shorten(parameters, norms, plan, layers, max_norm):
    """The incoming weights of a unit, where they are longer than `max_norm`, shortened to it.

    norms: scratch for a row of weights.
    """
    for layer in range(1, layers + 1):
        place = plan + layer
        weights, rows, length = parameters + place.weights, place.rows, place.width
        for j in range(length):
            norms[j] = 0.0
        for i in range(rows):
            row = weights + i * length
            for j in range(length):
                norms[j] += row[j] * row[j]
        for j in range(length):
            norms[j] = min(1.0, max_norm / max(sqrt(norms[j]), 1e-30))
        for i in range(rows):
            row = weights + i * length
            for j in range(length):
                row[j] *= norms[j]
