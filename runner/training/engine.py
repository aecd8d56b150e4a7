"""What an engine is given and what it gives back."""

from dataclasses import dataclass
from typing import Protocol

from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Array
from runner.training.metrics import Reduction, Target
from runner.training.state import TrainingState


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
    scaling: Scaling | None = None
    """Applied to each batch as it is taken, where `inputs` are kept as they came: uint8 images,
    files on disk; None where `inputs` are what the network sees."""

    @property
    def samples(self) -> int:
        """How many samples an epoch passes over."""
        return len(self.inputs)

    @property
    def full_batch(self) -> bool:
        """Whether a step uses every sample, in the data's own order."""
        return self.batch_size == self.samples

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch; the last may use fewer samples."""
        return -(-self.samples // self.batch_size)


@dataclass(frozen=True)
class StepReport:
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


class Engine(Protocol):
    """Advances a state; the state is changed in place."""

    name: str
    problem: Problem

    def advance(self, state: TrainingState, steps: int, until: Target | None) -> StepReport:
        """Makes up to `steps` updates, fewer when an epoch's metric meets the target."""
        ...
