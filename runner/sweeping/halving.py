"""Successive halving: which jobs of a sweep go on at each rung. It knows no files and no clock.

At rung k a job stands after first * factor^k epochs, and about one in `factor` goes on from there.
The first rung takes the jobs in an order of chance, the others in that in which they were sent
there, each once those before it have come. Of the n that it has taken a rung sends on whoever is
among the best floor(n / factor). So no job waits for a whole rung, as in ASHA (Li et al. 2020, "A
System for Massively Parallel Hyperparameter Tuning"), and yet who goes on depends on the numbers
alone, not on what took how long. Once nothing else is left, the best of the last rung goes on to
its end.
"""

import math
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import NamedTuple

from runner.training.stopping import Rung

END = -1
"""In the place of a rung's number: to the end of the job itself, from the last rung."""


class Standing(NamedTuple):
    """How a job does at a rung."""

    rank: float
    """The higher, the better; minus infinity where it has none."""
    ended: bool
    """Whether it has come to its end, there or before."""


@dataclass
class RungJobs:
    """Those that come to one rung."""

    order: list[int] = field(default_factory=list)
    """As they were sent to it."""
    standings: dict[int, Standing] = field(default_factory=dict)
    """Of those that have come."""
    taken: int = 0
    """So many of them, in their order, have been ranked."""
    ranks: list[tuple[float, int]] = field(default_factory=list)
    """Of these, the best first: minus the rank, and the job."""
    sent: set[int] = field(default_factory=set)
    """Those that went on."""

    def sent_on(self, factor: int) -> Iterator[int]:
        """The jobs that go on by what has come until now."""
        while self.taken < len(self.order) and self.order[self.taken] in self.standings:
            job = self.order[self.taken]
            place = bisect(self.ranks, (-self.standings[job].rank, job))
            self.ranks.insert(place, (-self.standings[job].rank, job))
            self.taken += 1
            most = self.taken // factor
            # No others can have come among the best: this one has, or there is a place more.
            for rank, each in (self.ranks[new] for new in sorted({place, most - 1}) if new < most):
                if most and each not in self.sent and rank < math.inf:
                    self.sent.add(each)
                    yield each


def lottery(number: int) -> bytes:
    """What puts jobs into an order of chance, the same in every launch."""
    return blake2b(number.to_bytes(8, "little"), digest_size=8).digest()


class Halving:
    """Where jobs stand on their way from rung to rung.

    jobs: their numbers. first, factor: as above.
    """

    def __init__(self, jobs: Iterable[int], first: int, factor: int) -> None:
        self._first, self._factor = first, factor
        self.order = sorted(jobs, key=lottery)
        """In which they are to come to the first rung. A grid's own order would do badly: where it
        leads from bad to good, each job is among the best of those before it."""
        self._rungs = [RungJobs(list(self.order))]

    def rung(self, number: int) -> Rung | None:
        """Where jobs wait for others; None for the end."""
        return None if number == END else Rung(number, self._first * self._factor**number)

    def rung_after(self, epochs: int) -> int:
        """The number of the first rung that has at least so many epochs."""
        return next(n for n in count() if self._first * self._factor**n >= epochs)

    def come(self, job: int, number: int, standing: Standing) -> Iterator[tuple[int, int]]:
        """Takes in a job that has come to a rung: who is to go on, and to which."""
        self._rungs[number].standings[job] = standing
        if number != END:
            yield from self._advanced(number)

    def _advanced(self, number: int) -> Iterator[tuple[int, int]]:
        here = self._rungs[number]
        for job in here.sent_on(self._factor):
            if number + 1 == len(self._rungs):
                self._rungs.append(RungJobs())
            above = self._rungs[number + 1]
            above.order.append(job)
            if here.standings[job].ended:
                above.standings[job] = here.standings[job]
                yield from self._advanced(number + 1)
            else:
                yield job, number + 1

    @property
    def top(self) -> int:
        """The highest rung to which one was sent."""
        return len(self._rungs) - 1

    @property
    def last(self) -> int | None:
        """Once all have come that were sent: who goes on to its end, if that is not there."""
        top = self._rungs[-1]
        if not top.ranks or top.ranks[0][0] == math.inf:
            return None
        job = top.ranks[0][1]
        return None if top.standings[job].ended else job
