"""The reference engine: plain NumPy, written to be read.

Buffers are allocated once and operations write with `out=`: on a net of a few units,
allocating costs as much as arithmetic.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from math import prod

import numpy as np

from runner.network.activations import Activation
from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm, Normal
from runner.network.layers.dropout import Mask
from runner.network.layers.parts import LayerKind, Room, Views
from runner.network.losses import LOSSES
from runner.network.trained import rows_at_once
from runner.training.engine import Problem, StepReport, reported
from runner.training.metrics import METRICS, ROWS, Target, Totals
from runner.training.optimizers import OPTIMIZERS, Step
from runner.training.restraint import restraint, weight_mask
from runner.training.state import TrainingState


@dataclass(slots=True)
class Pass:
    """One layer's arrays in a step of `batch` samples."""

    kind: LayerKind
    room: Room  # what its backward needs of its forward
    norm: tuple[BatchNorm, Normal] | None
    activation: Activation
    own: Views  # its parts, views into the parameters
    gradient: Views  # the same into the gradient
    z: Array  # [batch, n_out]
    a: Array  # [batch, n_out]
    slope: Array  # [batch, n_out], da/dz
    delta: Array  # [batch, n_out], dL/dz
    mask: Mask | None  # None where nothing is dropped


@dataclass(slots=True)
class Workspace:
    """The arrays of a step of so many samples."""

    inputs: Array  # [batch, n_in]
    targets: Array  # [batch, n_out]
    layers: list[Pass]  # the last has an output a row: [batch steps, n_out]
    wanted: Array  # the targets, alike
    weights: Array | None  # [batch steps, 1]; None where all count alike

    @property
    def rows(self) -> int:
        """How many there are: those of weight 0 are not."""
        weights = self.weights
        return len(self.wanted) if weights is None else max(1, int(np.count_nonzero(weights)))

    @property
    def outputs(self) -> Array:
        """The last forward pass [batch, n_out]."""
        return self.layers[-1].a.reshape(len(self.inputs), -1)


