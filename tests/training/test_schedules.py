import copy
from math import cos, pi

import numpy as np
import pytest

from runner.training.engine import LearningRate
from runner.training.schedules import SCHEDULES
from tests.problems import (
    ENGINE_NAMES,
    SCHEDULE_SETTINGS,
    make_engine,
    make_problem,
    make_state,
)

# (epochs done, factor) in a run of 8 epochs, worked by hand from each docstring; PyTorch's
# StepLR, ExponentialLR, CosineAnnealingLR and LinearLR from 0 give the same at whole epochs.
HAND_WORKED: dict[str, tuple[tuple[float, ...], list[tuple[float, float]]]] = {
    "constant": ((), [(0, 1), (3.5, 1), (100, 1)]),
    "cosine": (
        (0.2,),
        [
            (0, 1),
            (2, 0.2 + 0.8 * (1 + cos(pi / 4)) / 2),
            (4, 0.6),
            (6.5, 0.2 + 0.8 * (1 + cos(pi * 6.5 / 8)) / 2),
            (8, 0.2),
            (9, 0.2),
        ],
    ),
    "exponential": ((0.5,), [(0, 1), (0.99, 1), (1, 0.5), (3.5, 0.125)]),
    "one_cycle": (
        (0.25, 10.0, 100.0),
        [(0, 0.1), (1, 0.55), (2, 1), (5, 0.505), (8, 0.01), (9, 0.01)],
    ),
    "plateau": ((0.1, 2.0), [(0, 1), (50, 1)]),  # the engines' own watch lowers it
    "range": ((0.01, 1.0), [(0, 0.01), (2, 0.01**0.75), (4, 0.1), (8, 1), (9, 1)]),
    "step": ((2.0, 0.1), [(0, 1), (1.99, 1), (2, 0.1), (3.9, 0.1), (4, 0.01)]),
    "warmup": ((4.0,), [(0, 0), (1, 0.25), (2.5, 0.625), (4, 1), (7, 1)]),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_are_those_worked_by_hand(name: str) -> None:
    settings, points = HAND_WORKED[name]
    epochs, factors = np.array(points, float).T
    found = SCHEDULES[name].factor(epochs, 8.0, settings)
    np.testing.assert_allclose(found, factors, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_factor_is_positive_whatever_the_epoch(name: str) -> None:
    epochs = np.linspace(0, 50, 1001)
    factors = SCHEDULES[name].factor(epochs, 20.0, SCHEDULE_SETTINGS[name])
    assert factors.shape == epochs.shape
    assert (factors > 0).all()
    assert (factors <= 1).all()


def test_no_warmup_at_all_is_the_full_rate_from_the_start() -> None:
    assert SCHEDULES["warmup"].factor(np.arange(3.0), 8.0, (0.0,)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_of_a_step_does_not_depend_on_how_many_are_asked_for(name: str) -> None:
    schedule = LearningRate(name, SCHEDULE_SETTINGS[name], 20.0)
    problem = make_problem(batch_size=3, learning_rate=0.3, schedule=schedule)
    state = make_state(problem)
    together = np.broadcast_to(problem.learning_rates(state, 90), 90)
    for state.step in range(90):
        assert problem.learning_rates(state, 1).tolist() == [together[state.step]]


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_step_is_as_long_as_the_schedule_says(
    engine_name: str, name: str, batch_size: int | None
) -> None:
    settings, points = HAND_WORKED[name]
    scheduled = make_problem(
        batch_size=batch_size, learning_rate=0.3, schedule=LearningRate(name, settings, 8.0)
    )
    state, engine = make_state(scheduled), make_engine(engine_name, scheduled)
    for epoch, factor in points:
        if epoch != int(epoch) or epoch > 10:
            continue  # the engine is asked at the beginnings of epochs
        while state.epoch < epoch:
            engine.advance(state, 1, None)
        start, unscheduled = state.parameters.copy(), copy.deepcopy(state)
        plain = make_problem(batch_size=batch_size, learning_rate=1.0)
        make_engine(engine_name, plain).advance(unscheduled, 1, None)
        engine.advance(state, 1, None)
        expected = 0.3 * factor * (unscheduled.parameters - start)
        np.testing.assert_allclose(state.parameters - start, expected, rtol=1e-9, atol=1e-12)
