"""The compiled engine: the whole inner loop in machine code, made by Numba and kept on disk."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from runner.compiled import machine_code, structures
from runner.compiled.code_on_disk import cache_folder, kept
from runner.compiled.kernel_memory import new_memory
from runner.compiled.layout_choice import layout_for, name_of_layout, threads_for
from runner.compiled.machine_code import address
from runner.compiled.many_nets import NEVER, ManyNets, seeded_draws
from runner.compiled.step_rule import step_rule
from runner.compiled.structures import (
    INPUTS,
    NUMBERS,
    Columns,
    Course,
    Maps,
    Memory,
    Net,
    Packed,
    Rows,
    Rule,
)
from runner.compiled.thread_team import Team, call
from runner.network.activations import ACTIVATIONS
from runner.network.arrays import Array
from runner.network.generator_states import set_state, state_of
from runner.network.layers.dropout import NO_DROPOUT
from runner.network.layers.parts import BEHIND, WITHIN
from runner.network.trained import rows_at_once
from runner.training.engine import Problem, StepReport, reported
from runner.training.many_states import ManyStates, Place
from runner.training.metrics import Target
from runner.training.state import TrainingState

DROPOUT = {
    None: structures.NO_DROPOUT,
    "forward": structures.FORWARD_DROPOUT,
    "backward": structures.BACKWARD_DROPOUT,
}
LOOKED_AT, LOOKED_AT_MAPS = 256, 32
"""Samples that go through the net together: what is between of as many stays in a cache."""
MAPS_A_LOOK = 8
"""Blocks of such a net's samples that a look is given, for it copies the parameters once."""
OF_A_LAYER = ("sums", "gradient", "deltas_below")
"""Functions that a layer of `MapLayout` has of its own."""
DEFAULT = (
    ("advance", "columns", "float64", "float64"),
    ("look", "columns", "float64", "float64"),
    ("forward", "sigmoid", "float64"),
    ("slope", "sigmoid", "float64"),
    ("loss", "squared_error", "float64"),
    ("update", "sgd", "float64"),
)
"""What the default run needs."""


def load_default_kernels() -> None:
    """Loads LLVM, and from disk what the default run needs, for processes forked from this one."""
    for key in DEFAULT:
        if kept(key):
            address(*key)


