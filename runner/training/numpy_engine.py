"""The reference engine: plain NumPy, written to be read.

Buffers are allocated once and operations write with `out=`: on a net of a few units,
allocating costs as much as arithmetic.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from runner.network.activations import Activation
from runner.network.batch_norm import BatchNorm, batch_norm
from runner.network.losses import LOSSES
from runner.network.topology import Array
from runner.training.engine import Problem, StepReport
from runner.training.metrics import (
    ABSOLUTE_ERROR,
    CORRECT,
    LOSS,
    METRICS,
    SAMPLES,
    Target,
    absolute_error,
    correct,
    metric_values,
)
from runner.training.optimizers import OPTIMIZERS, Step
from runner.training.restraint import restraint, weight_mask
from runner.training.state import TrainingState


@dataclass(slots=True)
class LayerBuffers:
    """One layer's arrays in a step of `batch` samples."""

    activation: Activation
    weights: Array  # [n_in, n_out], a view into the parameters
    weights_gradient: Array  # [n_in, n_out], a view into the gradient
    bias: Array  # [n_out], a view into the parameters; [0] without biases or where `norm` has it
    bias_gradient: Array  # [n_out], a view into the gradient; [0] likewise
    norm: BatchNorm | None
    z: Array  # [batch, n_out]
    a: Array  # [batch, n_out]
    slope: Array  # [batch, n_out], da/dz
    delta: Array  # [batch, n_out], dL/dz
    uniforms: Array  # [batch, n_out], float64 whatever the dtype
    mask: Array  # [batch, n_out], 0 or 1/(1-rate)
    kept_scale: Array  # [], 1/(1-rate)


@dataclass(slots=True)
class Workspace:
    """The arrays of a step of so many samples."""

    inputs: Array  # [batch, n_in]
    targets: Array  # [batch, n_out]
    layers: list[LayerBuffers]

    @property
    def outputs(self) -> Array:
        """The last forward pass [batch, n_out]."""
        return self.layers[-1].a


