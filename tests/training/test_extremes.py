"""Logits far beyond where a naive exponential or logarithm ends, in every engine and layout."""

from math import log

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from runner.network.activations import ELEMENTWISE
from runner.network.losses import LOSSES
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state, random_targets

# The logits of three samples, what is asked for, the outputs and the sum of the losses, exactly.
EXTREME: dict[str, tuple[list[list[float]], list[list[float]], list[list[float]], float]] = {
    "binary_cross_entropy": (
        [[1e4, -1e4], [-1e4, 1e4], [0, 1e4]],
        [[1, 0], [1, 0], [0, 1]],
        [[1, 0], [0, 1], [0.5, 1]],
        4 * 0 + 2e4 + log(2),
    ),
    "cross_entropy": (
        [[1e4, -1e4], [-1e4, 1e4], [-1e4, -1e4]],
        [[1, 0], [1, 0], [0, 1]],
        [[1, 0], [0, 1], [0.5, 0.5]],
        0 + 2e4 + log(2),
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("inputs", [3, 40])
@pytest.mark.parametrize("loss", [name for name in LOSSES if LOSSES[name].output])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_extreme_logits_are_trained_on_without_a_warning(
    engine_name: str, loss: str, inputs: int, batch_size: int | None, dtype: str
) -> None:
    z, y, a, expected = EXTREME[loss]
    problem = make_problem(
        (inputs, 2),
        output=LOSSES[loss].output or "linear",
        loss=loss,
        data=(np.eye(3, inputs), np.array(y)),  # a row of weights is a sample's logits
        batch_size=batch_size,
        dtype=dtype,
    )
    state = make_state(problem)
    state.parameters.reshape(inputs, 2)[:3] = z
    before = state.parameters.astype(float)
    engine = make_engine(engine_name, problem)
    report = engine.advance(state, problem.steps_per_epoch, None)
    assert report.finite
    assert report.metrics["loss"] == pytest.approx(expected, rel=1e-7)
    assert report.metrics["loss"] - 2e4 == pytest.approx(
        log(2), rel=1e-10 if dtype == "float64" else 2e-3
    )
    descended = before - state.parameters
    np.testing.assert_allclose(
        descended.reshape(inputs, 2)[:3],
        np.subtract(a, y),
        atol=1e-11 if dtype == "float64" else 1e-3,
    )
    if problem.full_batch:
        np.testing.assert_allclose(report.outputs, a, rtol=0, atol=1e-37)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("units", [4, 40])
@pytest.mark.parametrize("size", [1e3, 1e4])
@pytest.mark.parametrize("hidden", ELEMENTWISE)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_hidden_units_far_out_are_finite_and_alike(
    engine_name: str, hidden: str, size: float, units: int, dtype: str
) -> None:
    # Inputs of +-size: pre-activations to match on both sides of 0.
    data = (np.array([[size], [-size]]), random_targets("cross_entropy", 2, 3))
    problem = make_problem(
        (1, units, 3),
        hidden=hidden,
        output="softmax",
        loss="cross_entropy",
        data=data,
        learning_rate=1e-9,
        dtype=dtype,
    )
    state, expected = make_state(problem), make_state(problem)
    report = make_engine(engine_name, problem).advance(state, 2, None)
    reference = make_engine("numpy", problem).advance(expected, 2, None)
    assert report.finite
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    assert report.metrics["loss"] == pytest.approx(reference.metrics["loss"], rel=tolerance)
    np.testing.assert_allclose(
        state.parameters, expected.parameters, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("batch_size", [None, 10_000])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_ten_thousand_logits_of_any_size_come_to_exact_outputs_and_losses(
    engine_name: str, loss: str, batch_size: int | None
) -> None:
    rng = np.random.default_rng(1)
    sizes = np.where(rng.random((10_000, 2)) < 0.3, 1e4, 10 ** rng.uniform(-4, 4, (10_000, 2)))
    z = sizes * rng.choice([-1.0, 0.0, 1.0], sizes.shape)
    y = random_targets(loss, *z.shape)
    problem = make_problem(
        (2, 2),
        output=LOSSES[loss].output or "linear",
        loss=loss,
        data=(z, y),  # with weights that are the identity
        batch_size=batch_size,
    )
    state = make_state(problem)
    state.parameters[:] = np.eye(2).ravel()
    report = make_engine(engine_name, problem).advance(state, 1, None)
    if loss == "cross_entropy":
        a, losses = softmax(z, axis=1), -(y * log_softmax(z, axis=1))
    else:
        a, losses = expit(z), np.logaddexp(0, z) - y * z
    assert report.metrics["loss"] == pytest.approx(losses.sum(), rel=1e-12)
    if problem.full_batch:
        np.testing.assert_allclose(report.outputs, a, rtol=1e-13, atol=1e-300)
