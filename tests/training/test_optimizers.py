import numpy as np
import pytest

from runner.training.optimizers import OPTIMIZERS, Step
from runner.training.restraint import weight_mask
from tests.problems import ENGINE_NAMES, OPTIMIZER_SETTINGS, make_engine, make_problem, make_state

# A learning rate with which each finds the bottom of a bowl in 500 steps.
RATES = {"adagrad": 0.5, "sgd": 0.1}
# Weight decay moves the bottom: w <- w - lr decay w has its fixed point elsewhere.
BOWL_SETTINGS = OPTIMIZER_SETTINGS | {"adamw": (0.9, 0.999, 1e-8, 0.0)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_finds_the_bottom_of_a_bowl(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    bottom = np.array([3.0, -2.0, 0.5])
    settings, rate = BOWL_SETTINGS.get(name, ()), RATES.get(name, 0.05)
    slots, ones = np.zeros((optimizer.slots, 3)), np.ones(3)
    step = Step(np.zeros(3), np.zeros(3), slots, ones, settings, rate)
    for step.number in range(1, 501):
        step.gradient = step.parameters - bottom  # of half the squared distance
        optimizer.update(step)
    np.testing.assert_allclose(step.parameters, bottom, atol=1e-2)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_it_lowers_the_loss_of_a_net(engine_name: str, name: str) -> None:
    problem = make_problem(bias=True, optimizer=name, learning_rate=RATES.get(name, 0.05))
    state, engine = make_state(problem), make_engine(engine_name, problem)
    before = engine.advance(state, 1, None).metrics["loss"]
    assert engine.advance(state, 300, None).metrics["loss"] < before / 2


# Two steps on w = (1, -2) with gradients (0.5, -1) and then (-0.25, -1) at learning rate 0.1,
# worked by hand from the equations in each docstring with PyTorch's default settings, without
# epsilon, which moves rmsprop's first step by 2e-7.
HAND_WORKED = {
    "sgd": [(0.95, -1.9), (0.975, -1.8)],
    "momentum": [(0.95, -1.9), (0.93, -1.71)],
    "nesterov": [(0.905, -1.81), (0.912, -1.539)],
    "adagrad": [(0.9, -1.9), (0.9 + 0.025 / 0.3125**0.5, -1.9 + 0.1 / 2**0.5)],
    "rmsprop": [
        (1 - 0.05 / 0.05, -2 + 0.1 / 0.1),
        (0.0 + 0.025 / (0.99 * 0.0025 + 0.01 * 0.0625) ** 0.5, -1 + 0.1 / (0.0199) ** 0.5),
    ],
    "adam": [(0.9, -1.9), (0.9 - 0.1 * (0.02 / 0.19) / (0.00031225 / 0.001999) ** 0.5, -1.8)],
    "adamw": [
        (0.999 - 0.1, -1.998 + 0.1),
        (
            0.899 * 0.999 - 0.1 * (0.02 / 0.19) / (0.00031225 / 0.001999) ** 0.5,
            -1.898 * 0.999 + 0.1,
        ),
    ],
    "rprop": [(0.9, -1.9), (0.9, -1.78)],
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_two_steps_are_those_worked_by_hand(name: str) -> None:
    slots, settings = np.zeros((OPTIMIZERS[name].slots, 2)), OPTIMIZER_SETTINGS.get(name, ())
    step = Step(np.array([1.0, -2.0]), np.zeros(2), slots, np.ones(2), settings, 0.1)
    for step.number, gradient in enumerate(([0.5, -1.0], [-0.25, -1.0]), 1):
        step.gradient = np.array(gradient)
        OPTIMIZERS[name].update(step)
        expected = HAND_WORKED[name][step.number - 1]
        np.testing.assert_allclose(step.parameters, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
@pytest.mark.parametrize("units", [4, 40])
def test_weights_decay_and_biases_do_not(units: int, engine_name: str) -> None:
    # Nothing to learn from inputs and targets of zero: what moves is decay alone.
    data = (np.zeros((5, 3)), np.zeros((5, 1)))
    problem = make_problem(
        (3, units, 1),
        bias=True,
        hidden="relu",
        output="linear",
        data=data,
        optimizer="adamw",
        learning_rate=0.5,
    )
    state = make_state(problem)
    is_weight = weight_mask(problem.network.topology)
    state.parameters[is_weight == 0] = -1.0
    state.parameters[-1] = 0.0
    expected = state.parameters * (1 - 0.5 * 0.01 * is_weight)
    make_engine(engine_name, problem).advance(state, 1, None)
    np.testing.assert_allclose(state.parameters, expected, rtol=1e-12)