class NumpyEngine:
    """Full-batch and mini-batch training of a `Problem`, one step after the other."""

    name = "numpy"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._update = OPTIMIZERS[problem.optimizer].update
        self._loss = LOSSES[problem.loss]
        self._totals: dict[int, Callable[[Workspace], float]] = {
            LOSS: lambda work: self._loss.value(work.layers[-1].z, work.outputs, work.targets),
            ABSOLUTE_ERROR: lambda work: absolute_error(work.outputs, work.targets),
            CORRECT: lambda work: correct(work.outputs, work.targets),
        }
        self._restraint = restraint(problem.penalty, problem.network.topology)
        dropout = problem.network.dropout
        self._keep = np.array(1 - dropout.rate)
        self._drop_stage = dropout.stage if dropout.rate > 0 else None
        self._is_weight = weight_mask(problem.network.topology)
        self._parameters = np.empty(0)
        self._gradient = np.empty(0)
        self._workspaces: dict[int, Workspace] = {}

    def warm_up(self, _state: TrainingState) -> None:
        """Nothing: NumPy is ready as it is."""

    @property
    def activations(self) -> list[Array]:
        """Every layer's [batch, n_out] in the last whole batch; overwritten by the next step."""
        return [layer.a for layer in self._workspace(self.problem.batch_size).layers]

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
        return self._report(state, work, reached, passed)

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
            # A random key for each sample, sorted: every engine gets the same order from it.
            state.order[:] = np.argsort(state.generator.random(problem.samples), kind="stable")
            state.sums[:] = 0
        chosen = state.order[state.position : state.position + problem.batch_size]
        work = self._workspace(len(chosen))
        if problem.scaling is None:
            np.take(problem.inputs, chosen, axis=0, out=work.inputs)
        else:
            problem.scaling.apply(problem.inputs[chosen], work.inputs)
        np.take(problem.targets, chosen, axis=0, out=work.targets)
        state.position += len(chosen)
        if state.position == problem.samples:
            state.position = 0
            state.epoch += 1
        return work

    def _forward(self, work: Workspace, generator: np.random.Generator) -> None:
        """z_l = a_(l-1) @ W_l + b_l; a_l = f_l(z_l), times the mask if dropout is in this stage.

        Where there is batch normalisation, z_l is the normalised one.
        """
        a = work.inputs
        for layer in work.layers:
            np.dot(a, layer.weights, layer.z)  # [batch, n_in] @ [n_in, n_out]
            if layer.norm is not None:
                layer.norm.forward(layer.z)
            elif layer.bias.size:
                np.add(layer.z, layer.bias, layer.z)
            layer.activation.forward(layer.z, layer.a)
            a = layer.a
            if self._drop_stage == "forward" and layer is not work.layers[-1]:
                layer.activation.slope(layer.z, a, layer.slope)
                self._draw_mask(layer, generator)
                np.multiply(a, layer.mask, a)
                np.multiply(layer.slope, layer.mask, layer.slope)

    def _draw_mask(self, layer: LayerBuffers, generator: np.random.Generator) -> None:
        """m = 1/(1-rate) where a uniform draw is at most 1-rate, else 0."""
        generator.random(out=layer.uniforms)  # sample by sample, unit by unit
        np.less_equal(layer.uniforms, self._keep, layer.mask)
        np.multiply(layer.mask, layer.kept_scale, layer.mask)

    def _backward(self, work: Workspace, generator: np.random.Generator) -> None:
        """delta_L = dL/da f'(z_L); delta_l = (delta_(l+1) @ W_(l+1).T) f'(z_l); then gradients.

        With dropout in this stage only what follows sees the dropped activations.
        """
        *hidden, output = work.layers
        if self._drop_stage == "backward":
            for layer in hidden:
                self._draw_mask(layer, generator)
                np.multiply(layer.a, layer.mask, layer.a)
        self._loss.gradient(output.a, work.targets, output.delta)
        if self.problem.reduction.mean_loss:
            np.divide(output.delta, len(work.inputs), output.delta)
        if self._loss.output is None:  # else the gradient is dL/dz already
            output.activation.slope(output.z, output.a, output.slope)
            np.multiply(output.delta, output.slope, output.delta)
        above = output
        for layer in reversed(hidden):
            self._gradients(above, layer.a)
            np.dot(above.delta, above.weights.T, layer.delta)  # [batch, n_out] @ [n_out, n_in]
            if self._drop_stage != "forward":
                layer.activation.slope(layer.z, layer.a, layer.slope)
            np.multiply(layer.delta, layer.slope, layer.delta)
            if layer.norm is not None:
                layer.norm.backward(layer.delta)
            above = layer
        self._gradients(above, work.inputs)

    def _gradients(self, layer: LayerBuffers, a: Array) -> None:
        """dL/dW = a.T @ delta, dL/db = the column sums of delta."""
        np.dot(a.T, layer.delta, layer.weights_gradient)  # [n_in, batch] @ [batch, n_out]
        if layer.bias.size:
            np.add.reduce(layer.delta, 0, out=layer.bias_gradient)

    def _add_totals(self, sums: Array, work: Workspace) -> None:
        for index, total in self._totals.items():
            sums[index] += total(work)
        sums[SAMPLES] += len(work.targets)

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
        if self.problem.full_batch:  # its only step is the epoch
            total = self._totals[metric.total](work)
            return until.met_by(metric.value(total, len(work.targets), self.problem.reduction))
        samples = state.sums[SAMPLES]
        return until.met_by(metric.value(state.sums[metric.total], samples, self.problem.reduction))

    def _report(
        self,
        state: TrainingState,
        work: Workspace,
        reached: bool,
        passed: list[tuple[int, Array]],
    ) -> StepReport:
        return StepReport(
            step=state.step,
            epoch=state.epoch,
            epoch_ended=state.position == 0,
            metrics=metric_values(state.sums, self.problem.reduction),
            outputs=work.outputs,
            reached=reached,
            finite=bool(np.isfinite(state.sums[LOSS]) and np.isfinite(state.parameters).all()),
            passed=passed,
        )

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
        layers = []
        for place, activation in zip(
            problem.network.topology.layers, problem.network.activations, strict=True
        ):
            shape = (batch, place.outputs)
            z, a, slope, delta, mask = (np.empty(shape, dtype) for _ in range(5))
            norm = batch_norm(place, self._parameters, self._gradient, batch)
            bias = place.bias if norm is None else slice(0, 0)
            layers.append(
                LayerBuffers(
                    activation=activation,
                    weights=place.weight_matrix(self._parameters),
                    weights_gradient=place.weight_matrix(self._gradient),
                    bias=self._parameters[bias],
                    bias_gradient=self._gradient[bias],
                    norm=norm,
                    z=z,
                    a=a,
                    slope=slope,
                    delta=delta,
                    uniforms=np.empty(shape),
                    mask=mask,
                    kept_scale=(1 / self._keep).astype(dtype),
                )
            )
        if problem.full_batch:
            return Workspace(problem.inputs, problem.targets, layers)
        inputs = np.empty((batch, problem.inputs.shape[1]), dtype)
        targets = np.empty((batch, problem.targets.shape[1]), dtype)
        return Workspace(inputs, targets, layers)
