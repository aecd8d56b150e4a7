"""What shows why a net does not learn: norms of layers, steps that are too long, stuck units."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Protocol

import numpy as np

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import total
from runner.network.layers.dropout import NO_DROPOUT
from runner.network.layers.parts import Shape, all_but_units, by_unit
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
        weights = problem.weights
        self._probe = replace(
            problem,
            network=replace(problem.network, dropout=NO_DROPOUT),
            inputs=inputs,
            targets=problem.targets[:PROBE].astype(np.float64),
            batch_size=len(inputs),
            schedule=LearningRate(),
            scaling=None,
            weights=None if weights is None else weights[:PROBE].astype(np.float64),
        )

    def measure(self, state: TrainingState) -> dict[str, float]:
        """Of each layer `L1`, `L2`, … that has weights, what they and their activations tell.

        `weight_norm`, `gradient_norm` and `update_norm`: of all its weights, recurrent ones too.
        `sign_changes`: the share of weights whose gradient has the other sign after the next step,
        which went past where it is 0; over 0.5 where the learning rate throws them to and fro.
        `saturated`: the share of sigmoid or tanh activations that are near a limit;
        `dead`: the share of relu units that are 0 for every sample.
        """
        # Momentum of 0 is plain descent, and what it remembers is the gradient.
        descent = self._engine(
            replace(
                self._probe,
                optimizer="momentum",
                optimizer_settings=(0.0,),
                learning_rate=1.0,
                penalty=Penalty(),
            )
        )
        rate = float(self._problem.learning_rates(state, 1)[0])
        after = stepped(self._engine(replace(self._probe, learning_rate=rate)), state)
        (gradient_after,) = stepped(descent, after).slots
        (gradient,) = stepped(descent, state).slots
        activations = descent.activations
        vectors = {
            "weight": state.parameters,
            "gradient": gradient,
            "update": after.parameters - state.parameters,
        }
        turned = np.sign(gradient) * np.sign(gradient_after) < 0
        network = self._problem.network
        found: dict[str, float] = {}
        for number, (layer, name, a) in enumerate(
            zip(network.topology.layers, network.activation_names, activations, strict=True), 1
        ):
            if not layer.parts:
                continue
            for what, vector in vectors.items():
                weights = layer.decaying(vector).astype(np.float64)
                found[f"L{number}.{what}_norm"] = sqrt(total(weights * weights))
            found[f"L{number}.sign_changes"] = float(layer.decaying(turned).mean())
            if name in LIMITS:
                low, high = LIMITS[name]
                found[f"L{number}.saturated"] = float(((a < low) | (a > high)).mean())
            if name == "relu":
                found[f"L{number}.dead"] = float(unused(a, layer.kind.shape).mean())
        return found


def unused(a: Array, shape: Shape) -> Array:
    """[units] Whether a unit, or a map, is 0 for every sample."""
    never: Array = (by_unit(a, shape) == 0).all(axis=all_but_units(shape))
    return never


def stepped(engine: Engine, state: TrainingState) -> TrainingState:
    """A copy of the state, in float64, one step on."""
    slots = OPTIMIZERS[engine.problem.optimizer].slots
    copy = TrainingState(
        parameters=state.parameters.astype(np.float64),
        slots=np.zeros((slots, state.parameters.size)),
        generator=np.random.Generator(np.random.MT19937(0)),  # a full batch draws nothing
        order=np.arange(engine.problem.samples),
        step=state.step,
    )
    copy.slots[: len(state.slots)] = state.slots[:slots]
    engine.advance(copy, 1, None)
    return copy
