"""Net after net in one call, each by the kernel of one net, which is called by its address.

What is each net's is copied to where that kernel works on it, and back.
"""

from numba import types

from runner.compiled.kernels.mersenne import LENGTH, draw
from runner.compiled.kernels.numba_options import inlined
from runner.compiled.kernels.pointers import caller
from runner.compiled.structures import Course
from runner.training.many_states import AT

call_kernel = caller("call_kernel", types.none, [None] * 5)
SUMS = 4
"""Of an epoch, as `structures.Memory` has them."""
MULTIPLIER, LOW_BITS = 1812433253, 0xFFFFFFFF


@inlined
def copy(source, target, count):
    """target[:count] = source[:count]."""
    for k in range(count):
        target[k] = source[k]


@inlined
def put_in(flat, inside, numbers, count):
    """A flat vector to where the kernel has those numbers."""
    for k in range(count):
        numbers[inside[k]] = flat[k]


@inlined
def is_finite(number):
    """Neither infinite nor NaN."""
    return number - number == 0


@inlined
def take_out(flat, inside, numbers, count):
    """The way back; whether all are finite."""
    finite = True
    for k in range(count):
        flat[k] = numbers[inside[k]]
        finite &= is_finite(flat[k])
    return finite


def advance_many(net, layout, rule, memory, many):
    """Nets one after the other, each to its end, up to `many.most` steps of all together.

    Ends behind a net whose numbers are not finite: they may have spoilt the memory's padding.
    """
    courses, inside, size, apart = many[0], many[0].inside, many[0].size, rule[0].size
    left, ended, goes_on = courses.most, 0, True
    while goes_on and ended < courses.nets and left > 0:
        place, key = courses.places + len(AT) * ended, courses.keys + LENGTH * ended
        flat, sums = courses.parameters + size * ended, courses.sums + SUMS * ended
        slots = courses.slots + courses.many_slots * size * ended
        begin, passed = place[AT.step], place[AT.passed]
        courses.course[0] = Course(
            place,
            courses.orders + rule[0].samples * ended,
            min(place[AT.limit] - begin, left),
            courses.rates + (begin - courses.first_step) * courses.rate_step,
            courses.rate_step,
            courses.marks + passed,
            courses.kept + SUMS * (courses.many_marks * ended + passed),
        )
        put_in(flat, inside, memory[0].parameters, size)
        for slot in range(courses.many_slots):
            put_in(slots + slot * size, inside, memory[0].slots + slot * apart, size)
        copy(sums, memory[0].sums, SUMS)
        if courses.draws:
            copy(key, memory[0].key, LENGTH)
        call_kernel(courses.advance, net, layout, rule, memory, courses.course)
        finite = take_out(flat, inside, memory[0].parameters, size)
        for slot in range(courses.many_slots):
            take_out(slots + slot * size, inside, memory[0].slots + slot * apart, size)
        copy(memory[0].sums, sums, SUMS)
        if courses.draws:
            copy(memory[0].key, key, LENGTH)
        place[AT.passed] += passed
        finite = finite and is_finite(sums[0])
        place[AT.finite] = int(finite)
        left -= place[AT.step] - begin
        if not finite or place[AT.met] or place[AT.step] >= place[AT.limit]:
            ended += 1
        goes_on = finite
    courses.ended[0] = ended


def look_many(net, layout, rule, memory, many):
    """The outputs of some samples, by one net after the other; adds to each net's sums.

    Ends behind a net whose sums are not finite, as `advance_many`.
    """
    looks, size, seen, finite = many[0], many[0].size, 0, True
    while finite and seen < looks.nets:
        sums, outputs = looks.sums + SUMS * seen, looks.outputs + looks.length * seen
        put_in(looks.parameters + size * seen, looks.inside, memory[0].parameters, size)
        copy(sums, memory[0].sums, SUMS)
        call_kernel(looks.look, net, layout, rule, memory, looks.course)
        copy(memory[0].sums, sums, SUMS)
        take_out(outputs, looks.place, memory[0].a, looks.length)
        for k in range(SUMS):
            finite &= is_finite(sums[k])
        seen += 1
    looks.seen[0] = seen


def draw_many(_net, _layout, _rule, _memory, many):
    """Seeds a generator for each net, as NumPy's `RandomState.seed` does, and draws from it."""
    draws = many[0]
    for net in range(draws.nets):
        key, word = draws.keys + LENGTH * net, draws.seeds[net]
        for k in range(LENGTH):
            key[k] = word
            word = (MULTIPLIER * (word ^ (word >> 30)) + k + 1) & LOW_BITS
        doubles = draws.doubles + draws.many * net
        draws.generators[net] = draw(key, LENGTH, doubles, draws.many)
