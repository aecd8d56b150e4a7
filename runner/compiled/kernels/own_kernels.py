"""Functions by address around the forms on numbers of a person's own pieces, one number at a time.

They are called as those of `activation_kernels`, `loss_kernels` and `optimizer_kernels` are, and
never kept on disk: what they are made of may change where no digest would tell.
"""

from runner.compiled.kernels.numba_options import forced


def forward_of(function):
    """a = f(z)."""
    at = forced(function)

    def forward(z, a, count):
        for k in range(count):
            a[k] = at(z[k])

    return forward


def slope_of(function):
    """deltas <- deltas f'(z)."""
    at = forced(function)

    def backward(z, a, deltas, count):
        for k in range(count):
            deltas[k] = deltas[k] * at(z[k], a[k])

    return backward


def loss_of(function, gradient):
    """`start` and the loss of rows that count; their deltas dL/da in place, 0 of others."""
    at, slope_at = forced(function), forced(gradient)

    def loss(_z, a, wanted, row_weights, deltas, count, start):
        value = start
        for k in range(count):
            weight = row_weights[k]
            if weight > 0.0:
                value += at(a[k], wanted[k]) * weight
                deltas[k] = slope_at(a[k], wanted[k]) * weight
            else:
                deltas[k] = 0.0
        return value

    return loss


def update_of(function, slots, settings):
    """A parameter after the other; its slots lie `apart` from one another."""
    at, own_slots, own_settings = forced(function), tuple_of(slots), tuple_of(settings)
    keep = keeping(slots)

    def update(w, g, memory, _is_weight, count, apart, learning_rate, step, given):
        chosen = own_settings(given, 1, 0)
        for k in range(count):
            new, kept = at(w[k], g[k], own_slots(memory, apart, k), learning_rate, step, chosen)
            w[k] = new
            keep(memory, apart, k, kept)

    return update


def tuple_of(count):
    """So many numbers from `first` on, each `apart` from the one before, as a tuple."""
    if count == 0:
        return forced(lambda numbers, apart, first: ())
    before, last = tuple_of(count - 1), count - 1

    def found(numbers, apart, first):
        return (*before(numbers, apart, first), numbers[last * apart + first])

    return forced(found)


def keeping(count):
    """The same, written to."""
    if count == 0:
        return forced(lambda numbers, apart, first, values: None)
    before, last = keeping(count - 1), count - 1

    def keep(numbers, apart, first, values):
        before(numbers, apart, first, values)
        numbers[last * apart + first] = values[last]

    return forced(keep)


def own_function(kind, entry):
    """The function of that kind of an entry of a table."""
    if kind == "update":
        return update_of(entry.scalar, entry.slots, len(entry.settings))
    if kind == "loss":
        return loss_of(*entry.scalar)
    return forward_of(entry.scalar[0]) if kind == "forward" else slope_of(entry.scalar[1])
