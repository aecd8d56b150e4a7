"""Training on images that are distorted anew for every epoch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from runner.network.arrays import Array
from runner.training.engine import Engine, Problem, StepReport
from runner.training.metrics import Target
from runner.training.state import TrainingState

SLICE = 1024
"""Images that are distorted together, so that few of them stand in memory as floats."""


class DistortingEngine:
    """An engine whose inputs are redrawn when an epoch begins.

    One number is drawn from the run's generator then, before the epoch's order; it seeds the
    generator of the epoch's distortions and is kept in the state, so that a run that was stopped
    inside an epoch finds the same images again.
    """

    def __init__(
        self,
        engine: Callable[[Problem], Engine],
        problem: Problem,
        distort: Callable[[Array, np.random.Generator], Array],
    ) -> None:
        self._originals = problem.inputs
        self._distort = distort
        self.problem = replace(problem, inputs=problem.inputs.copy())
        self._engine = engine(self.problem)
        self._seed: int | None = None
        self.name = self._engine.name

    def warm_up(self, state: TrainingState) -> Iterable[str]:
        """What the engine itself does once."""
        return self._engine.warm_up(state)

    def inputs_changed(self) -> None:
        """Nothing: the inputs are this engine's own."""

    @property
    def looks_at(self) -> int:
        """As the engine itself."""
        return self._engine.looks_at

    def look(
        self, parameters: Array, inputs: Array, targets: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """As the engine itself: rows that are looked at are not distorted."""
        return self._engine.look(parameters, inputs, targets, weights)

    def advance(
        self, state: TrainingState, steps: int, until: Target | None, epochs: Sequence[int] = ()
    ) -> StepReport:
        """Makes up to `steps` updates, an epoch at a time."""
        passed: list[tuple[int, Array]] = []
        while True:
            if state.position == 0:
                state.distortion_seed = int(state.generator.random() * 2**32)
            if self._seed != state.distortion_seed:
                self._redraw(state.distortion_seed)
            position = -(-state.position // self.problem.batch_size)
            piece = min(steps, self.problem.steps_per_epoch - position)
            coming = [epoch for epoch in epochs if epoch > state.epoch]
            report = self._engine.advance(state, piece, until, coming)
            passed += report.passed
            steps -= piece
            if steps <= 0 or report.reached:
                return report._replace(passed=passed)

    def _redraw(self, seed: int) -> None:
        """Fills the inputs with distorted copies, as whole grey levels where they are bytes."""
        generator = np.random.Generator(np.random.PCG64(seed))
        inputs = self.problem.inputs
        for start in range(0, len(inputs), SLICE):
            rows = slice(start, start + SLICE)
            distorted = self._distort(self._originals[rows].astype(np.float32), generator)
            if inputs.dtype == np.uint8:
                distorted = np.clip(np.rint(distorted), 0, 255)
            inputs[rows] = distorted
        self._seed = seed
        self._engine.inputs_changed()
