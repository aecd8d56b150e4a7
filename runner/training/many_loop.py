"""Training many nets, one after the other in few calls of an engine. The caller records."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from runner.network.arrays import Array
from runner.training.engine import Engine, Problem
from runner.training.loop import next_allowance
from runner.training.many_states import ManyStates
from runner.training.metrics import LOSS, Target, metric_arrays
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import tells_rate
from runner.training.stopping import Stopping

REASONS = ("diverged", "target", "max_steps", "max_epochs", "rung")
"""Why a net ended, as `Stopping.reason` has them, the first that is so."""
DIVERGED, TARGET, MAX_STEPS, MAX_EPOCHS, AT_RUNG = range(5)
MOST_EPOCHS = 1000
"""Epochs whose sums can be kept: there is room for all of them, of every net."""
MOST_BYTES, MOST_NETS = 64 * 2**20, 4096
"""Of the states of nets that are there together."""


@runtime_checkable
class ManyEngine(Engine, Protocol):
    """An engine that has calls for many nets."""

    @property
    def serves_many(self) -> bool:
        """Whether it does for its problem."""
        ...

    def draw_many(self, seeds: Array, many: int) -> tuple[Array, Array, Array]:
        """The first doubles of many seeds: `first_states.Draws`."""
        ...

    def warm_up_many(self) -> Iterable[str]:
        """As `warm_up`, for many nets."""
        ...

    def advance_many(
        self, states: ManyStates, until: Target | None, epochs: Sequence[int], most: int
    ) -> int:
        """Nets one after the other, each to the target or its limit; how many are at their end.

        epochs: ascending from the first on, of which `states.kept` is to have the sums.
        most: steps of all together; a net that is on its way then goes on in the next call. Such a
        call may end, too, behind a net whose numbers are not finite.
        """
        ...

    def look_many(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """As `look`, of parameters [nets, parameters]: [nets, rows, n_out], and sums [nets, 4]."""
        ...


@dataclass(frozen=True)
class EndedNets:
    """Some nets at their end, in the order in which they came; all arrays have a row a net."""

    problem: Problem
    states: ManyStates
    epochs: Array
    """Those of which the history has rows [epochs]."""
    reasons: Array
    """Of each net, a place in `REASONS`. One that diverged is to be trained by itself: the step at
    which it did, and its history, are not known."""
    seconds: Array
    """Time spent training each: its share of the steps of the calls it was in."""

    def __len__(self) -> int:
        return len(self.states)

    def with_rows(self, many: int) -> "EndedNets":
        """The same with the first so many epochs alone."""
        states = replace(self.states, kept=self.states.kept[:, :many])
        return replace(self, states=states, epochs=self.epochs[:many])

    @property
    def steps(self) -> Array:
        """[nets] Steps made."""
        steps: Array = self.states.places["step"]
        return steps

    @cached_property
    def metrics(self) -> dict[str, Array]:
        """[nets] each: those of the report that a net ends with."""
        return self._measured(self.states.sums, self.steps)

    @cached_property
    def rows(self) -> dict[str, Array]:
        """[nets, epochs] each, as `metrics`: those at the end of epochs that are asked for."""
        return self._measured(self.states.kept, self.row_steps)

    @cached_property
    def row_steps(self) -> Array:
        """[epochs] The step at which each ends."""
        return self.epochs * self.problem.steps_per_epoch

    @cached_property
    def many_rows(self) -> Array:
        """[nets] How many of the epochs a net passed before its last step."""
        many: Array = np.searchsorted(self.row_steps, self.steps)
        return many

    @cached_property
    def row_seconds(self) -> Array:
        """[nets, epochs] When each row was there, interpolated."""
        return self.seconds[:, None] * self.row_steps / self.steps[:, None]

    def _measured(self, sums: Array, steps: Array) -> dict[str, Array]:
        rate = {}
        if tells_rate(self.problem.schedule.name):
            rate["learning_rate"] = np.broadcast_to(
                self.problem.rates_at(steps - 1), sums.shape[:-1]
            )
        return rate | metric_arrays(sums, self.problem.reduction)


def fitting_together(problem: Problem, epochs: int) -> int:
    """How many nets' states may be there together, with the sums of so many epochs."""
    vectors = 1 + OPTIMIZERS[problem.optimizer].slots
    # 400: a key of 624 words, half a number each, a place of 8 and sums of 4; and some to spare.
    numbers = vectors * problem.network.topology.size + problem.samples + 4 * epochs + 400
    return max(1, min(MOST_NETS, MOST_BYTES // (8 * numbers)))


def train_many(
    engine: ManyEngine,
    bunches: Iterable[ManyStates],
    stopping: Stopping,
    epochs: Sequence[int],
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[EndedNets]:
    """Trains all nets of each bunch from its first step to its end, yielding about every `PAUSE`.

    What `train` comes to, net by net. stopping: without seconds and held-out metrics. epochs:
    ascending, at most `MOST_EPOCHS`, at whose ends the history is to have rows.
    """
    problem, allowance = engine.problem, 1
    limits = [stopping.max_steps, stopping.last_epoch]
    if limits[1] is not None:
        limits[1] *= problem.steps_per_epoch
    limit = min((each for each in limits if each is not None), default=2**62)
    epochs = [epoch for epoch in epochs if epoch * problem.steps_per_epoch <= limit]
    for states in bunches:
        states.places["limit"] = limit
        states.kept = np.empty((len(states), len(epochs), 4))
        seconds, first = np.zeros(len(states)), 0
        while first < len(states):
            rest = states.part(slice(first, None))
            earlier, began = rest.places["step"].copy(), clock()
            ended = engine.advance_many(rest, stopping.engine_target, epochs, allowance)
            took, made = clock() - began, rest.places["step"] - earlier
            total = int(made.sum())
            seconds[first:] += took * made / total
            if 2 * total >= allowance:  # else its nets were at their end, or one diverged
                allowance = next_allowance(total, took)
            if ended:
                nets = slice(first, first + ended)
                yield ended_nets(problem, states.part(nets), stopping, epochs, seconds[nets])
            first += ended


def ended_nets(
    problem: Problem, states: ManyStates, stopping: Stopping, epochs: Sequence[int], seconds: Array
) -> EndedNets:
    """With the reason why each ended."""
    places = states.places
    reasons = np.full(
        len(states), MAX_EPOCHS if stopping.last_epoch == stopping.max_epochs else AT_RUNG
    )
    if stopping.max_steps is not None:
        reasons[places["step"] >= stopping.max_steps] = MAX_STEPS
    reasons[places["met"] != 0] = TARGET
    passed = np.arange(len(epochs)) < places["passed"][:, None]
    infinite = (passed & ~np.isfinite(states.kept[..., LOSS])).any(1)
    reasons[infinite | (places["finite"] == 0)] = DIVERGED
    return EndedNets(problem, states, np.array(epochs, np.int64), reasons, seconds)
