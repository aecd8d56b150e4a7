"""What engines make of data that are not trained on: the network's own outputs, without dropout."""

from dataclasses import replace

import numpy as np
import pytest

from runner.network.activations import ELEMENTWISE
from runner.network.initializers import Start
from runner.network.losses import LOSSES
from runner.training.evaluation import HeldOut, evaluate, evaluate_many
from runner.training.first_states import first_states
from runner.training.many_loop import ManyEngine
from runner.training.metrics import Reduction
from runner.training.tasks import MANY_CLASSES, REGRESSION, Task
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state, random_targets

WIDTHS = {"small": (5, 6, 4, 3), "wide": (5, 24, 40, 3)}
SAMPLES = 600  # more than are looked at together


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", ELEMENTWISE)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_outputs_are_the_networks(
    engine_name: str, width: str, hidden: str, batch_norm: bool
) -> None:
    inputs = np.random.default_rng(3).normal(size=(SAMPLES, 5))
    data = inputs[:40], random_targets("squared_error", 40, 3)
    problem = make_problem(
        WIDTHS[width], data=data, hidden=hidden, batch_norm=batch_norm, rate=0.3, batch_size=7
    )
    engine, state = make_engine(engine_name, problem), make_state(problem)
    engine.advance(state, 9, None)
    outputs, _ = engine.look(state.parameters, inputs, np.zeros((SAMPLES, 3)))
    expected = problem.network.predict(state.parameters, inputs)
    np.testing.assert_allclose(outputs, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("width", WIDTHS)
def test_engines_agree_on_the_sums(width: str, loss: str, dtype: str) -> None:
    inputs = np.random.default_rng(3).normal(size=(SAMPLES, 5)).astype(dtype)
    targets = random_targets(loss, SAMPLES, 3).astype(dtype)
    output = LOSSES[loss].output or "linear"
    data = inputs[:40], targets[:40]
    problem = make_problem(WIDTHS[width], data=data, loss=loss, output=output, dtype=dtype)
    weights = make_state(problem).parameters
    looks = [make_engine(name, problem).look(weights, inputs, targets) for name in ENGINE_NAMES]
    (_, first), (_, second) = looks
    assert first[3] == SAMPLES
    np.testing.assert_allclose(first, second, rtol=1e-11 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_weights_that_are_not_finite_leave_nothing_behind(engine_name: str, width: str) -> None:
    inputs, targets = np.random.default_rng(3).normal(size=(300, 5)), np.zeros((300, 3))
    problem = make_problem(WIDTHS[width], data=(inputs[:9], targets[:9]))
    engine, weights = make_engine(engine_name, problem), make_state(problem).parameters
    before, sums = engine.look(weights, inputs, targets)
    assert np.isnan(engine.look(weights * np.nan, inputs, targets)[1]).any()
    again, sums_again = engine.look(weights, inputs, targets)
    assert again.tobytes() == before.tobytes()
    assert sums_again.tolist() == sums.tolist()


@pytest.mark.parametrize("together", [1, 4, 1000])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("task", [REGRESSION, MANY_CLASSES])
def test_many_nets_are_measured_as_each_is(
    task: Task, padded: bool, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    draw = np.random.default_rng(3)
    inputs, targets = draw.normal(size=(60, 10)), np.eye(14)[draw.integers(14, size=60)]
    problem = make_problem("5x2-4RNN-5x14", data=(inputs, np.tile(targets, 5)))
    problem = replace(problem, reduction=Reduction(14, True, 2.5, task))
    there = draw.integers(2, size=(60, 5)).astype(bool) if padded else None
    held_out = HeldOut("val_", inputs, problem.targets, None, there)
    engine = make_engine("compiled", problem)
    assert isinstance(engine, ManyEngine)
    monkeypatch.setattr("runner.training.evaluation.MOST_OUTPUTS", together * 60 * 70)
    weights = first_states(problem, [Start("uniform")], range(9)).parameters
    weights[3, 2] = np.nan
    many = evaluate_many(engine, weights, held_out)
    for net, own in enumerate(weights):
        alone = evaluate(engine, own, held_out)
        assert str(alone) == str({name: float(values[net]) for name, values in many.items()})
