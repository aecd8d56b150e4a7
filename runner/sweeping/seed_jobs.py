"""Jobs that differ in their seeds alone: one check is of all of them, and they train together."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from runner.configuration.job_bases import Base, Keys

SEED = ("seed",)


class Alike(NamedTuple):
    """Jobs that differ in their seeds alone."""

    base: Base  # what they are composed of
    places: list[int]
    seeds: list[object]  # None where a job is given none


def but_seed(base: Base, changed: Mapping[Keys, object]) -> Hashable:
    """What tells jobs apart that differ in more than their seeds."""
    whole = base.refers_to(SEED)  # such as dataset.split_seed=${seed}
    return tuple(pair for pair in changed.items() if whole or pair[0] != SEED)


def is_seed(value: object) -> bool:
    """Whether a generator can be seeded with it."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32
