"""Penalties, clipped gradients and bounded weights, a step worked by hand."""

from math import sqrt
from typing import NamedTuple

import numpy as np
import pytest

from runner.network.topology import Topology
from runner.training.engine import Penalty
from runner.training.restraint import restraint, weight_mask
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state


class Case(NamedTuple):
    penalty: Penalty
    gradient: list[float]
    """At weights and biases W = [[1, -2], [3, 0]], b = [-4, 5] with gradient (3, -4, 0, 1, 2, -1),
    handed on to the optimizer."""
    weights: list[float]
    """What becomes of the same weights and biases after a step."""


SAME = [1.0, -2.0, 3.0, 0.0, -4.0, 5.0]
LENGTH = sqrt(9 + 16 + 0 + 1 + 4 + 1)
CASES = {
    "l1": Case(Penalty(l1=0.5), [3.5, -4.5, 0.5, 1, 2, -1], SAME),
    "l2": Case(Penalty(l2=0.1), [3.1, -4.2, 0.3, 1, 2, -1], SAME),
    "l1 and l2": Case(Penalty(l1=0.5, l2=0.1), [3.6, -4.7, 0.8, 1, 2, -1], SAME),
    "clip_value": Case(Penalty(clip_value=1.5), [1.5, -1.5, 0, 1, 1.5, -1], SAME),
    "clip_norm": Case(Penalty(clip_norm=2.0), [g * 2 / LENGTH for g in (3, -4, 0, 1, 2, -1)], SAME),
    "clip_norm of a short gradient": Case(Penalty(clip_norm=6.0), [3, -4, 0, 1, 2, -1], SAME),
    "penalties before clipping": Case(
        Penalty(l2=1.0, clip_value=3.5), [3.5, -3.5, 3, 1, 2, -1], SAME
    ),
    # The columns' lengths are sqrt(10) and 2.
    "max_norm": Case(
        Penalty(max_norm=2.5),
        [3, -4, 0, 1, 2, -1],
        [2.5 / sqrt(10), -2, 7.5 / sqrt(10), 0, -4, 5],
    ),
    "max_norm of both": Case(
        Penalty(max_norm=1.0), [3, -4, 0, 1, 2, -1], [1 / sqrt(10), -1, 3 / sqrt(10), 0, -4, 5]
    ),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_and_weights_are_those_worked_by_hand(case: Case, dtype: str) -> None:
    parameters = np.array(SAME, dtype)
    gradient = np.array([3, -4, 0, 1, 2, -1], dtype)
    changing = restraint(case.penalty, Topology((2, 2), bias=True))
    assert changing is not None
    changing.before(parameters, gradient)
    assert parameters.tolist() == SAME
    np.testing.assert_allclose(gradient, case.gradient, rtol=1e-6)
    changing.after(parameters)
    np.testing.assert_allclose(parameters, case.weights, rtol=1e-6)


def test_nothing_is_restrained_by_default() -> None:
    assert restraint(Penalty(), Topology((2, 2))) is None


def test_weights_are_told_from_biases() -> None:
    mask = weight_mask(Topology((2, 2, 1), bias=True))
    assert mask.tolist() == [1, 1, 1, 1, 0, 0, 1, 1, 0]
    normalized = weight_mask(Topology((2, 1, 1), batch_norm=True))
    assert normalized.tolist() == [1, 1, 0, 0, 1, 0, 0]  # W, b, gamma, W, mean, variance


@pytest.mark.parametrize("penalty", [case.penalty for case in CASES.values()], ids=CASES)
@pytest.mark.parametrize("units", [4, 40])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_every_engine_restrains_a_step_so(engine_name: str, units: int, penalty: Penalty) -> None:
    free = make_problem((3, units, 1), bias=True)
    start = make_state(free)
    start.parameters *= 3
    descended = make_state(free)
    descended.parameters[:] = start.parameters
    make_engine("numpy", free).advance(descended, 1, None)

    changing = restraint(penalty, free.network.topology)
    assert changing is not None
    gradient = start.parameters - descended.parameters
    changing.before(start.parameters, gradient)
    expected = start.parameters - gradient
    changing.after(expected)

    problem = make_problem((3, units, 1), bias=True, penalty=penalty)
    make_engine(engine_name, problem).advance(start, 1, None)
    np.testing.assert_allclose(start.parameters, expected, rtol=1e-9, atol=1e-12)
