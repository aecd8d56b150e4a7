"""What an engine is given and what it gives back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple, Protocol

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import number, optional
from runner.network.arrays import Array
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.training.metrics import LOSS, Reduction, Target, metric_values
from runner.training.schedules import SCHEDULES
from runner.training.state import TrainingState


@dataclass(frozen=True)
class LearningRate:
    """How the learning rate changes over a run."""

    name: str = "constant"
    settings: tuple[float, ...] = ()
    """In the order of the schedule's table entry."""
    epochs: float = 1.0
    """How long the run will be, for schedules that need to know."""


BOUND = optional(number(above=0))


@dataclass(frozen=True)
class Penalty:
    """What keeps weights and gradients small; 0 or None is off. Biases are left alone.

    A step follows the gradient of loss + l1 |W| + l2/2 |W|^2.
    """

    l1: Annotated[float, number(at_least=0)] = said(0.0)
    l2: Annotated[float, number(at_least=0)] = said(0.0)
    clip_value: Annotated[float | None, BOUND] = said(None)
    """Each number of the gradient is kept within +- this."""
    clip_norm: Annotated[float | None, BOUND] = said(None)
    """A gradient that is longer is shortened to this, penalties and biases included."""
    max_norm: Annotated[float | None, BOUND] = said(None)
    """After a step, a unit whose incoming weights are longer has them shortened to this."""

    @property
    def changes_gradients(self) -> bool:
        """Whether anything but `max_norm` is on."""
        return replace(self, max_norm=None) != Penalty()


@dataclass(frozen=True)
class Problem:
    """The mathematics of a training run: the net, the data and the way down."""

    network: Network
    inputs: Array
    """[samples, n_in]"""
    targets: Array
    """[samples, n_out]"""
    loss: str
    reduction: Reduction
    optimizer: str
    learning_rate: float
    batch_size: int
    """Samples a step; all of them make it full-batch."""
    optimizer_settings: tuple[float, ...] = ()
    """In the order of the optimizer's table entry."""
    schedule: LearningRate = LearningRate()
    penalty: Penalty = Penalty()
    scaling: Scaling | None = None
    """Applied to each batch as it is taken, where `inputs` are kept as they came: uint8 images,
    files on disk; None where `inputs` are what the network sees."""

    weights: Array | None = None
    """[samples, steps] What each row's loss and its gradient are multiplied by, or None for 1. A
    mean is over the number of rows; those of weight 0 are not there, and count in nothing."""
    shuffle: bool = True
    """Whether every epoch has an order of its own; else the data's, and none is drawn."""

    @property
    def samples(self) -> int:
        """How many samples an epoch passes over."""
        return len(self.inputs)

    @property
    def full_batch(self) -> bool:
        """Whether a step uses every sample, in the data's own order."""
        return self.batch_size == self.samples

    def learning_rates(self, state: TrainingState, steps: int) -> Array:
        """The learning rate of each of the next steps; one number where it does not change."""
        factor = state.watch.rate_factor
        if self.constant_rate:
            return np.full(1, self.learning_rate * factor)
        return self.rates_at(np.arange(state.step, state.step + steps), factor)

    def rates_at(self, steps: Array, factor: float = 1.0) -> Array:
        """The learning rate at those steps, as the schedule has it; times a factor."""
        kind, epochs = SCHEDULES[self.schedule.name], steps / self.steps_per_epoch
        factors = kind.factor(epochs, self.schedule.epochs, self.schedule.settings)
        return self.learning_rate * factor * factors

    @property
    def constant_rate(self) -> bool:
        """Whether the schedule leaves the learning rate as it is, but for what a watch does."""
        return self.schedule.name in ("constant", "plateau")

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch; the last may use fewer samples."""
        return -(-self.samples // self.batch_size)


class StepReport(NamedTuple):
    """Where training stands after some steps."""

    step: int
    epoch: int
    epoch_ended: bool
    """Whether the last step ended an epoch."""
    metrics: dict[str, float]
    """Of the last epoch, or of as much as there is of one in progress."""
    outputs: Array
    """The last step's forward pass [batch, n_out]; overwritten by the next step."""
    reached: bool
    """Whether the target was met; the last step is the one that met it."""
    finite: bool
    """Whether the loss and all parameters are finite."""
    seconds: float = 0.0
    stop_reason: str | None = None
    """Why training ends here, or None while it goes on."""
    passed: Sequence[tuple[int, Array]] = ()
    """Epochs on the way that were asked for, and the sums of each."""


def reported(
    state: TrainingState,
    problem: Problem,
    outputs: Array,
    reached: bool,
    passed: Sequence[tuple[int, Array]],
) -> StepReport:
    """The report of a state that an engine has just advanced."""
    return StepReport(
        step=state.step,
        epoch=state.epoch,
        epoch_ended=state.position == 0,
        metrics=metric_values(state.sums, problem.reduction),
        outputs=outputs,
        reached=reached,
        finite=bool(np.isfinite(state.sums[LOSS]) and np.isfinite(state.parameters).all()),
        passed=passed,
    )


class Engine(Protocol):
    """Advances a state; the state is changed in place."""

    name: str
    problem: Problem

    @property
    def looks_at(self) -> int:
        """How many rows it is best given in one `look`."""
        ...

    def warm_up(self, state: TrainingState) -> Iterable[str]:
        """Does what must be done once, so that training is timed alone.

        What takes long is told before it is begun, a line each.
        """
        ...

    def inputs_changed(self) -> None:
        """Takes note that the problem's inputs hold other numbers."""
        ...

    def advance(
        self, state: TrainingState, steps: int, until: Target | None, epochs: Sequence[int] = ()
    ) -> StepReport:
        """Makes up to `steps` updates, fewer when an epoch's metric meets the target.

        epochs: those to come, ascending, of which the report is to have the sums.
        """
        ...

    def look(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """Outputs [rows, n_out] of rows as the network sees them, without dropout; and their sums.

        These are as in `TrainingState.sums`.
        """
        ...
