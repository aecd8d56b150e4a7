"""Many training steps a call: forward, metrics, dropout, backward, update and the stopping check.

Written once for all layouts: the functions of `layer_arithmetic` are those of the layout. What it
works on comes in `structures`.
"""

from runner.compiled.kernels.functions_by_address import (
    call_forward,
    call_loss,
    call_normalize,
    call_normalize_back,
    call_restrain,
    call_shorten,
    call_slope,
    call_update,
)
from runner.compiled.kernels.lanes import (
    WIDTH,
    absolute,
    load,
    one_where_above_zero,
    store,
    total,
)
from runner.compiled.kernels.layer_arithmetic import (
    correct,
    deltas_below,
    gather,
    gradient,
    leads,
    masks,
    place,
    portion,
    softmax,
    sums,
    wait,
    weigh,
)
from runner.compiled.kernels.mersenne import draw
from runner.compiled.kernels.numba_options import apart, inlined
from runner.compiled.kernels.shuffling import stable_order
from runner.compiled.structures import (
    AT_LEAST,
    AT_MOST,
    BACKWARD_DROPOUT,
    FORWARD_DROPOUT,
    NO_DROPOUT,
)
from runner.training.many_states import AT


@inlined
def take(net, layout, rule, memory, order, count):
    """The batch's inputs, targets and weights; `order` begins with its first sample."""
    gather(layout, net, memory, order, count)
    if leads(layout):
        row = net.plan + net.layers
        memory.rows[0] = float(count * row.steps)
        if rule.weighted:
            weights, to = rule.row_weights, memory.row_weights
            memory.rows[0] = float(weigh(layout, row, weights, order, count, to))
    wait(layout)


@inlined
def forward(net, layout, memory, begin, count):
    """z_l = W_l^T a_(l-1) + b_l, a_l = f_l(z_l), times the mask where dropout is in this stage.

    Of `count` samples of the batch from `begin` on. Inputs and outputs of all samples are kept,
    what is between of these alone.
    """
    below, parameters = memory.a + place_in(net, layout, 0, begin), memory.parameters
    for layer in range(1, net.layers + 1):
        row = net.plan + layer
        at, normalize = row.activation, row.normalize
        z, a = memory.z + at, memory.a + (at + place_in(net, layout, layer, begin))
        if row.in_place:
            z = a
        sums(layout, layer, row, net.with_bias and normalize == 0, parameters, below, z, count)
        wait(layout)
        if normalize != 0:
            if leads(layout):
                normal, inverse = memory.normal + at, memory.inverse + row.inverse
                call_normalize(normalize, z, normal, inverse, parameters, memory.real, row, count)
            wait(layout)
        first, many = portion(layout, row.span)
        if row.forward != 0:
            call_forward(row.forward, z + first, a + first, many)
        below = a
        if net.drop == FORWARD_DROPOUT and row.drops:
            below = memory.dropped + at
            mask = memory.masks + (row.mask + place(layout, row, begin) + first)
            multiply(a + first, mask, below + first, many)
        wait(layout)


@inlined
def place_in(net, layout, layer, begin):
    """Where a block's activations are, beyond those that each block overwrites."""
    if layer == 0 or layer == net.layers:
        return place(layout, net.plan + layer, begin)
    return 0


@inlined
def multiply(left, right, result, count):
    """result = left right, element by element; result may be one of them."""
    for k in range(0, count, WIDTH):
        store(result, k, load(left, k) * load(right, k))


@inlined
def draw_masks(net, layout, memory, generator, count):
    """The batch's masks, layer by layer, from the generator's next doubles -> its position."""
    for layer in range(1, net.layers):
        row = net.plan + layer
        if row.drops:
            generator = draw(memory.key, generator, memory.uniforms, row.outputs * count)
            masks(layout, row, memory.uniforms, net.keeps[layer], memory.masks + row.mask, count)
    return generator


@inlined
def drop_hidden(net, layout, memory, begin):
    """Backward stage: after the forward pass the hidden layers' outputs are dropped in place."""
    for layer in range(1, net.layers):
        row = net.plan + layer
        if row.drops:
            a = memory.a + row.activation
            multiply(a, memory.masks + (row.mask + place(layout, row, begin)), a, row.span)


@inlined
def absolute_error(a, wanted, row_weights, count, start):
    """`start` and sum |a - y| of rows that are there."""
    value = start
    for k in range(0, count, WIDTH):
        there = one_where_above_zero(load(row_weights, k))
        value += total(absolute((load(a, k) - load(wanted, k)) * there))
    return value


@inlined
def divide(values, divisor, count):
    """values <- values / divisor."""
    for k in range(0, count, WIDTH):
        store(values, k, load(values, k) / divisor)


@inlined
def backward(net, layout, rule, memory, begin, count, learning_rate):
    """Slopes, gradients and the deltas of the layer below, from the output layer down."""
    parameters = memory.parameters
    for layer in range(net.layers, 0, -1):
        row, below_row = net.plan + layer, net.plan + (layer - 1)
        at, below_at, normalize = row.activation, below_row.activation, row.normalize_back
        deltas = memory.deltas + at
        first, many = portion(layout, row.span)
        own = at + first
        if net.drop == FORWARD_DROPOUT and row.drops:
            mask = memory.masks + (row.mask + place(layout, row, begin) + first)
            multiply(memory.deltas + own, mask, memory.deltas + own, many)
        a = memory.a + (at + place_in(net, layout, layer, begin))
        if row.slope != 0 and (layer < net.layers or not rule.loss_gives_dz):
            call_slope(row.slope, memory.z + own, a + first, memory.deltas + own, many)
        wait(layout)
        if normalize != 0:
            if leads(layout):
                normal, inverse = memory.normal + at, memory.inverse + row.inverse
                g, real = memory.gradient, memory.real
                call_normalize_back(
                    normalize, deltas, normal, inverse, parameters, g, real, row, count
                )
            wait(layout)
        dropped = net.drop == FORWARD_DROPOUT and below_row.drops
        below = (memory.dropped if dropped else memory.a) + below_at
        below = below + place_in(net, layout, layer - 1, begin)
        with_bias, added = net.with_bias and normalize == 0, begin > 0
        gradient(layout, layer, row, with_bias, memory, below, deltas, count, learning_rate, added)
        if layer > 1:
            to = memory.deltas + below_at
            deltas_below(layout, row, parameters, below, a, deltas, to, count)
        wait(layout)


