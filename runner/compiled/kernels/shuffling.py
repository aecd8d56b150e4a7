"""The order of samples of an epoch: what np.argsort(keys, kind="stable") gives."""

from runner.compiled.kernels.numba_options import quick


@quick
def merge(keys, source, target, start, middle, stop):
    """Two sorted runs of indices into one; equal keys keep their order."""
    left, right = start, middle
    for place in range(start, stop):
        if right >= stop or (left < middle and keys[source[left]] <= keys[source[right]]):
            target[place] = source[left]
            left += 1
        else:
            target[place] = source[right]
            right += 1


@quick
def stable_order(keys, order, scratch, count):
    """order[:count] <- the indices that sort keys[:count]; merge sort from the bottom."""
    for i in range(count):
        order[i] = i
    run = 1
    while run < count:
        for start in range(0, count, 2 * run):
            merge(keys, order, scratch, start, min(start + run, count), min(start + 2 * run, count))
        for i in range(count):
            order[i] = scratch[i]
        run *= 2
