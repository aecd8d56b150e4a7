"""What is handed to kernels that go from net to net, as `structures` are to those of one net."""

from typing import Annotated, NamedTuple

from runner.compiled.structures import COURSE, Doubles, Integers, Numbers
from runner.network.arrays import Array

Keys = Annotated[Array, "uint32"]


class ManyCourses(NamedTuple):
    """Of one call that goes from net to net: what is each net's, a row a net."""

    advance: int  # address, of the kernel of a net
    course: Annotated[Array, COURSE]  # that of the net in hand
    nets: int
    size: int  # parameters, without padding
    inside: Integers  # [size]: where each is in the memory's
    parameters: Numbers  # [nets, size]
    many_slots: int
    slots: Numbers  # [nets, many_slots, size]
    sums: Doubles  # [nets, 4]
    draws: int  # whether its generators are drawn from
    keys: Keys  # [nets, 624]
    places: Integers  # [nets, 8], `many_states.PLACE`
    orders: Integers  # [nets, samples]
    rates: Doubles  # of each step from the first one on, or one for all
    rate_step: int  # 1 where each step has its own, else 0
    first_step: int
    marks: Integers  # as in `Course`
    many_marks: int
    kept: Doubles  # [nets, many_marks, 4]
    most: int  # steps of all nets together
    ended: Integers  # [1]: how many nets are at their end


class ManyLooks(NamedTuple):
    """Of one look at some samples through net after net."""

    look: int  # address, of the kernel of a net
    course: Annotated[Array, COURSE]  # which is the same for all
    nets: int
    size: int
    inside: Integers
    parameters: Numbers
    sums: Doubles
    length: int  # numbers of all outputs
    place: Integers  # [length]: where each is among the activations
    outputs: Numbers  # [nets, length]
    seen: Integers  # [1]: how many nets were looked through


class ManyDraws(NamedTuple):
    """The generators of many seeds, and what each draws first."""

    nets: int
    seeds: Integers  # [nets], in [0, 2^32)
    keys: Keys  # [nets, 624]
    generators: Integers  # [nets]: their positions
    many: int
    doubles: Doubles  # [nets, many]
