"""Every network's gradient against central differences of the loss that the engine reports."""

from collections.abc import Callable

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.training.engine import Engine, Penalty
from runner.training.restraint import weight_mask
from runner.training.state import TrainingState
from tests.problems import (
    DIFFERENTIATED,
    ENGINE_NAMES,
    make_engine,
    make_problem,
    make_state,
    random_data,
    random_targets,
)

STEP = 1e-6


def one_step(engine: Engine, parameters: Array, skipped: int) -> tuple[float, TrainingState]:
    """The loss of the step after `skipped` samples, whatever the weights; and the state then."""
    state = make_state(engine.problem, seed=3)
    state.position = skipped
    state.parameters[:] = parameters
    report = engine.advance(state, 1, None)
    return report.metrics["loss"], state


def assert_gradient_is_right(
    engine: Engine, skipped: int = 0, penalty: Callable[[Array], float] = lambda _: 0.0
) -> None:
    """One step of gradient descent at learning rate 1 goes down by the gradient.

    penalty: from the parameters to what is not in the loss that the engine reports.
    """
    start = make_state(engine.problem, seed=3).parameters
    start += 0.1  # biases start at 0 otherwise, on relu's kink
    _, after = one_step(engine, start, skipped)
    gradient = start - after.parameters
    differences = np.empty_like(start)
    for index in range(start.size):
        nudge = np.zeros_like(start)
        nudge[index] = STEP
        up, _ = one_step(engine, start + nudge, skipped)
        down, _ = one_step(engine, start - nudge, skipped)
        restrained = penalty(start + nudge) - penalty(start - nudge)
        differences[index] = (up - down + restrained) / (2 * STEP)
    assert np.abs(gradient).max() > 1e-3  # a gradient of zeros would prove nothing
    trained = slice(engine.problem.network.topology.parameters)
    np.testing.assert_allclose(gradient[trained], differences[trained], atol=2e-8, rtol=1e-6)


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("mean_loss", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 4, 3, 2)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", DIFFERENTIATED)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_step_follows_the_gradient_of_the_loss(
    engine_name: str,
    activation: str,
    bias: bool,
    sizes: tuple[int, ...],
    rate: float,
    mean_loss: bool,
    batch_size: int | None,
) -> None:
    problem = make_problem(
        sizes,
        bias=bias,
        hidden=activation,
        output=activation,
        rate=rate,
        data=random_data(8, 3, 2),
        mean_loss=mean_loss,
        batch_size=batch_size,
    )
    assert_gradient_is_right(make_engine(engine_name, problem))


@pytest.mark.parametrize("mean_loss", [False, True])
@pytest.mark.parametrize("hidden", DIFFERENTIATED)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_every_loss_is_followed_down(
    engine_name: str, loss: str, hidden: str, mean_loss: bool
) -> None:
    problem = make_problem(
        (3, 4, 3),
        bias=True,
        hidden=hidden,
        output=LOSSES[loss].output or "linear",
        data=(random_data(8, 3, 3)[0], random_targets(loss, 8, 3)),
        mean_loss=mean_loss,
        loss=loss,
    )
    assert_gradient_is_right(make_engine(engine_name, problem))


# A penalty, and what it adds to the loss, of which engines report nothing.
PENALTIES: dict[str, tuple[Penalty, Callable[[Array], float]]] = {
    "l1": (Penalty(l1=0.3), lambda weights: 0.3 * float(np.abs(weights).sum())),
    "l2": (Penalty(l2=0.3), lambda weights: 0.15 * float((weights * weights).sum())),
}


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 40, 2)])
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_every_penalty_is_followed_down(
    engine_name: str, name: str, sizes: tuple[int, ...]
) -> None:
    penalty, value = PENALTIES[name]
    problem = make_problem(sizes, bias=True, data=random_data(8, 3, 2), penalty=penalty)
    is_weight = weight_mask(problem.network.topology) == 1
    assert_gradient_is_right(
        make_engine(engine_name, problem), penalty=lambda parameters: value(parameters[is_weight])
    )


@pytest.mark.parametrize("skipped", [0, 7])  # the last batch has one sample
@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 5, 4, 2), (3, 20, 2)])
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_batch_normalisation_is_followed_down(
    engine_name: str, activation: str, sizes: tuple[int, ...], rate: float, skipped: int
) -> None:
    problem = make_problem(
        sizes,
        batch_norm=True,
        hidden=activation,
        output="linear",
        rate=rate,
        data=random_data(8, 3, 2),
        batch_size=7,
    )
    assert_gradient_is_right(make_engine(engine_name, problem), skipped)


@pytest.mark.parametrize("mean_loss", [False, True])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_the_last_partial_batch_has_the_gradient_of_its_own_samples(
    engine_name: str, mean_loss: bool
) -> None:
    data = random_data(8, 3, 2)
    problem = make_problem((3, 4, 2), data=data, mean_loss=mean_loss, batch_size=3)
    state = make_state(problem)
    engine = make_engine(engine_name, problem)
    engine.advance(state, 2, None)
    assert state.position == 6
    before, last = state.parameters.copy(), state.order[6:].copy()
    engine.advance(state, 1, None)

    alone = make_problem(
        (3, 4, 2), data=(data[0][last], data[1][last]), mean_loss=mean_loss, batch_size=2
    )
    expected = make_state(alone)
    expected.parameters[:] = before
    make_engine(engine_name, alone).advance(expected, 1, None)
    np.testing.assert_allclose(state.parameters, expected.parameters, rtol=1e-12)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_the_reported_loss_is_that_of_the_forward_pass_before_the_update(engine_name: str) -> None:
    problem = make_problem((3, 4, 1), bias=True)
    state = make_state(problem)
    z, outputs = problem.network.forward(state.parameters, problem.inputs)
    report = make_engine(engine_name, problem).advance(state, 1, None)
    expected = LOSSES[problem.loss].value(z, outputs, problem.targets)
    assert report.metrics["loss"] == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(report.outputs, outputs, rtol=1e-14)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_float32_steps_are_float64_steps_rounded(engine_name: str) -> None:
    results = {}
    for dtype in ("float32", "float64"):
        problem = make_problem((3, 4, 1), bias=True, dtype=dtype)
        state = make_state(problem)
        make_engine(engine_name, problem).advance(state, 20, None)
        assert state.parameters.dtype == dtype
        results[dtype] = state.parameters
    np.testing.assert_allclose(results["float32"], results["float64"], rtol=1e-4, atol=1e-5)