class NumpyEngine:
    """Full-batch and mini-batch training of a `Problem`, one step after the other."""

    name = "numpy"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._update = OPTIMIZERS[problem.optimizer].update
        self._loss = LOSSES[problem.loss]
        self._totals = Totals(self._loss)
        self._restraint = restraint(problem.penalty, problem.network.topology)
        self._dropout = problem.network.dropout
        self._drop_stage = self._dropout.stage if self._dropout.drops else None
        self._is_weight = weight_mask(problem.network.topology)
        self._parameters = np.empty(0)
        self._gradient = np.empty(0)
        self._workspaces: dict[int, Workspace] = {}

    def warm_up(self, _state: TrainingState) -> Iterable[str]:
        """Nothing: NumPy is ready as it is."""
        return ()

    @property
    def activations(self) -> list[Array]:
        """Every layer's [batch, n_out] in the last whole batch; overwritten by the next step."""
        batch = self.problem.batch_size
        return [layer.a.reshape(batch, -1) for layer in self._workspace(batch).layers]

    def inputs_changed(self) -> None:
        """Nothing: every batch is taken from the inputs as they are."""

    def advance(
        self, state: TrainingState, steps: int, until: Target | None, epochs: Sequence[int] = ()
    ) -> StepReport:
        """Makes up to `steps` updates, fewer when an epoch's metric meets the target."""
        self._bind(state.parameters)
        # exp may overflow on its way to an exact 0; NaN is noticed in the report.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            passed: list[tuple[int, Array]] = []
            work, reached = self._run(state, steps, until, set(epochs), passed)
            if self.problem.full_batch:
                state.sums[:] = self._epoch_sums(state, work)
        return reported(state, self.problem, work.outputs, reached, passed)

    @property
    def looks_at(self) -> int:
        """As many rows as fit into a few megabytes."""
        return rows_at_once(self.problem.network.topology)

    def look(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """Outputs [rows, n_out] of rows as the network sees them, without dropout; their sums."""
        sums = np.zeros(4)
        z, outputs = self.problem.network.forward(parameters, inputs)
        rows = -1, self.problem.network.topology.outputs
        weights = None if weights is None else weights.reshape(-1, 1)
        z, a, y = (each.reshape(rows) for each in (z, outputs, targets))
        self._totals.add(sums, z, a, y, weights)
        return outputs, sums

    def _run(
        self,
        state: TrainingState,
        steps: int,
        until: Target | None,
        epochs: Set[int],
        passed: list[tuple[int, Array]],
    ) -> tuple[Workspace, bool]:
        """The last step's arrays, and whether it met the target; `passed` is added to."""
        problem, full_batch = self.problem, self.problem.full_batch
        rates = problem.learning_rates(state, steps).tolist()
        constant = len(rates) == 1
        update = Step(
            state.parameters,
            self._gradient,
            state.slots,
            self._is_weight,
            problem.optimizer_settings,
        )
        work = self._workspace(problem.batch_size)
        for index in range(steps):
            if full_batch:
                state.epoch += 1
            else:
                work = self._next_batch(state)
            self._forward(work, state.generator)
            if not full_batch:
                self._add_totals(state.sums, work)
            self._backward(work, state.generator)
            if self._restraint is not None:
                self._restraint.before(state.parameters, self._gradient)
            state.step += 1
            update.number = state.step
            update.learning_rate = rates[0] if constant else rates[index]
            self._update(update)
            if self._restraint is not None:
                self._restraint.after(state.parameters)
            if state.position == 0 and state.epoch in epochs:
                passed.append((state.epoch, self._epoch_sums(state, work)))
            if until is not None and state.position == 0 and self._reached(until, state, work):
                return work, True
        return work, False

    def _next_batch(self, state: TrainingState) -> Workspace:
        """The next mini-batch of the epoch's order; a new order when an epoch begins."""
        problem = self.problem
        if state.position == 0:
            state.order[:] = self._new_order(state.generator)
            state.sums[:] = 0
        chosen = state.order[state.position : state.position + problem.batch_size]
        work = self._workspace(len(chosen))
        if problem.scaling is None:
            np.take(problem.inputs, chosen, axis=0, out=work.inputs)
        else:
            problem.scaling.apply(problem.inputs[chosen], work.inputs)
        np.take(problem.targets, chosen, axis=0, out=work.targets)
        if problem.weights is not None:
            work.weights = problem.weights[chosen].reshape(-1, 1)
        state.position += len(chosen)
        if state.position == problem.samples:
            state.position = 0
            state.epoch += 1
        return work

    def _new_order(self, generator: np.random.Generator) -> Array:
        """An epoch's order of the samples: a random one, or the data's own."""
        if not self.problem.shuffle:
            return np.arange(self.problem.samples)
        # A random key for each sample, sorted: every engine gets the same order from it.
        return np.argsort(generator.random(self.problem.samples), kind="stable")

    def _forward(self, work: Workspace, generator: np.random.Generator) -> None:
        """z_l = a_(l-1) @ W_l + b_l; a_l = f_l(z_l), times the mask if dropout is in this stage.

        Where there is batch normalisation, z_l is the normalised one.
        """
        a = work.inputs
        for layer in work.layers:
            layer.kind.forward(layer.own, a, layer.z, layer.room)
            if layer.norm is not None:
                norm, normal = layer.norm
                norm.forward(layer.own, layer.z, normal)
            layer.activation.forward(layer.z, layer.a)
            a = layer.a
            if layer.mask is not None and self._drop_stage == "forward":
                layer.activation.slope(layer.z, a, layer.slope)
                self._dropout.draw(generator, layer.mask)
                self._dropout.forward(a, layer.mask)
                self._dropout.backward(layer.slope, layer.mask)

    def _backward(self, work: Workspace, generator: np.random.Generator) -> None:
        """delta_L = dL/da f'(z_L); delta_l = (delta_(l+1) @ W_(l+1).T) f'(z_l); then gradients.

        With dropout in this stage only what follows sees the dropped activations.
        """
        *hidden, output = work.layers
        for layer in hidden if self._drop_stage == "backward" else ():
            if layer.mask is not None:
                self._dropout.draw(generator, layer.mask)
                self._dropout.forward(layer.a, layer.mask)
        self._loss.gradient(output.a, work.wanted, output.delta)
        if work.weights is not None:
            np.multiply(output.delta, work.weights, output.delta)
        if self.problem.reduction.mean_loss:
            np.divide(output.delta, work.rows, output.delta)
        if self._loss.output is None:  # else the gradient is dL/dz already
            output.activation.slope(output.z, output.a, output.slope)
            np.multiply(output.delta, output.slope, output.delta)
        above = output
        for layer in reversed(hidden):
            own, a = above.own, layer.a
            above.kind.backward(own, above.gradient, a, above.delta, layer.delta, above.room)
            if layer.mask is None or self._drop_stage != "forward":
                layer.activation.slope(layer.z, layer.a, layer.slope)
            np.multiply(layer.delta, layer.slope, layer.delta)
            if layer.norm is not None:
                norm, normal = layer.norm
                norm.backward(layer.own, layer.gradient, layer.delta, normal)
            above = layer
        own, inputs = above.own, work.inputs
        above.kind.backward(own, above.gradient, inputs, above.delta, None, above.room)

    def _add_totals(self, sums: Array, work: Workspace) -> None:
        output = work.layers[-1]
        self._totals.add(sums, output.z, output.a, work.wanted, work.weights)

    def _epoch_sums(self, state: TrainingState, work: Workspace) -> Array:
        """The sums over the epoch that has just ended."""
        if not self.problem.full_batch:
            return state.sums.copy()
        sums = np.zeros_like(state.sums)
        self._add_totals(sums, work)  # its only step is the epoch
        return sums

    def _reached(self, until: Target, state: TrainingState, work: Workspace) -> bool:
        """Whether the epoch that has just ended meets the target."""
        metric = METRICS[until.metric]
        total, samples = state.sums[metric.total], state.sums[ROWS]
        if self.problem.full_batch and work.weights is not None:
            sums = self._epoch_sums(state, work)
            total, samples = sums[metric.total], sums[ROWS]
        elif self.problem.full_batch:  # its only step is the epoch
            output = work.layers[-1]
            total = self._totals.of[metric.total](output.z, output.a, work.wanted, None)
            samples = len(work.wanted)
        return until.met_by(metric.value(total, samples, self.problem.reduction))

    def _bind(self, parameters: Array) -> None:
        """Makes the workspaces' weights views into `parameters`."""
        if parameters is not self._parameters:
            self._parameters = parameters
            self._gradient = np.zeros_like(parameters)  # of running means and variances: always 0
            self._workspaces = {}

    def _workspace(self, batch: int) -> Workspace:
        if batch not in self._workspaces:
            self._workspaces[batch] = self._new_workspace(batch)
        return self._workspaces[batch]

    def _new_workspace(self, batch: int) -> Workspace:
        problem, dtype = self.problem, self._parameters.dtype
        network = problem.network
        layers = []
        of_layers = (network.topology.layers, network.kinds, network.activations)
        for place, kind, activation, rate in zip(*of_layers, network.dropout_rates, strict=True):
            is_last = place is network.topology.layers[-1]
            shape = batch, prod(kind.shape)
            if is_last:
                shape = batch * network.topology.steps, network.topology.outputs
            z, a, slope, delta = (np.empty(shape, dtype) for _ in range(4))
            norm = None
            if place.norm is not None:
                norm = place.norm, place.norm.new_normal(batch, dtype)
            layers.append(
                Pass(
                    kind=kind,
                    room=kind.new_room(batch, dtype),
                    norm=norm,
                    activation=activation,
                    own=place.views(self._parameters),
                    gradient=place.views(self._gradient),
                    z=z,
                    a=a,
                    slope=slope,
                    delta=delta,
                    mask=self._dropout.new_mask(shape, dtype, rate) if rate else None,
                )
            )
        inputs, targets = problem.inputs, problem.targets
        if not problem.full_batch:
            inputs = np.empty((batch, inputs.shape[1]), dtype)
            targets = np.empty((batch, targets.shape[1]), dtype)
        wanted = targets.reshape(-1, network.topology.outputs)
        weights = problem.weights
        if weights is not None and problem.full_batch:
            weights = weights.reshape(-1, 1)
        return Workspace(inputs, targets, layers, wanted, weights)
