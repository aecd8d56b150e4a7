"""Many nets in one call of a kernel, where the way from Python takes longer than a net."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from runner.compiled.array_layouts import Layout
from runner.compiled.layout_choice import AnyLayout
from runner.compiled.machine_code import Key, address, function
from runner.compiled.many_structures import ManyCourses, ManyDraws, ManyLooks
from runner.compiled.structures import Course, Packed
from runner.compiled.thread_team import call
from runner.network.arrays import Array
from runner.training.engine import Problem
from runner.training.many_states import ManyStates

DRAW_MANY = "draw_many", "any", "float64"
NEVER = -1
"""An epoch that does not come."""
Shares = tuple[Packed[Any], ...]
"""What all nets have in common as kernels take it: net, data, rule and memory."""


class ManyNets:
    """The kernels that go from net to net, for the problem and the layout of an engine."""

    def __init__(self, problem: Problem, layout: AnyLayout) -> None:
        self._problem, self._layout = problem, layout
        self._numbers = {"numbers": problem.targets.dtype.name}
        self._inside = places_inside(layout, problem.network.topology.size)
        self._draws = problem.network.dropout.drops or not problem.full_batch

    @staticmethod
    def kernels(dtype: str) -> tuple[Key, ...]:
        """Those of nets with such numbers."""
        return DRAW_MANY, ("advance_many", "any", dtype), ("look_many", "any", dtype)

    def advance(
        self, kernel: Key, shares: Shares, states: ManyStates, epochs: Sequence[int], most: int
    ) -> int:
        """As `CompiledEngine.advance_many`. kernel: that of a net."""
        constant, ended = self._problem.constant_rate, np.zeros(1, np.int64)
        steps = states.places["step"]
        first, last = steps.min(), min(states.places["limit"].max(), steps.max() + most)
        courses = ManyCourses(
            advance=address(*kernel),
            course=np.zeros(len(Course._fields), np.int64),
            nets=len(states),
            size=states.parameters.shape[1],
            inside=self._inside,
            parameters=states.parameters,
            many_slots=states.slots.shape[1],
            slots=states.slots,
            sums=states.sums,
            draws=self._draws,
            keys=states.keys,
            places=states.places.view(np.int64),
            orders=states.orders,
            rates=self._problem.rates_at(np.arange(first, first + 1 if constant else last)),
            rate_step=not constant,
            first_step=first,
            marks=np.array([*epochs, NEVER]),
            many_marks=len(epochs),
            kept=states.kept,
            most=most,
            ended=ended,
        )
        self._call("advance_many", shares, Packed(courses, **self._numbers))
        return int(ended[0])

    def look(
        self,
        kernel: Key,
        shares: Shares,
        parameters: Array,
        course: Course,
        to: tuple[Array, Array],
    ) -> int:
        """Of some samples to outputs [nets, samples, n_out], and onto sums [nets, 4].

        Of how many nets: up to the first whose sums are not finite, and with that. kernel: that of
        a net.
        """
        outputs, sums = to
        activations = shares[-1].values.a
        units = self._layout.units_of(np.arange(float(activations.size)), course.steps)
        packed, seen = Packed(course), np.zeros(1, np.int64)
        looks = ManyLooks(
            look=address(*kernel),
            course=np.frombuffer(packed.content, np.int64),
            nets=len(parameters),
            size=parameters.shape[1],
            inside=self._inside,
            parameters=parameters,
            sums=sums,
            length=units.size,
            place=units.astype(np.int64).reshape(-1),
            outputs=outputs,
            seen=seen,
        )
        self._call("look_many", shares, Packed(looks, **self._numbers))
        return int(seen[0])

    def _call(
        self, kind: str, shares: Shares, many: Packed[ManyCourses] | Packed[ManyLooks]
    ) -> None:
        call(function(kind, "any", self._numbers["numbers"]), (*shares, many))


def places_inside(layout: Layout, size: int) -> Array:
    """Where the kernel has each of the parameters [size]."""
    inside, places = np.zeros(layout.parameters), np.empty(size, np.int64)
    layout.load(np.arange(1.0, size + 1), inside)
    (there,) = np.nonzero(inside)
    places[inside[there].astype(np.int64) - 1] = there
    return places


def seeded_draws(seeds: Array, count: int) -> tuple[Array, Array, Array]:
    """The first doubles [nets, count] of the generators of seeds [nets], and where these then are.

    That is keys [nets, 624] and positions in them [nets].
    """
    nets = len(seeds)
    doubles, keys = np.empty((nets, count)), np.empty((nets, 624), np.uint32)
    generators = np.empty(nets, np.int64)
    draws = ManyDraws(nets, seeds.astype(np.int64), keys, generators, count, doubles)
    packed = Packed(draws)
    call(function(*DRAW_MANY), [packed] * 5)
    return doubles, keys, generators
