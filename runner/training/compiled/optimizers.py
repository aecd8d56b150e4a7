"""Optimizers on the flat parameter vector, in place; `count` is whole lanes.

The same equations as in `runner.training.optimizers`. A second slot begins `count` after the first.
"""

from runner.training.compiled.lanes import WIDTH, load, store


def sgd(parameters, gradient, _slots, count, learning_rate, _step, _settings):
    """w <- w - lr g."""
    for k in range(0, count, WIDTH):
        store(parameters, k, load(parameters, k) - load(gradient, k) * learning_rate)


OPTIMIZERS = {"sgd": sgd}
