"""Everything that a training step depends on, and nothing else.

Save a `TrainingState` and a run can go on as if it had never stopped.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from runner.network.arrays import Array
from runner.network.generator_states import set_state, state_of

SINCE = {"since": "earlier snapshots"}
"""Of a state's field that those lack: a snapshot has it where it is not the default."""


class Unseeded(ISeedSequence):
    """For bits whose state is set right after: NumPy's own seeding takes 60 microseconds."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        """Zeros [n_words]."""
        return np.zeros(n_words, dtype)


def unseeded_bits() -> np.random.MT19937:
    """Bits whose state is yet to be set."""
    return np.random.MT19937(Unseeded())  # type: ignore[arg-type]  # NumPy's types lack it


def seeded_generator(seed: int) -> np.random.Generator:
    """A generator that draws the very doubles of `np.random.seed(seed)`, without global state."""
    bit_generator = unseeded_bits()
    np.random.RandomState(bit_generator).seed(seed)
    return np.random.Generator(bit_generator)


class Watched(NamedTuple):
    """What has been seen of a metric from epoch to epoch; a value is NaN before the first."""

    best: float = math.nan
    """For early stopping, with the epochs since."""
    waited: float = 0.0
    slowing_best: float = math.nan
    """For slowing down, with the epochs since."""
    slowing_waited: float = 0.0
    rate_factor: float = 1.0
    """How far the learning rate has been reduced."""
    level: float = math.nan
    """Where a plateau began, with the epochs since."""
    level_epochs: float = 0.0


NOTHING_SEEN = Watched()
Numbers = Annotated[Array, "f", 1]
NumberRows = Annotated[Array, "f", 2]
Places = Annotated[Array, "i", 1]
"""Arrays by the kind of their type and by how many dimensions they have."""


@dataclass(kw_only=True)
class TrainingState:
    """What a run carries from step to step. Its fields are what a snapshot holds, in their order.

    The generator is drawn from in this order: initial weights, data that are drawn, then in each
    step the epoch's order (first step of an epoch, mini-batches only), then dropout masks, first
    layer first.
    """

    step: int = 0
    """Updates made."""
    epoch: int = 0
    """Epochs completed; a full-batch step is an epoch."""
    position: int = 0
    """Samples of the epoch in progress that have been used."""
    seconds: float = 0.0
    """Time spent training, over all sessions of the run."""
    parameters: Numbers
    """All weights and biases [parameters], in the run's dtype."""
    slots: NumberRows
    """The optimizer's memory [slots, parameters]."""
    order: Places
    """The current epoch's order of the samples [samples] (int64)."""
    sums: Numbers = field(default_factory=lambda: np.zeros(4))
    """Loss, absolute error, correct and samples, summed over the epoch's forward passes."""
    watch: Watched = NOTHING_SEEN
    best: Numbers = field(default_factory=lambda: np.empty(0))
    """The parameters of the best epoch [parameters]; [0] where none are kept."""
    distortion_seed: int = 0
    """Seeds the distortions of the epoch in progress."""
    generator: np.random.Generator
    smoothed_loss: float = field(default=math.nan, metadata=SINCE)
    """Of a range test, with the lowest that it has been; NaN before the first and elsewhere."""
    lowest_loss: float = field(default=math.nan, metadata=SINCE)


def new_state(
    parameters: Array, slots: int, samples: int, generator: np.random.Generator
) -> TrainingState:
    """The state before the first step."""
    return TrainingState(
        parameters=parameters,
        slots=np.zeros((slots, parameters.size), parameters.dtype),
        generator=generator,
        order=np.arange(samples),
    )


class Remembered:
    """A state's values, to go back to. Of the generator where it is: to copy one takes longer."""

    def __init__(self, state: TrainingState) -> None:
        self.step, self.position = state.step, state.position
        self._values = copied(vars(state))
        self.sums = self._values["sums"]
        self._generator = state_of(state.generator)

    def restore(self, state: TrainingState) -> None:
        """Puts the state back to where it was."""
        vars(state).update(copied(self._values))
        set_state(state.generator, self._generator)


def copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, arrays copied."""
    return {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }
