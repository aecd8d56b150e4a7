"""Many training steps a call: forward, metrics, dropout, backward, update and the stopping check.

Written once for both layouts: the functions of `layouts` choose by the type of `layout`, when a
kernel is compiled, between `columns` and `rows`. What it works on comes in `structures`.
"""

from numba import njit

from runner.compiled.kernels import by_layout as layouts
from runner.compiled.kernels.called import (
    call_forward,
    call_loss,
    call_normalize,
    call_normalize_back,
    call_restrain,
    call_shorten,
    call_slope,
    call_update,
)
from runner.compiled.kernels.lanes import WIDTH, absolute, load, store, total
from runner.compiled.kernels.mersenne import draw
from runner.compiled.kernels.plan import (
    ACTIVATION,
    FIELDS,
    FORWARD,
    INVERSE,
    NORMALIZE,
    NORMALIZE_BACK,
    OUTPUTS,
    SLOPE,
    SPAN,
)
from runner.compiled.kernels.shuffling import stable_order
from runner.compiled.kernels.structures import (
    AT_LEAST,
    AT_MOST,
    BACKWARD_DROPOUT,
    FORWARD_DROPOUT,
)

inlined = njit(no_cpython_wrapper=True, error_model="numpy", inline="always")
apart = njit(no_cpython_wrapper=True, error_model="numpy")


@inlined
def forward(net, layout, memory, count):
    """z_l = W_l^T a_(l-1) + b_l, a_l = f_l(z_l), times the mask where dropout is in this stage."""
    below = memory.a
    for layer in range(1, net.layers + 1):
        row = net.plan + layer * FIELDS
        at, span = row[ACTIVATION], row[SPAN]
        z, a = memory.z + at, memory.a + at
        normalize = row[NORMALIZE]
        with_bias = net.with_bias and normalize == 0
        layouts.sums(layout, layer, row, with_bias, memory.parameters, below, z, count)
        if normalize != 0:
            normal, inverse = memory.normal + at, memory.inverse + row[INVERSE]
            call_normalize(
                normalize, z, normal, inverse, memory.parameters, memory.real, row, count
            )
        call_forward(row[FORWARD], z, a, span)
        below = a
        if net.drop == FORWARD_DROPOUT and layer < net.layers:
            below = memory.dropped + at
            multiply(a, memory.masks + at, below, span)


@inlined
def multiply(left, right, result, count):
    """result = left right, element by element; result may be one of them."""
    for k in range(0, count, WIDTH):
        store(result, k, load(left, k) * load(right, k))


@inlined
def draw_masks(net, layout, memory, generator, count):
    """Masks of all hidden layers from the generator's next doubles -> the generator's position."""
    for layer in range(1, net.layers):
        row = net.plan + layer * FIELDS
        generator = draw(memory.key, generator, memory.uniforms, row[OUTPUTS] * count)
        layouts.masks(layout, row, memory.uniforms, net.keep, memory.masks + row[ACTIVATION], count)
    return generator


@inlined
def drop_hidden(net, memory):
    """Backward stage: after the forward pass the hidden layers' outputs are dropped in place."""
    for layer in range(1, net.layers):
        row = net.plan + layer * FIELDS
        a = memory.a + row[ACTIVATION]
        multiply(a, memory.masks + row[ACTIVATION], a, row[SPAN])


@inlined
def absolute_error(a, wanted, real, count):
    """sum |a - y|, padding not counted."""
    value = 0.0
    for k in range(0, count, WIDTH):
        value += total(absolute((load(a, k) - load(wanted, k)) * load(real, k)))
    return value


@inlined
def divide(values, divisor, count):
    """values <- values / divisor."""
    for k in range(0, count, WIDTH):
        store(values, k, load(values, k) / divisor)


@inlined
def backward(net, layout, rule, memory, count, learning_rate):
    """Slopes, gradients and the deltas of the layer below, from the output layer down."""
    for layer in range(net.layers, 0, -1):
        row, below_row = net.plan + layer * FIELDS, net.plan + (layer - 1) * FIELDS
        at, below_at, span = row[ACTIVATION], below_row[ACTIVATION], row[SPAN]
        deltas = memory.deltas + at
        if layer < net.layers or not rule.loss_gives_dz:
            call_slope(row[SLOPE], memory.z + at, memory.a + at, deltas, span)
        normalize = row[NORMALIZE_BACK]
        if normalize != 0:
            call_normalize_back(
                normalize,
                deltas,
                memory.normal + at,
                memory.inverse + row[INVERSE],
                memory.parameters,
                memory.gradient,
                memory.real,
                row,
                count,
            )
        with_bias = net.with_bias and normalize == 0
        forward_dropped = net.drop == FORWARD_DROPOUT and layer > 1
        below = (memory.dropped if forward_dropped else memory.a) + below_at
        layouts.gradient(
            layout, layer, row, with_bias, rule, memory, below, deltas, count, learning_rate
        )
        if layer > 1:
            below_deltas = memory.deltas + below_at
            layouts.deltas_below(
                layout, below_row, row, memory.parameters, deltas, below_deltas, count
            )
            if forward_dropped:
                multiply(below_deltas, memory.masks + below_at, below_deltas, below_row[SPAN])


@inlined
def make_step(net, layout, rule, memory, count, generator, step, learning_rate):
    """One step on the gathered batch; adds to the epoch's sums -> the generator's position."""
    if net.drop == FORWARD_DROPOUT:
        generator = draw_masks(net, layout, memory, generator, count)
    forward(net, layout, memory, count)
    row = net.plan + net.layers * FIELDS
    at, span = row[ACTIVATION], row[SPAN]
    z, a, deltas = memory.z + at, memory.a + at, memory.deltas + at
    if rule.softmax:
        memory.sums[0] += layouts.softmax(layout, row, z, a, deltas, count)
    memory.sums[1] += absolute_error(a, memory.wanted, memory.real, span)
    memory.sums[2] += layouts.correct(layout, row, a, memory.wanted, memory.real, count)
    memory.sums[0] += call_loss(rule.loss, z, a, memory.wanted, memory.real, deltas, span)
    memory.sums[3] += count
    if rule.mean:
        divide(deltas, float(count), span)
    if net.drop == BACKWARD_DROPOUT:
        generator = draw_masks(net, layout, memory, generator, count)
        drop_hidden(net, memory)
    backward(net, layout, rule, memory, count, learning_rate)
    if rule.restrain != 0:
        call_restrain(
            rule.restrain,
            memory.parameters,
            memory.gradient,
            memory.is_weight,
            rule.size,
            memory.limits,
        )
    first = rule.update_from
    call_update(
        rule.update,
        memory.parameters + first,
        memory.gradient + first,
        memory.slots,
        memory.is_weight + first,
        rule.size - first,
        learning_rate,
        step,
        memory.settings,
    )
    if rule.shorten != 0:
        call_shorten(
            rule.shorten,
            memory.parameters,
            memory.norms,
            memory.places,
            net.layers,
            memory.limits[4],
        )
    return generator


@apart
def shuffle(order, memory, samples, generator):
    """The epoch's order: a random key for each sample, sorted -> the generator's position."""
    generator = draw(memory.key, generator, memory.uniforms, samples)
    stable_order(memory.uniforms, order, memory.scratch, samples)
    return generator


@inlined
def goal_met(rule, sums):
    """Whether the epoch's metric meets the target; never for NaN."""
    mean = sums[rule.goal_sum] / rule.goal_divisor
    value = rule.goal_offset + rule.goal_factor * mean
    if rule.goal == AT_LEAST:
        return value >= rule.goal_value
    return rule.goal == AT_MOST and value <= rule.goal_value


@inlined
def advance_at(net, layout, rule, memory, course):
    """`advance`, of the structures themselves."""
    place, whole = course.place, rule.batch >= rule.samples
    if whole:
        layouts.gather(layout, net, memory, course.order, rule.samples)  # once, not once a step
    first, epoch, position, generator = place[0], place[1], place[2], place[3]
    done, met, mark = 0, False, 0
    while done < course.steps and not met:
        if position == 0:
            for k in range(4):
                memory.sums[k] = 0.0
            if not whole:
                generator = shuffle(course.order, memory, rule.samples, generator)
        count = min(rule.batch, rule.samples - position)
        if not whole:
            layouts.gather(layout, net, memory, course.order + position, count)
        learning_rate = course.rates[done * course.rate_step]
        step = first + done + 1
        generator = make_step(net, layout, rule, memory, count, generator, step, learning_rate)
        done, position = done + 1, position + count
        if position == rule.samples:
            epoch, position = epoch + 1, 0
            if epoch == course.marks[mark]:
                for k in range(4):
                    course.kept[4 * mark + k] = memory.sums[k]
                mark += 1
            met = goal_met(rule, memory.sums)
    place[0], place[1], place[2], place[3] = first + done, epoch, position, generator
    place[4], place[5] = int(met), mark


def advance(net, layout, rule, memory, course):
    """Makes up to `course.steps` steps; where they end stands in `course.place`."""
    advance_at(net[0], layout[0], rule[0], memory[0], course[0])
