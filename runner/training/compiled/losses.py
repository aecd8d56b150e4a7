"""Losses on flat rows of numbers; `real` is 1 for a sample's output and 0 for padding.

The same equations as in `runner.network.losses`.
"""

from runner.training.compiled.lanes import WIDTH, load, store, total


def squared_error(_z, a, wanted, real, deltas, count):
    """L = 1/2 sum (a - y)^2, dL/da = a - y."""
    value = 0.0
    for k in range(0, count, WIDTH):
        error = (load(a, k) - load(wanted, k)) * load(real, k)
        store(deltas, k, error)
        value += total(error * error)
    return 0.5 * value


LOSSES = {"squared_error": squared_error}
