"""The range test: one step a report, an end where the loss explodes, and the rate it suggests."""

import copy
import itertools

import numpy as np
import pytest

from runner.training.engine import Engine, LearningRate, StepReport
from runner.training.metrics import LOSS, ROWS
from runner.training.range_test import EXPLODED, loss_curve, range_test, suggested_rate
from runner.training.state import TrainingState, Watched
from runner.training.stopping import Stopping
from tests.problems import ENGINE_NAMES, make_engine, make_problem, make_state

STEPS = 60


def finder(
    engine_name: str, most: float, batch_size: int | None = 3
) -> tuple[TrainingState, Engine]:
    length = STEPS / make_problem(batch_size=batch_size).steps_per_epoch
    schedule = LearningRate("range", (0.01, most), length)
    problem = make_problem(batch_size=batch_size, schedule=schedule, output="linear")
    return make_state(problem), make_engine(engine_name, problem)


def reports_of(state: TrainingState, engine: Engine, steps: int) -> list[StepReport]:
    seconds = itertools.count()
    return list(range_test(state, engine, Stopping(max_steps=steps), lambda: float(next(seconds))))


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_each_step_is_reported_with_its_own_loss_and_rate(
    engine_name: str, batch_size: int | None
) -> None:
    state, engine = finder(engine_name, 1.0, batch_size)
    other = copy.deepcopy(state)
    reports = reports_of(state, engine, STEPS)
    assert [report.step for report in reports] == list(range(1, STEPS + 1))
    assert [report.stop_reason for report in reports] == [None] * (STEPS - 1) + ["max_steps"]
    for step, report in enumerate(reports):
        assert report.metrics["learning_rate"] == pytest.approx(100 ** (step / STEPS - 1))
        sums = other.sums.copy() if other.position else np.zeros(4)
        engine.advance(other, 1, None)
        loss, samples = (other.sums - sums)[[LOSS, ROWS]]
        assert report.metrics["loss"] == pytest.approx(loss / samples)
    assert np.array_equal(state.parameters, other.parameters)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_test_that_was_cut_in_two_is_the_same(engine_name: str) -> None:
    whole, engine = finder(engine_name, 1.0)
    halves = copy.deepcopy(whole)
    reports = reports_of(whole, engine, STEPS)
    parts = [*reports_of(halves, engine, 25), *reports_of(halves, engine, STEPS)]
    assert [report.metrics for report in parts] == [report.metrics for report in reports]
    assert whole.smoothed_loss == halves.smoothed_loss
    assert whole.lowest_loss == halves.lowest_loss
    assert np.array_equal(whole.parameters, halves.parameters)


def test_a_test_goes_on_from_a_state_of_before_it_had_numbers_of_its_own() -> None:
    whole, engine = finder("numpy", 1.0)
    reports_of(whole, engine, 25)
    older = copy.deepcopy(whole)
    older.watch = Watched(best=whole.lowest_loss, level=whole.smoothed_loss)
    older.smoothed_loss = older.lowest_loss = float("nan")
    for state in (whole, older):
        reports_of(state, engine, STEPS)
    assert whole.smoothed_loss == older.smoothed_loss
    assert whole.lowest_loss == older.lowest_loss


def test_it_ends_where_the_smoothed_loss_is_four_times_its_lowest() -> None:
    state, engine = finder("numpy", 1e3)
    *before, last = reports_of(state, engine, STEPS)
    assert last.stop_reason == "explosion"
    assert last.step < STEPS
    curve = loss_curve([report.metrics["loss"] for report in (*before, last)])
    assert curve[-1] > EXPLODED * curve[9:].min()
    assert (curve[9:-1] <= EXPLODED * np.minimum.accumulate(curve[9:-1])).all()
    assert [report.stop_reason for report in reports_of(state, engine, STEPS)] == ["explosion"]


RATES = np.geomspace(1e-6, 1, 601)


def test_the_suggestion_is_a_tenth_of_the_rate_with_the_lowest_loss() -> None:
    losses = 1 + (np.log10(RATES) + 2) ** 2  # lowest at 0.01, which smoothing sees 9 steps later
    assert suggested_rate(RATES.tolist(), losses.tolist()) == pytest.approx(0.001, rel=0.25)


@pytest.mark.parametrize("losses", ["chance", "rising", "level", "few", "none"])
def test_nothing_is_suggested_where_the_loss_hardly_fell(losses: str) -> None:
    chance = np.random.default_rng(1).gamma(2.0, size=601)
    cases = {
        "chance": chance,
        "rising": np.linspace(1, 9, 601),
        "level": np.ones(601),
        "few": np.array([1, 0.1]),
        "none": np.empty(0),
    }
    assert suggested_rate(RATES.tolist(), cases[losses].tolist()) is None


def test_the_smoothed_loss_is_a_mean_at_first_and_forgets_slowly() -> None:
    curve = loss_curve([3.0, 1.0, 2.0, *[2.0] * 7, 12.0])
    assert curve.tolist() == pytest.approx([3, 2, 2, *[2] * 7, 3])
