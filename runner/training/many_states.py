"""The states of many nets of one problem, an array for each of their values, a row a net."""

from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np

from runner.network.arrays import Array
from runner.network.generator_states import set_state
from runner.training.state import TrainingState, unseeded_bits


class Place(NamedTuple):
    """Where a net stands."""

    step: int = 0
    epoch: int = 0
    position: int = 0
    generator: int = 0
    """Where in its key."""
    met: int = 0
    """Whether the target was."""
    passed: int = 0
    """How many of the epochs whose sums are kept."""
    limit: int = 0
    """The step at which it ends at the latest."""
    finite: int = 0
    """Whether its numbers are."""


AT = Place(*range(len(Place._fields)))
"""Which number of a place each is."""
PLACE = np.dtype([(name, np.int64) for name in Place._fields])


@dataclass
class ManyStates:
    """What `TrainingState` is of one net; engines change it in place."""

    places: Array
    """[nets] of `PLACE`"""
    parameters: Array
    """[nets, parameters]"""
    slots: Array
    """[nets, slots, parameters]"""
    sums: Array
    """[nets, 4]"""
    orders: Array
    """[nets, samples]"""
    keys: Array
    """[nets, 624] Of their generators, MT19937's."""
    kept: Array
    """[nets, epochs, 4] The sums of epochs that are asked for; of those `passed` so far."""

    def __len__(self) -> int:
        return len(self.places)

    def part(self, nets: slice) -> Self:
        """Those nets, not copied."""
        return type(self)(*(getattr(self, field.name)[nets] for field in fields(self)))

    def state(self, net: int) -> TrainingState:
        """One net's, copied. How long it took is not in it."""
        place = self.places[net]
        generator = np.random.Generator(unseeded_bits())
        set_state(generator, np.append(self.keys[net], np.uint32(place["generator"])))
        return TrainingState(
            step=int(place["step"]),
            epoch=int(place["epoch"]),
            position=int(place["position"]),
            parameters=self.parameters[net].copy(),
            slots=self.slots[net].copy(),
            order=self.orders[net].copy(),
            sums=self.sums[net].copy(),
            generator=generator,
        )
