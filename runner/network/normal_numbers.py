"""Normally distributed numbers: those that NumPy's generators give, the same on every machine.

NumPy's ziggurat takes a number as a product of what it drew, but for one of 3,700, beyond R, which
comes from logarithms of the C library's: those are drawn again, by a logarithm of ours.
Source: Marsaglia and Tsang 2000, The Ziggurat Method for Generating Random Variables.
"""

from math import copysign, isclose, prod

import numpy as np

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import log
from runner.network.generator_states import set_state, state_of

R = 3.6541528853610088
"""Where the ziggurat's tail begins."""
BLOCK = 4096
"""Numbers that are drawn again up to the first beyond R."""


def standard_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of N(0, 1); the generator comes to where its own method would leave it."""
    numbers = np.empty(prod(shape))
    done = 0
    while done < len(numbers):
        part = numbers[done : done + BLOCK]
        before = state_of(generator)
        generator.standard_normal(out=part)
        beyond = np.flatnonzero(np.abs(part) > R)
        if not len(beyond):
            done += len(part)
            continue
        place = int(beyond[0])
        set_state(generator, before)
        generator.standard_normal(out=part[:place])
        part[place] = drawn_again(generator, float(part[place]))
        done += place + 1
    return numbers.reshape(shape)


def drawn_again(generator: np.random.Generator, number: float) -> float:
    """The number beyond R that the generator is about to give, but for the last bits of `number`.

    A draw leads to the tail; before it there may be others, two at a time, that lead to nothing.
    Raises ArithmeticError where NumPy's numbers do not come about so.
    """
    before = state_of(generator)
    for skipped in range(1, 100, 2):
        generator.random(skipped)
        again = copysign(in_tail(generator), number)
        if isclose(again, number, rel_tol=1e-12):
            return again
        set_state(generator, before)
    raise ArithmeticError(f"NumPy {np.__version__} draws normal numbers in a way of its own")


def in_tail(generator: np.random.Generator) -> float:
    """R + x, which falls off as the density of N(0, 1) does."""
    while True:
        x = -log(1 - generator.random()) / R
        y = -log(1 - generator.random())
        if y + y > x * x:
            return R + x
