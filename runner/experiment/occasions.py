"""At which epochs something is recorded."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Epochs:
    """Epochs given as a list, as every so many, or both; a full-batch step is an epoch."""

    epochs: tuple[int, ...] = ()
    every: int | None = None

    def next_after(self, epoch: int) -> int | None:
        """The first scheduled epoch after `epoch`, or None."""
        place = bisect_right(self.epochs, epoch)
        listed = self.epochs[place] if place < len(self.epochs) else None
        regular = (epoch // self.every + 1) * self.every if self.every else None
        return earlier(listed, regular)

    def between(self, first: int, last: int) -> Sequence[int]:
        """The scheduled epochs after `first`, up to and with `last`."""
        listed = self.epochs[bisect_right(self.epochs, first) : bisect_right(self.epochs, last)]
        every = self.every or last + 1
        regular = range((first // every + 1) * every, last + 1, every)
        return sorted({*listed, *regular}) if listed else regular

    def __contains__(self, epoch: int) -> bool:
        return epoch > 0 and self.next_after(epoch - 1) == epoch


def earlier(one: int | None, other: int | None) -> int | None:
    """The earlier of two epochs, of which either may never come."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


@lru_cache
def log_spaced(per_decade: int, first: int = 1) -> Epochs:
    """`per_decade` epochs in every factor of ten from `first` on, so long runs stay short files."""
    decades = 15
    points = {round(first * 10 ** (k / per_decade)) for k in range(decades * per_decade + 1)}
    return Epochs(tuple(sorted(points)))
