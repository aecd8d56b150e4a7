"""What shows why a net does not learn: norms of each layer, and units that are stuck."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Protocol

import numpy as np

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import total
from runner.network.layers.dropout import NO_DROPOUT
from runner.training.engine import Engine, LearningRate, Penalty, Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import TrainingState

PROBE = 256
"""Samples that are looked at, the first of the training data."""
LIMITS = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98)}
"""Activations beyond these are saturated: within 1 % of the range of a limit."""


class ShowingEngine(Engine, Protocol):
    """An engine that shows what its last step came to."""

    @property
    def activations(self) -> list[Array]:
        """Every layer's [batch, n_out] in the last whole batch."""
        ...


class LayerStatistics:
    """Measures a state by steps of an engine in float64, on copies of it.

    The steps are made with the probe as one batch, without dropout; the state stays as it is.
    """

    def __init__(self, problem: Problem, engine: Callable[[Problem], ShowingEngine]) -> None:
        self._engine = engine
        self._problem = problem
        raw = problem.inputs[:PROBE]
        inputs = np.empty(raw.shape)
        if problem.scaling is None:
            inputs[:] = raw
        else:
            problem.scaling.astype("float64").apply(raw, inputs)
        self._probe = replace(
            problem,
            network=replace(problem.network, dropout=NO_DROPOUT),
            inputs=inputs,
            targets=problem.targets[:PROBE].astype(np.float64),
            batch_size=len(inputs),
            schedule=LearningRate(),
            scaling=None,
        )

    def measure(self, state: TrainingState) -> dict[str, float]:
        """Of each layer `L1`, `L2`, …: `weight_norm`, `gradient_norm` and `update_norm`;

        `saturated`: the share of sigmoid or tanh activations that are near a limit;
        `dead`: the share of relu units that are 0 for every sample.
        """
        # One step of plain descent at rate 1 moves the weights by minus the gradient.
        descent = replace(
            self._probe,
            optimizer="sgd",
            optimizer_settings=(),
            learning_rate=1.0,
            penalty=Penalty(),
        )
        rate = float(self._problem.learning_rates(state, 1)[0])
        gradient, activations = moved(self._engine(descent), state)
        update, _ = moved(self._engine(replace(self._probe, learning_rate=rate)), state)
        network = self._problem.network
        found: dict[str, float] = {}
        for number, (layer, name, a) in enumerate(
            zip(network.topology.layers, network.activation_names, activations, strict=True), 1
        ):
            vectors = {"weight": state.parameters, "gradient": gradient, "update": update}
            for what, vector in vectors.items():
                weights = layer.weight_matrix(vector).astype(np.float64)
                found[f"L{number}.{what}_norm"] = sqrt(total(weights * weights))
            if name in LIMITS:
                low, high = LIMITS[name]
                found[f"L{number}.saturated"] = float(((a < low) | (a > high)).mean())
            if name == "relu":
                found[f"L{number}.dead"] = float((a == 0).all(axis=0).mean())
        return found


def moved(engine: ShowingEngine, state: TrainingState) -> tuple[Array, list[Array]]:
    """How far one step moves a copy of the parameters, and every layer's activations in it."""
    before = state.parameters.astype(np.float64)
    copy = TrainingState(
        parameters=before.copy(),
        slots=state.slots[: OPTIMIZERS[engine.problem.optimizer].slots].astype(np.float64),
        generator=np.random.Generator(np.random.MT19937(0)),  # a full batch draws nothing
        order=np.arange(engine.problem.samples),
        step=state.step,
    )
    engine.advance(copy, 1, None)
    return copy.parameters - before, engine.activations
