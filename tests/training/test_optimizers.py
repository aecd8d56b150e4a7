import numpy as np
import pytest

from runner.training.optimizers import OPTIMIZERS
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state

# A learning rate with which each finds the bottom of a bowl in 500 steps.
RATES = {"sgd": 0.1}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_finds_the_bottom_of_a_bowl(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    bottom = np.array([3.0, -2.0, 0.5])
    parameters, slots = np.zeros(3), np.zeros((optimizer.slots, 3))
    for _ in range(500):
        change = parameters - bottom  # the gradient of half the squared distance
        optimizer.update(change, slots, RATES.get(name, 0.05))
        parameters += change
    np.testing.assert_allclose(parameters, bottom, atol=1e-2)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_it_lowers_the_loss_of_a_net(engine_name: str, name: str) -> None:
    problem = make_problem(bias=True, optimizer=name, learning_rate=RATES.get(name, 0.05))
    state, engine = make_state(problem), make_engine(engine_name, problem)
    before = engine.advance(state, 1, None).metrics["loss"]
    assert engine.advance(state, 300, None).metrics["loss"] < before / 2


def test_gradient_descent_takes_the_learning_rate_times_the_gradient() -> None:
    gradient = np.array([2.0, -4.0])
    OPTIMIZERS["sgd"].update(gradient, np.empty((0, 2)), 0.5)
    assert gradient.tolist() == [-1, 2]