class CompiledEngine:
    """Trains a `Problem` in compiled code; the same steps as the reference engine's."""

    name = "compiled"

    def __init__(self, problem: Problem, threads: int | None = 1) -> None:
        """threads: that divide the work of a wide net; None for as many as are worthwhile.

        Their number changes no bit.
        """
        self.problem = problem
        self._team = Team(threads_for(problem, threads))
        self._layout = layout_for(problem, self._team)
        inputs, numbers = self._layout.inputs.dtype.name, problem.targets.dtype.name
        self._dtypes = {NUMBERS: numbers, INPUTS: inputs}
        self._kernel = "advance", self._layout.name, numbers, inputs
        self._data = self._packed_data()
        self._memory = self._new_memory()
        self._rules: dict[Target | None, Packed[Rule]] = {}
        self._looking: dict[bool, CompiledEngine] = {}
        self._draws = problem.network.dropout.drops or not problem.full_batch

    def warm_up(self, state: TrainingState) -> Iterator[str]:
        """Compiles what this problem needs, or loads it from disk."""
        kernels = self._kernel, self._looking_kernel
        yield from warmed_up(kernels, partial(self._run, state, 0, None))

    def warm_up_many(self) -> Iterator[str]:
        """The same for many nets."""
        kernels = *ManyNets.kernels(self._dtypes[NUMBERS]), self._kernel, self._looking_kernel
        yield from warmed_up(kernels, partial(self._shares, None))

    def inputs_changed(self) -> None:
        """Lists the inputs that are not zero anew, where they are listed."""
        self._layout.inputs_changed()
        self._data = self._packed_data()

    def _packed_data(self) -> list[Packed[Columns | Rows | Maps]]:
        return [Packed(each, **self._dtypes) for each in self._layout.arrays()]

    def advance(
        self, state: TrainingState, steps: int, until: Target | None, epochs: Sequence[int] = ()
    ) -> StepReport:
        """Makes up to `steps` updates, fewer when an epoch's metric meets the target."""
        met, passed = self._run(state, steps, until, epochs)
        report = reported(state, self.problem, self._outputs(state), met, passed)
        if not report.finite:
            # What padding holds counts zero times, which does not make nothing of NaN.
            self._memory = self._new_memory()
        return report

    draw_many = staticmethod(seeded_draws)

    @property
    def serves_many(self) -> bool:
        """Whether `advance_many` does: where threads do not divide a net's work."""
        return self._team.size == 1

    def advance_many(
        self, states: ManyStates, until: Target | None, epochs: Sequence[int], most: int
    ) -> int:
        """Nets one after the other, each to the target or its limit; of how many that is the end.

        epochs: ascending from the first on, of which `states.kept` is to have the sums.
        most: steps of all together; where they are used up, a net that is on its way goes on in
        the next call. Such a call ends, too, behind a net whose numbers are not finite.
        """
        shares = self._shares(until)
        ended = self._many.advance(self._kernel, shares, states, epochs, most)
        if ended and not states.places["finite"][ended - 1]:
            self._memory = self._new_memory()  # as in `advance`
        return ended

    @cached_property
    def _many(self) -> ManyNets:
        return ManyNets(self.problem, self._layout)

    def _shares(self, until: Target | None) -> tuple[Packed[Any], ...]:
        """What a kernel takes of all nets alike."""
        return self._net, self._data[0], self._rule(until), self._memory

    @property
    def activations(self) -> list[Array]:
        """Every layer's [batch, n_out] in the last whole batch."""
        assert self._layout.block == self.problem.batch_size  # else hidden layers keep a block's
        a, batch = self._memory.values.a, self.problem.batch_size
        layers = range(1, len(self.problem.network.topology.sizes))
        return [self._layout.units_of(a, batch, layer) for layer in layers]

    @property
    def looks_at(self) -> int:
        """As many as NumPy takes through a dense net; of others whole blocks."""
        topology = self.problem.network.topology
        return rows_at_once(topology) if topology.is_dense else MAPS_A_LOOK * LOOKED_AT_MAPS

    def look(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """Outputs [rows, n_out] of rows as the network sees them, and the sums over them."""
        return self._one_that_looks(weights).looked(parameters, inputs, targets, weights)

    def look_many(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """The same of the parameters of many nets: [nets, rows, n_out], and [nets, 4]."""
        numbers = np.ascontiguousarray(parameters, self.problem.targets.dtype)
        return self._one_that_looks(weights).looked_many(numbers, inputs, targets, weights)

    @cached_property
    def _looking_kernel(self) -> tuple[str, ...]:
        dtype = self.problem.targets.dtype.name
        return "look", name_of_layout(self.problem, scaled=False), dtype, dtype

    def _one_that_looks(self, weights: Array | None) -> "CompiledEngine":
        """It looks at some rows at a time, whatever they are."""
        weighted = weights is not None
        if weighted in self._looking:
            return self._looking[weighted]
        topology, dtype = self.problem.network.topology, self.problem.targets.dtype
        sizes, many = topology.sizes, LOOKED_AT if topology.is_dense else LOOKED_AT_MAPS
        some = replace(
            self.problem,
            network=replace(self.problem.network, dropout=NO_DROPOUT),
            inputs=np.ones((many, sizes[0]), dtype),  # none is 0: all are read
            targets=np.zeros((many, sizes[-1]), dtype),
            weights=np.ones((many, topology.steps), dtype) if weighted else None,
            batch_size=many,
            scaling=None,
        )
        return self._looking.setdefault(weighted, CompiledEngine(some))

    def looked(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None
    ) -> tuple[Array, Array]:
        """As `look`, its own data overwritten."""
        memory, kernel = self._memory.values, machine_code.function(*self._looking_kernel)
        outputs = np.empty(targets.shape, memory.a.dtype)
        self._layout.load(parameters, memory.parameters)
        memory.sums[:] = 0
        for part, course in self._taken(inputs, targets, weights):
            call(kernel, (*self._shares(None), Packed(course)))
            outputs[part] = self._layout.units_of(memory.a, course.steps)
        sums = memory.sums.copy()
        if not np.isfinite(sums).all():
            self._memory = self._new_memory()  # as in `advance`
        return outputs, sums

    def looked_many(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None
    ) -> tuple[Array, Array]:
        """As `look_many`, its own data overwritten."""
        nets, kernel = len(parameters), self._looking_kernel
        outputs, sums = np.empty((nets, *targets.shape), parameters.dtype), np.zeros((nets, 4))
        for part, course in self._taken(inputs, targets, weights):
            of_part, seen = np.empty_like(outputs[:, part]), 0
            while seen < nets:
                to = of_part[seen:], sums[seen:]
                seen += self._many.look(kernel, self._shares(None), parameters[seen:], course, to)
                if not np.isfinite(sums[seen - 1]).all():
                    self._memory = self._new_memory()
            outputs[:, part] = of_part
        for net in np.flatnonzero(~np.isfinite(sums).all(1)):
            outputs[net], sums[net] = self.looked(parameters[net], inputs, targets, weights)
        return outputs, sums

    def _taken(
        self, inputs: Array, targets: Array, weights: Array | None
    ) -> Iterator[tuple[slice, Course]]:
        """Some rows after the other, put where its data are, and how the kernel takes them."""
        (packed,), at_once = self._data, self.problem.batch_size
        rows, wanted = packed.values.inputs.reshape(at_once, -1), packed.values.targets
        row_weights = self._rule(None).values.row_weights
        nothing, order = np.zeros((1, 4)), np.arange(at_once)
        for start in range(0, len(inputs), at_once):
            part = slice(start, start + at_once)
            count = len(inputs[part])
            rows[:count], wanted[:count] = inputs[part], targets[part]
            if weights is not None:
                row_weights[:count] = weights[part].reshape(count, -1)
            yield part, Course(np.array(Place()), order, count, nothing, 0, order, nothing)

    def _run(
        self, state: TrainingState, steps: int, until: Target | None, epochs: Sequence[int] = ()
    ) -> tuple[bool, list[tuple[int, Array]]]:
        """Hands the state to the kernel and takes it back.

        Whether the target was met; and of the `epochs` that were passed their sums.
        """
        sums = np.empty((len(epochs) + 1, len(state.sums)))
        rates = self.problem.learning_rates(state, max(steps, 1))
        memory, generator = self._memory.values, 0
        if self._draws:
            words = state_of(state.generator)
            memory.key[:], generator = words[:-1], int(words[-1])
        course = Course(
            place=np.array(Place(state.step, state.epoch, state.position, generator)),
            order=state.order,
            steps=steps,
            rates=rates,
            rate_step=int(len(rates) > 1),
            marks=np.array([*epochs, NEVER]),
            kept=sums,
        )
        vectors, size = [(memory.parameters, state.parameters)], self._layout.parameters
        slots = memory.slots[: len(state.slots) * size].reshape(-1, size)
        vectors += zip(slots, state.slots, strict=True)
        for inside, flat in vectors:
            self._layout.load(flat, inside)
        memory.sums[:] = state.sums
        net, _, *others = *self._shares(until), Packed(course)
        shares = [(net, data, *others) for data in self._data]
        self._team.run(machine_code.function(*self._kernel), shares)
        place = Place(*course.place.tolist())
        state.step, state.epoch, state.position = place.step, place.epoch, place.position
        for inside, flat in vectors:
            self._layout.store(inside, flat)
        state.sums[:] = memory.sums
        if self._draws:
            set_state(state.generator, np.append(memory.key, np.uint32(place.generator)))
        return bool(place.met), list(zip(epochs[: place.passed], sums, strict=False))

    @cached_property
    def _net(self) -> Packed[Net]:
        """The network's plan; functions that it names are compiled when it is first asked for."""
        problem, dtype = self.problem, self.problem.targets.dtype.name
        topology, dropout = problem.network.topology, problem.network.dropout
        names = problem.network.activation_names
        plan, functions = self._layout.plan(), self._layout.functions
        for layer, name in enumerate(names, 1):
            called = {kind: address(kind, name, dtype) for kind in ("forward", "slope")}
            if functions:
                own = functions[layer - 1]
                called |= {kind: address(kind, own, dtype) for kind in OF_A_LAYER}
                if topology.kinds[layer - 1].activation_is == WITHIN:
                    within = {"within": called["forward"], "within_slope": called["slope"]}
                    called |= within
                behind = topology.kinds[layer - 1].activation_is == BEHIND
                if not behind:
                    called |= {"forward": 0, "slope": 0}
                of_z = behind and ACTIVATIONS[name].slope_of_z
                called["in_place"] = int(layer < len(names) and not of_z)
            if topology.layers[layer - 1].norm is not None:
                kinds = ("normalize", "normalize_back")
                called |= {kind: address(kind, self._layout.name, dtype) for kind in kinds}
            plan[layer] = plan[layer]._replace(**called)
        drop = DROPOUT[dropout.stage if dropout.drops else None]
        rows, keeps = np.array(plan, np.int64), 1 - np.array([0.0, *problem.network.dropout_rates])
        return Packed(Net(rows, len(names), topology.bias, drop, keeps, self._layout.block))

    def _new_memory(self) -> Packed[Memory]:
        return Packed(new_memory(self.problem, self._layout), **self._dtypes)

    def _rule(self, until: Target | None) -> Packed[Rule]:
        if until not in self._rules:
            rule = step_rule(self.problem, self._layout, until)
            self._rules[until] = Packed(rule, **self._dtypes)
        return self._rules[until]

    def _outputs(self, state: TrainingState) -> Array:
        """The last step's forward pass [batch, n_out]."""
        left = self.problem.samples % self.problem.batch_size
        batch = left if state.position == 0 and left else self.problem.batch_size
        return self._layout.units_of(self._memory.values.a, batch)


def warmed_up(kernels: Iterable[machine_code.Key], prepare: Callable[[], object]) -> Iterator[str]:
    """Compiles them and what `prepare` needs, or loads all from disk; tells what takes long."""
    compiles = not all(map(machine_code.is_made, kernels))
    if compiles:
        yield "compiling kernels for this machine, which takes seconds, once"
    started = time.perf_counter()
    prepare()
    for kernel in kernels:
        address(*kernel)
    if compiles:
        where = cache_folder()
        place = f"kept in {where}" if where else "not kept: no folder can be written to"
        yield f"kernels compiled in {time.perf_counter() - started:.1f} s, {place}"