@inlined
def look(net, layout, rule, memory, begin, count, batch, generator):
    """The way forward; adds to the step's sums, and leaves the output layer's deltas.

    -> the generator's position
    """
    if net.drop != NO_DROPOUT and begin == 0:
        if leads(layout):
            generator = draw_masks(net, layout, memory, generator, batch)
        wait(layout)
    forward(net, layout, memory, begin, count)
    if leads(layout):
        judge(net, layout, rule, memory, begin, count)
        if net.drop == BACKWARD_DROPOUT:
            drop_hidden(net, layout, memory, begin)
    wait(layout)
    return generator


@inlined
def judge(net, layout, rule, memory, begin, count):
    """Adds to the step's sums, and leaves the output layer's deltas."""
    row, judged = net.plan + net.layers, memory.judged
    block = place_in(net, layout, net.layers, begin)
    wanted, row_weights = memory.wanted + block, memory.row_weights + block
    at, span = row.activation, row.span
    z, a, deltas = memory.z + at, memory.a + (at + block), memory.deltas + at
    if rule.softmax:
        judged[0] = softmax(layout, row, z, a, deltas, row_weights, count, judged[0])
    judged[1] = absolute_error(a, wanted, row_weights, span, judged[1])
    judged[2] += correct(layout, row, a, wanted, row_weights, count)
    judged[3] = call_loss(rule.loss, z, a, wanted, row_weights, deltas, span, judged[3])
    if rule.mean:
        divide(deltas, max(memory.rows[0], 1.0), span)


@inlined
def add_up(judged, sums, rows):
    """The step's sums onto the epoch's."""
    sums[0] += judged[0]
    sums[1] += judged[1]
    sums[2] += judged[2]
    sums[0] += judged[3]
    sums[3] += rows


@inlined
def set_to_zero(numbers):
    """All four."""
    for k in range(4):
        numbers[k] = 0.0


@inlined
def descend(net, layout, rule, memory, step, learning_rate):
    """The update by the gradient, which is restrained before and the weights after."""
    w, g, size = memory.parameters, memory.gradient, rule.size
    is_weight, limits = memory.is_weight, memory.limits
    if rule.restrain != 0:
        if leads(layout):
            call_restrain(rule.restrain, w, g, is_weight, size, limits)
        wait(layout)
    left = size - rule.update_from
    first, many = portion(layout, left)
    at = rule.update_from + first
    own, slots, weight_at, settings = w + at, memory.slots + first, is_weight + at, memory.settings
    call_update(
        rule.update, own, g + at, slots, weight_at, many, left, learning_rate, step, settings
    )
    wait(layout)
    if rule.shorten != 0:
        if leads(layout):
            call_shorten(rule.shorten, w, memory.norms, net.plan, net.layers, limits[4])
        wait(layout)


@apart
def new_order(rule, order, memory, generator):
    """The epoch's order: a random key for each sample, sorted, or the data's own.

    -> the generator's position
    """
    samples = rule.samples
    if rule.shuffle == 0:
        for k in range(samples):
            order[k] = k
        return generator
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
        take(net, layout, rule, memory, course.order, rule.samples)  # once, not once a step
    first, epoch = place[AT.step], place[AT.epoch]
    position, generator = place[AT.position], place[AT.generator]
    done, met, mark = 0, False, 0
    while done < course.steps and not met:
        if position == 0:
            if leads(layout):
                set_to_zero(memory.sums)
                if not whole:
                    generator = new_order(rule, course.order, memory, generator)
            wait(layout)
        count = min(rule.batch, rule.samples - position)
        if not whole:
            take(net, layout, rule, memory, course.order + position, count)
        learning_rate = course.rates[done * course.rate_step]
        step = first + done + 1
        if leads(layout):
            set_to_zero(memory.judged)
        for begin in range(0, count, net.block):
            many = min(net.block, count - begin)
            generator = look(net, layout, rule, memory, begin, many, count, generator)
            backward(net, layout, rule, memory, begin, many, learning_rate)
        if leads(layout):
            add_up(memory.judged, memory.sums, memory.rows[0])
        descend(net, layout, rule, memory, step, learning_rate)
        done, position = done + 1, position + count
        if position == rule.samples:
            epoch, position = epoch + 1, 0
            if epoch == course.marks[mark]:
                if leads(layout):
                    for k in range(4):
                        course.kept[4 * mark + k] = memory.sums[k]
                mark += 1
            met = goal_met(rule, memory.sums)
            wait(layout)
    if leads(layout):
        place[AT.step], place[AT.epoch] = first + done, epoch
        place[AT.position], place[AT.generator] = position, generator
        place[AT.met], place[AT.passed] = int(met), mark


def advance(net, layout, rule, memory, course):
    """Makes up to `course.steps` steps; where they end stands in `course.place`."""
    advance_at(net[0], layout[0], rule[0], memory[0], course[0])
