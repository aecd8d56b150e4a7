"""Rows that count more or less, and mini-batches in the data's own order."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runner.network.losses import LOSSES
from runner.training.engine import Problem
from runner.training.state import TrainingState
from tests.problems import (
    ENGINE_NAMES,
    INPUTS,
    TARGETS,
    content,
    make_engine,
    make_problem,
    make_state,
    random_data,
    random_targets,
)

COUNTS = np.array([1, 3, 0, 2, 1, 1, 0, 2])
"""How often each of eight samples is there."""


def trained(problem: Problem, steps: int = 5, engine: str = "numpy") -> TrainingState:
    state = make_state(problem)
    make_engine(engine, problem).advance(state, steps, None)
    return state


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("name", LOSSES)
def test_a_weight_of_two_is_a_sample_that_is_there_twice(name: str, engine: str) -> None:
    targets, output = random_targets(name, 8, 2), LOSSES[name].output or "linear"
    shared: dict[str, Any] = {"loss": name, "output": output, "bias": True, "learning_rate": 0.1}
    problem = make_problem((3, 4, 2), data=(INPUTS, targets), **shared)
    data = np.repeat(INPUTS, COUNTS, axis=0), np.repeat(targets, COUNTS, axis=0)
    expected = trained(make_problem((3, 4, 2), data=data, **shared))
    found = trained(replace(problem, weights=COUNTS[:, None].astype(float)), engine=engine)
    assert found.parameters == pytest.approx(expected.parameters, rel=1e-12)
    assert found.sums[0] == pytest.approx(expected.sums[0])


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_mean_is_over_the_number_of_samples_whatever_they_weigh(engine: str) -> None:
    summed = make_problem(learning_rate=1 / 6)  # two weigh nothing, and are not there
    mean = make_problem(mean_loss=True)
    weights = COUNTS[:, None].astype(float)
    problems = [replace(problem, weights=weights) for problem in (summed, mean)]
    states = [trained(problem, engine=engine) for problem in problems]
    assert states[0].parameters == pytest.approx(states[1].parameters, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("batch_size", [3, None])
def test_weights_of_one_change_nothing(batch_size: int | None, engine: str) -> None:
    problem = make_problem(batch_size=batch_size, rate=0.1)
    found = trained(replace(problem, weights=np.ones((8, 1))), engine=engine)
    assert content(found) == content(trained(problem, engine=engine))


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_mini_batch_takes_the_weights_of_its_samples(engine: str) -> None:
    problem = make_problem(batch_size=3, learning_rate=0.5)
    kept = np.flatnonzero(COUNTS)
    weights = (COUNTS > 0)[:, None].astype(float)
    found = trained(replace(problem, weights=weights, shuffle=False), steps=3, engine=engine)
    expected = make_state(problem)
    for batch in (kept[:2], kept[2:5], kept[5:]):  # without samples 2 and 6
        alone = make_problem(data=(INPUTS[batch], TARGETS[batch]), learning_rate=0.5)
        make_engine("numpy", alone).advance(expected, 1, None)
    assert found.parameters == pytest.approx(expected.parameters, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_step_of_no_weight_teaches_nothing(engine: str) -> None:
    inputs, targets = random_data(6, 4 * 2, 4)
    weights = np.ones((6, 4))
    weights[:, 2:] = 0
    problem = make_problem("4x2-3RNN-4x1", data=(inputs, targets), learning_rate=0.1)
    other = targets.copy()
    other[:, 2:] = 1 - other[:, 2:]
    problems = [replace(problem, targets=each, weights=weights) for each in (targets, other)]
    states = [trained(each, engine=engine) for each in problems]
    assert states[0].parameters.tobytes() == states[1].parameters.tobytes()
    unweighted = trained(problem, engine=engine)
    assert unweighted.parameters.tobytes() != states[0].parameters.tobytes()


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("written", [(3, 4, 1), (3, 40, 1)])
def test_without_shuffling_batches_come_in_the_datas_order_and_nothing_is_drawn(
    written: tuple[int, ...], engine: str
) -> None:
    problem = replace(make_problem(written, batch_size=3), shuffle=False)
    state, expected = make_state(problem), make_state(problem)
    state.order[:] = state.order[::-1].copy()  # as a run that shuffled may have left it
    before = state.generator.bit_generator.state["state"]["key"].copy()
    make_engine(engine, problem).advance(state, 9, None)
    for _ in range(3):
        for start in (0, 3, 6):
            rows = slice(start, start + 3)
            alone = make_problem(written, data=(INPUTS[rows], TARGETS[rows]))
            make_engine(engine, alone).advance(expected, 1, None)
    assert state.parameters == pytest.approx(expected.parameters, rel=1e-12)
    assert state.order.tolist() == list(range(8))
    assert (state.generator.bit_generator.state["state"]["key"] == before).all()
    assert state.generator.random() == expected.generator.random()
