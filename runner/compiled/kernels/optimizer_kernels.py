"""Optimizers on the flat parameter vector, in place.

The same equations as in `runner.training.optimizers`. `count` is whole lanes; a second slot begins
`apart` after the first; `is_weight` is 1 for weights, 0 for what does not decay.
"""

from math import sqrt

from runner.compiled.kernels.exponentials import whole_power
from runner.compiled.kernels.lanes import WIDTH, choose, load, root, store
from runner.compiled.kernels.numba_options import quick


def sgd(parameters, gradient, _slots, _is_weight, count, _apart, learning_rate, _step, _settings):
    """w <- w - lr g."""
    for k in range(0, count, WIDTH):
        store(parameters, k, load(parameters, k) - load(gradient, k) * learning_rate)


def momentum(
    parameters, gradient, slots, _is_weight, count, _apart, learning_rate, _step, settings
):
    """v <- beta v + g, w <- w - lr v."""
    beta = settings[0]
    for k in range(0, count, WIDTH):
        v = load(slots, k) * beta + load(gradient, k)
        store(slots, k, v)
        store(parameters, k, load(parameters, k) - v * learning_rate)


def nesterov(
    parameters, gradient, slots, _is_weight, count, _apart, learning_rate, _step, settings
):
    """v <- beta v + g, w <- w - lr (g + beta v)."""
    beta = settings[0]
    for k in range(0, count, WIDTH):
        g = load(gradient, k)
        v = load(slots, k) * beta + g
        store(slots, k, v)
        store(parameters, k, load(parameters, k) - (g + v * beta) * learning_rate)


def adagrad(parameters, gradient, slots, _is_weight, count, _apart, learning_rate, _step, settings):
    """s <- s + g^2, w <- w - lr g / (sqrt(s) + eps)."""
    epsilon = settings[0]
    for k in range(0, count, WIDTH):
        g = load(gradient, k)
        s = load(slots, k) + g * g
        store(slots, k, s)
        store(parameters, k, load(parameters, k) - g * learning_rate / (root(s) + epsilon))


def rmsprop(parameters, gradient, slots, _is_weight, count, _apart, learning_rate, _step, settings):
    """s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps)."""
    alpha, epsilon = settings[0], settings[1]
    for k in range(0, count, WIDTH):
        g = load(gradient, k)
        s = load(slots, k) * alpha + g * (1.0 - alpha) * g
        store(slots, k, s)
        store(parameters, k, load(parameters, k) - g * learning_rate / (root(s) + epsilon))


def adam(parameters, gradient, slots, _is_weight, count, apart, learning_rate, step, settings):
    """m, v: running means of g and g^2; w <- w - lr m' / (sqrt(v') + eps), ' for bias corrected."""
    beta1, beta2, epsilon = settings[0], settings[1], settings[2]
    rate = learning_rate / (1.0 - whole_power(beta1, step))
    correction = sqrt(1.0 - whole_power(beta2, step))
    for k in range(0, count, WIDTH):
        g = load(gradient, k)
        m = load(slots, k) * beta1 + g * (1.0 - beta1)
        v = load(slots, apart + k) * beta2 + g * (1.0 - beta2) * g
        store(slots, k, m)
        store(slots, apart + k, v)
        change = m * rate / (root(v) / correction + epsilon)
        store(parameters, k, load(parameters, k) - change)


adam_step = quick(adam)


def adamw(parameters, gradient, slots, is_weight, count, apart, learning_rate, step, settings):
    """w <- w - lr decay w, then Adam."""
    share = learning_rate * settings[3]
    for k in range(0, count, WIDTH):
        store(parameters, k, load(parameters, k) * (1.0 - load(is_weight, k) * share))
    adam_step(parameters, gradient, slots, is_weight, count, apart, learning_rate, step, settings)


def rprop(parameters, gradient, slots, _is_weight, count, apart, learning_rate, step, settings):
    """s grows where g keeps its sign and shrinks, with g <- 0, where it changes; w <- w -+ s."""
    down, up, least, most = settings[0], settings[1], settings[2], settings[3]
    for k in range(0, count, WIDTH):
        g, before, size = load(gradient, k), load(slots, k), load(slots, apart + k)
        if step == 1:
            size = size * 0.0 + learning_rate
        agreement = g * before
        size = size * choose(
            agreement > 0.0, size * 0.0 + up, choose(agreement < 0.0, down, size * 0.0 + 1.0)
        )
        size = choose(size < least, least, choose(size > most, most, size))
        g = choose(agreement < 0.0, 0.0, g)
        move = choose(g > 0.0, size, choose(g < 0.0, 0.0 - size, g))
        store(parameters, k, load(parameters, k) - move)
        store(slots, k, g)
        store(slots, apart + k, size)


OPTIMIZERS = {
    "adagrad": adagrad,
    "adam": adam,
    "adamw": adamw,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "rprop": rprop,
    "sgd": sgd,
}
