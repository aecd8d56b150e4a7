"""The first states of many nets: the numbers that each seed's own generator gives."""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from runner.network.arrays import Array
from runner.network.generator_states import state_of
from runner.network.initializers import Start, first_numbers, in_order, initial_parameters
from runner.network.topology import Topology
from runner.training.engine import Problem
from runner.training.many_states import PLACE, ManyStates
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import unseeded_bits

Draws = Callable[[Array, int], tuple[Array, Array, Array]]
"""From seeds [nets] and a number, of each seed's generator: so many doubles that it draws first.

With its key then [nets, 624], and where in that it is [nets].
"""
OF_DOUBLES = ("glorot_uniform", "he_uniform", "lecun_uniform", "uniform", "zeros")
"""Initializers that draw nothing but doubles."""


def first_states(
    problem: Problem,
    starts: Sequence[Start],
    seeds: Sequence[int],
    draws: Draws | None = None,
) -> ManyStates:
    """What `initial_parameters` and `new_state` give for each seed, where no data are drawn.

    draws: does fast what seeds and doubles ask for; None for NumPy's generator.
    """
    topology, nets = problem.network.topology, len(seeds)
    places = np.zeros(nets, PLACE)
    if draws is not None and draws_doubles(topology, starts):
        parameters, keys, places["generator"] = uniform_weights(topology, starts, seeds, draws)
    else:
        parameters, keys = np.empty((nets, topology.size)), np.empty((nets, 624), np.uint32)
        bits = unseeded_bits()
        seeding, generator = np.random.RandomState(bits), np.random.Generator(bits)
        for net, seed in enumerate(seeds):
            seeding.seed(seed)  # as `seeded_generator`, which makes all three anew
            parameters[net] = initial_parameters(topology, starts, generator)
            words = state_of(generator)
            keys[net], places["generator"][net] = words[:-1], words[-1]
    slots = OPTIMIZERS[problem.optimizer].slots
    return ManyStates(
        places=places,
        parameters=parameters.astype(problem.targets.dtype),
        slots=np.zeros((nets, slots, topology.size), problem.targets.dtype),
        sums=np.zeros((nets, 4)),
        orders=np.tile(np.arange(problem.samples), (nets, 1)),
        keys=keys,
        kept=np.empty((nets, 0, 4)),
    )


def draws_doubles(topology: Topology, starts: Sequence[Start]) -> bool:
    """Whether weights are made of nothing but doubles, and biases of nothing."""
    return all(
        start.initializer in OF_DOUBLES and (start.bias == "zeros" or not topology.bias)
        for start in starts
    )


class Drawn:
    """Doubles [nets, many] that are there already, in place of the generators they came from."""

    def __init__(self, doubles: Array) -> None:
        self._doubles, self._used = doubles, 0

    def random(self, shape: tuple[int, ...]) -> Array:
        """The next [nets, *shape]."""
        begin = self._used
        self._used += prod(shape)
        return self._doubles[:, begin : self._used].reshape(-1, *shape)


def uniform_weights(
    topology: Topology, starts: Sequence[Start], seeds: Sequence[int], draws: Draws
) -> tuple[Array, Array, Array]:
    """Parameters [nets, parameters], the generators' keys and where they are."""
    parts = list(in_order(topology, starts))
    many = sum(
        part.size
        for _, part, start in parts
        if part.fans is not None and start.initializer != "zeros"
    )
    doubles, keys, generators = draws(np.array(seeds), many)
    parameters, drawn = np.zeros((len(seeds), topology.size)), Drawn(doubles)
    for place, part, start in parts:
        numbers = first_numbers(part, start, drawn)  # type: ignore[arg-type]  # all that is asked
        numbers = np.broadcast_to(numbers, (len(seeds), *part.shape))
        parameters[:, place] = numbers.reshape(len(seeds), -1)
    return parameters, keys, generators
