"""The compiled engine: the whole inner loop in machine code, made by Numba and kept on disk."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from runner.compiled import machine_code, structures
from runner.compiled.array_layouts import ColumnLayout, RowLayout
from runner.compiled.code_on_disk import cache_folder, kept
from runner.compiled.machine_code import address
from runner.compiled.structures import (
    INPUTS,
    NUMBERS,
    VECTOR_BYTES,
    WIDTH,
    Columns,
    Course,
    Memory,
    Net,
    Packed,
    Rows,
    Rule,
    aligned,
)
from runner.compiled.thread_team import Team, call, processors
from runner.network.arrays import Array
from runner.network.layers.dropout import NO_DROPOUT
from runner.network.losses import LOSSES as REFERENCE_LOSSES
from runner.training.engine import Penalty, Problem, StepReport, reported
from runner.training.metrics import METRICS, Target
from runner.training.optimizers import OPTIMIZERS as REFERENCE_OPTIMIZERS
from runner.training.restraint import weight_mask
from runner.training.state import TrainingState

DROPOUT = {
    None: structures.NO_DROPOUT,
    "forward": structures.FORWARD_DROPOUT,
    "backward": structures.BACKWARD_DROPOUT,
}
NEVER = -1
"""An epoch that does not come."""
LOOKED_AT = 256
"""Samples that are looked at together."""
WIDEST_COLUMNS = 16
"""Units a layer up to which columns beat rows; measured, and of `ARITHMETIC` (`array_layouts`)."""
WORTH_A_THREAD = 2_000_000
"""Multiply-adds of a step's way forward that occupy one; measured, see tests/benchmarks."""
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


def is_narrow(problem: Problem) -> bool:
    """Whether columns are faster than rows for this net and its data."""
    return max(problem.network.topology.sizes) <= WIDEST_COLUMNS and problem.scaling is None


def layout_for(problem: Problem, team: Team) -> ColumnLayout | RowLayout:
    """The layout that is faster for this net, batch and data."""
    if is_narrow(problem):
        return ColumnLayout(problem)
    fused = problem.optimizer == "sgd" and problem.penalty == Penalty()
    return RowLayout(problem, team, fused=fused)


def threads_worthwhile(problem: Problem) -> int:
    """As many as this machine has and a step of this net can occupy."""
    sizes = problem.network.topology.sizes
    products = sum(below * above for below, above in pairwise(sizes))
    return max(1, min(processors(), problem.batch_size * products // WORTH_A_THREAD))


class CompiledEngine:
    """Trains a `Problem` in compiled code; the same steps as the reference engine's."""

    name = "compiled"

    def __init__(self, problem: Problem, threads: int | None = 1) -> None:
        """threads: that divide the work of a wide net; None for as many as are worthwhile.

        Their number changes no bit.
        """
        self.problem = problem
        wanted = threads_worthwhile(problem) if threads is None else threads
        self._team = Team(1 if is_narrow(problem) else wanted)
        self._layout = layout_for(problem, self._team)
        inputs, numbers = self._layout.inputs.dtype.name, problem.targets.dtype.name
        self._dtypes = {NUMBERS: numbers, INPUTS: inputs}
        self._kernel = "advance", self._layout.name, numbers, inputs
        self._slot_count = REFERENCE_OPTIMIZERS[problem.optimizer].slots
        self._data = self._packed_data()
        self._memory = self._new_memory()
        self._rules: dict[Target | None, Packed[Rule]] = {}
        self._draws = problem.network.dropout.rate > 0 or not problem.full_batch

    def warm_up(self, state: TrainingState) -> Iterator[str]:
        """Compiles what this problem needs, or loads it from disk."""
        kernels = self._kernel, self._looking_kernel
        compiles = not all(map(machine_code.is_made, kernels))
        if compiles:
            yield "compiling kernels for this machine, which takes seconds, once"
        started = time.perf_counter()
        self._run(state, 0, None)
        address(*self._looking_kernel)
        if compiles:
            where = cache_folder()
            place = f"kept in {where}" if where else "not kept: no folder can be written to"
            yield f"kernels compiled in {time.perf_counter() - started:.1f} s, {place}"

    def inputs_changed(self) -> None:
        """Lists the inputs that are not zero anew, where they are listed."""
        self._layout.inputs_changed()
        self._data = self._packed_data()

    def _packed_data(self) -> list[Packed[Columns | Rows]]:
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

    @property
    def activations(self) -> list[Array]:
        """Every layer's [batch, n_out] in the last whole batch."""
        assert self._layout.block == self.problem.batch_size  # else hidden layers keep a block's
        a, batch = self._memory.values.a, self.problem.batch_size
        layers = range(1, len(self.problem.network.topology.sizes))
        return [self._layout.units_of(a, batch, layer) for layer in layers]

    def look(self, parameters: Array, inputs: Array, targets: Array) -> tuple[Array, Array]:
        """Outputs [rows, n_out] of rows as the network sees them, and the sums over them."""
        return self._looking.looked(parameters, inputs, targets)

    @cached_property
    def _looking_kernel(self) -> tuple[str, ...]:
        dtype = self.problem.targets.dtype.name
        narrow = max(self.problem.network.topology.sizes) <= WIDEST_COLUMNS
        return "look", "columns" if narrow else "rows", dtype, dtype

    @cached_property
    def _looking(self) -> "CompiledEngine":
        """One that looks at some rows at a time, whatever they are."""
        sizes, dtype = self.problem.network.topology.sizes, self.problem.targets.dtype
        some = replace(
            self.problem,
            network=replace(self.problem.network, dropout=NO_DROPOUT),
            inputs=np.ones((LOOKED_AT, sizes[0]), dtype),  # none is 0: all are read
            targets=np.zeros((LOOKED_AT, sizes[-1]), dtype),
            batch_size=LOOKED_AT,
            scaling=None,
        )
        return CompiledEngine(some)

    def looked(self, parameters: Array, inputs: Array, targets: Array) -> tuple[Array, Array]:
        """As `look`, its own data overwritten."""
        (packed,), memory = self._data, self._memory.values
        rows, wanted = packed.values.inputs.reshape(LOOKED_AT, -1), packed.values.targets
        outputs = np.empty(targets.shape, wanted.dtype)
        self._layout.load(parameters, memory.parameters)
        memory.sums[:] = 0
        kernel = machine_code.function(*self._looking_kernel)
        for start in range(0, len(inputs), LOOKED_AT):
            part = slice(start, start + LOOKED_AT)
            count = len(inputs[part])
            rows[:count], wanted[:count] = inputs[part], targets[part]
            nothing, order = np.zeros((1, 4)), np.arange(LOOKED_AT)
            course = Course(np.zeros(6, np.int64), order, count, nothing, 0, order, nothing)
            call(kernel, (self._net, packed, self._rule(None), self._memory, Packed(course)))
            outputs[part] = self._layout.units_of(memory.a, count)
        sums = memory.sums.copy()
        if not np.isfinite(sums).all():
            self._memory = self._new_memory()  # as in `advance`
        return outputs, sums

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
            drawn = state.generator.bit_generator.state["state"]
            memory.key[:], generator = drawn["key"], int(drawn["pos"])
        course = Course(
            place=np.array([state.step, state.epoch, state.position, generator, 0, 0]),
            order=state.order,
            steps=steps,
            rates=rates,
            rate_step=int(len(rates) > 1),
            marks=np.array([*epochs, NEVER]),
            kept=sums,
        )
        vectors = [(memory.parameters, state.parameters)]
        vectors += zip(self._slots(), state.slots, strict=True)
        for inside, flat in vectors:
            self._layout.load(flat, inside)
        memory.sums[:] = state.sums
        net, rule, memory_, packed = self._net, self._rule(until), self._memory, Packed(course)
        shares = [(net, data, rule, memory_, packed) for data in self._data]
        self._team.run(machine_code.function(*self._kernel), shares)
        state.step, state.epoch, state.position, generator, met, marks = course.place.tolist()
        for inside, flat in vectors:
            self._layout.store(inside, flat)
        state.sums[:] = memory.sums
        if self._draws:
            after = {"key": memory.key, "pos": generator}
            state.generator.bit_generator.state = {"bit_generator": "MT19937", "state": after}
        return bool(met), list(zip(epochs[:marks], sums, strict=False))

    @cached_property
    def _net(self) -> Packed[Net]:
        """The network's plan; functions that it names are compiled when it is first asked for."""
        problem, dtype = self.problem, self.problem.targets.dtype.name
        topology, dropout = problem.network.topology, problem.network.dropout
        names = problem.network.activation_names
        plan = self._layout.plan()
        for layer, name in enumerate(names, 1):
            called = {kind: address(kind, name, dtype) for kind in ("forward", "slope")}
            if topology.batch_norm and layer < len(names):
                kinds = ("normalize", "normalize_back")
                called |= {kind: address(kind, self._layout.name, dtype) for kind in kinds}
            plan[layer] = plan[layer]._replace(**called)
        drop = DROPOUT[dropout.stage if dropout.rate > 0 else None]
        rows, keep = np.array(plan, np.int64), float(1 - dropout.rate)
        return Packed(Net(rows, len(names), topology.bias, drop, keep, self._layout.block))

    def _new_memory(self) -> Packed[Memory]:
        problem, dtype = self.problem, self.problem.targets.dtype
        layout = self._layout

        zeros = partial(aligned, dtype=dtype)
        activations, outputs = layout.activations, layout.outputs
        topology = problem.network.topology
        widest, batch_norm = max(topology.sizes), topology.batch_norm
        memory = Memory(
            parameters=zeros(layout.parameters),
            gradient=zeros(layout.parameters),
            slots=zeros(self._slot_count * layout.parameters),
            settings=np.array([*problem.optimizer_settings, 0.0]),
            is_weight=self._is_weight(),
            limits=self._limits(),
            norms=zeros(widest + 2 * VECTOR_BYTES),
            z=zeros(activations),
            a=zeros(layout.kept),
            dropped=zeros(activations),
            masks=zeros(activations),
            deltas=zeros(activations),
            normal=zeros(activations if batch_norm else 1),
            inverse=zeros(layout.units if batch_norm else 1),
            wanted=zeros(outputs),
            real=zeros(outputs),
            uniforms=np.zeros(max(problem.samples, widest * (layout.batch + WIDTH)) + WIDTH),
            scratch=np.zeros(problem.samples, np.int64),
            key=np.zeros(624, np.uint32),
            sums=np.zeros(4),
            judged=np.zeros(4),
        )
        return Packed(memory, **self._dtypes)

    def _is_weight(self) -> Array:
        """1 for weights, 0 for biases, as the kernel lays them out."""
        dtype = self.problem.targets.dtype
        inside = aligned(self._layout.parameters, dtype)
        self._layout.load(weight_mask(self.problem.network.topology).astype(dtype), inside)
        return inside

    def _limits(self) -> Array:
        """What penalties, clipping and bounds come to in numbers."""
        penalty = self.problem.penalty
        bounds = (penalty.clip_value, penalty.clip_norm, penalty.max_norm)
        return np.array(
            [penalty.l1, penalty.l2, *(np.inf if bound is None else bound for bound in bounds)]
        )

    def _rule(self, until: Target | None) -> Packed[Rule]:
        if until not in self._rules:
            self._rules[until] = self._new_rule(until)
        return self._rules[until]

    def _new_rule(self, until: Target | None) -> Packed[Rule]:
        problem, dtype = self.problem, self.problem.targets.dtype.name
        loss, penalty = REFERENCE_LOSSES[problem.loss], problem.penalty
        shortened = penalty.max_norm is not None
        rule = Rule(
            samples=problem.samples,
            batch=problem.batch_size,
            mean=problem.reduction.mean_loss,
            loss=address("loss", problem.loss, dtype),
            loss_gives_dz=loss.output is not None,
            softmax=loss.output == "softmax",
            restrain=address("restrain", "any", dtype) if penalty.changes_gradients else 0,
            shorten=address("shorten", "any", dtype) if shortened else 0,
            update=address("update", problem.optimizer, dtype),
            update_from=self._layout.first_layer,
            size=self._layout.parameters,
        )
        if until is None:
            return Packed(rule)
        metric = METRICS[until.metric]
        return Packed(
            rule._replace(
                goal=structures.AT_LEAST if metric.higher_is_better else structures.AT_MOST,
                goal_sum=metric.total,
                goal_offset=metric.offset,
                goal_factor=metric.factor,
                goal_divisor=float(metric.divisor(problem.samples, problem.reduction)),
                goal_value=float(until.value),
            )
        )

    def _slots(self) -> list[Array]:
        """The optimizer's memory inside the kernel, a vector a slot."""
        size = self._layout.parameters
        return [
            self._memory.values.slots[i * size : (i + 1) * size] for i in range(self._slot_count)
        ]

    def _outputs(self, state: TrainingState) -> Array:
        """The last step's forward pass [batch, n_out]."""
        left = self.problem.samples % self.problem.batch_size
        batch = left if state.position == 0 and left else self.problem.batch_size
        return self._layout.units_of(self._memory.values.a, batch)
