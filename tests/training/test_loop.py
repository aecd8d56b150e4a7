from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from runner.experiment.occasions import Epochs
from runner.training.engine import LearningRate, Problem, StepReport
from runner.training.loop import Wanted, train
from runner.training.metrics import Target
from runner.training.state import TrainingState
from runner.training.stopping import Rung, Stopping
from tests.problems import ENGINE_NAMES, content, make_engine, make_problem, make_state

engines = pytest.mark.parametrize("engine_name", ENGINE_NAMES)


def clock_of(tick: float) -> Callable[[], float]:
    """A clock that moves on by `tick` whenever it is read."""
    times = iter(range(10**9))
    return lambda: next(times) * tick


def run(
    engine_name: str,
    problem: Problem,
    stopping: Stopping,
    *,
    milestones: Epochs | None = None,
    rows: Epochs | None = None,
    tick: float = 0.0,
) -> tuple[TrainingState, list[StepReport]]:
    state, schedule = make_state(problem), milestones or Epochs()
    engine, between = make_engine(engine_name, problem), (rows or Epochs()).between
    reports = train(state, engine, stopping, clock_of(tick), Wanted(schedule.next_after, between))
    return state, list(reports)


REPORT = StepReport(
    step=10,
    epoch=5,
    epoch_ended=True,
    metrics={},
    outputs=np.empty((0, 1)),
    reached=False,
    finite=True,
    seconds=2.0,
)


@pytest.mark.parametrize(
    ("stopping", "changes", "reason"),
    [
        (Stopping(), {}, None),
        (Stopping(max_steps=11), {}, None),
        (Stopping(max_steps=10), {}, "max_steps"),
        (Stopping(max_epochs=6), {}, None),
        (Stopping(max_epochs=5), {}, "max_epochs"),
        (Stopping(max_seconds=2.1), {}, None),
        (Stopping(max_seconds=2.0), {}, "max_seconds"),
        (Stopping(max_steps=10, max_epochs=5, max_seconds=2.0), {}, "max_steps"),
        (Stopping(max_steps=10), {"reached": True}, "target"),
        (Stopping(), {"reached": True}, "target"),
        (Stopping(max_steps=10), {"reached": True, "finite": False}, "diverged"),
        (Stopping(), {"finite": False}, "diverged"),
    ],
)
def test_the_first_criterion_met_is_the_reason(
    stopping: Stopping, changes: dict[str, Any], reason: str | None
) -> None:
    assert stopping.reason(REPORT._replace(**changes)) == reason


@pytest.mark.parametrize(
    ("stopping", "reason"),
    [
        (Stopping(rung=Rung(0, 6)), None),
        (Stopping(rung=Rung(2, 5)), "rung_2"),
        (Stopping(max_epochs=5, rung=Rung(2, 5)), "max_epochs"),
        (Stopping(max_epochs=6, rung=Rung(2, 5)), "rung_2"),
    ],
)
def test_a_run_waits_at_its_rung_unless_it_has_come_to_its_end(
    stopping: Stopping, reason: str | None
) -> None:
    assert stopping.reason(REPORT) == reason


@pytest.mark.parametrize(
    ("batch_size", "stopping", "expected"),
    [
        (3, Stopping(max_epochs=12, rung=Rung(1, 7)), (21, 7, "rung_1")),
        (None, Stopping(max_steps=37), (37, 37, "max_steps")),
        (None, Stopping(max_epochs=12), (12, 12, "max_epochs")),
        (3, Stopping(max_steps=37), (37, 12, "max_steps")),
        (3, Stopping(max_epochs=12), (36, 12, "max_epochs")),
        (3, Stopping(max_steps=40, max_epochs=2), (6, 2, "max_epochs")),
        (3, Stopping(max_steps=1, max_epochs=2), (1, 0, "max_steps")),
        (None, Stopping(Target("accuracy", 0.0), max_steps=40), (1, 1, "target")),
    ],
)
@pytest.mark.parametrize("tick", [0.0, 0.01, 10.0])
@engines
def test_training_ends_exactly_at_its_limit(
    engine_name: str,
    tick: float,
    batch_size: int | None,
    stopping: Stopping,
    expected: tuple[int, int, str],
) -> None:
    problem = make_problem(batch_size=batch_size)
    state, reports = run(engine_name, problem, stopping, tick=tick)
    assert (reports[-1].step, reports[-1].epoch, reports[-1].stop_reason) == expected
    assert (state.step, state.epoch) == expected[:2]
    assert all(report.stop_reason is None for report in reports[:-1])


@engines
def test_max_seconds_ends_a_run_by_the_clock_it_is_given(engine_name: str) -> None:
    state, reports = run(engine_name, make_problem(), Stopping(max_seconds=3.0), tick=0.25)
    assert reports[-1].stop_reason == "max_seconds"
    assert reports[-1].seconds == state.seconds
    assert reports[-1].seconds >= 3
    assert reports[-2].seconds < 3


@engines
def test_seconds_of_earlier_sessions_count(engine_name: str) -> None:
    problem = make_problem()
    state = make_state(problem)
    state.seconds = 100.0
    engine = make_engine(engine_name, problem)
    stopping = Stopping(max_seconds=101.0)
    reports = list(train(state, engine, stopping, clock_of(0.25), Wanted(Epochs().next_after)))
    assert 101 <= reports[-1].seconds < 102
    assert all(report.seconds > 100 for report in reports)


@pytest.mark.parametrize("tick", [0.0, 0.03, 5.0])
@pytest.mark.parametrize("batch_size", [None, 3])
@engines
def test_reports_are_made_at_every_milestone(
    engine_name: str, batch_size: int | None, tick: float
) -> None:
    schedule = Epochs(epochs=(1, 5, 6), every=10)
    _, reports = run(
        engine_name,
        make_problem(batch_size=batch_size),
        Stopping(max_epochs=33),
        milestones=schedule,
        tick=tick,
    )
    ended = [report.epoch for report in reports if report.epoch_ended]
    assert {1, 5, 6, 10, 20, 30, 33} <= set(ended)


@pytest.mark.parametrize("batch_size", [None, 3])
@engines
def test_neither_clock_nor_milestones_change_what_is_computed(
    engine_name: str, batch_size: int | None
) -> None:
    problem = make_problem(batch_size=batch_size, rate=0.1)
    stopping = Stopping(max_steps=200)
    ways = [(None, 0.0), (Epochs(every=1), 0.0), (Epochs(every=7), 0.02), (None, 10.0)]
    contents = [
        content(run(engine_name, problem, stopping, milestones=milestones, tick=tick)[0])
        for milestones, tick in ways
    ]
    assert all(other == contents[0] for other in contents[1:])


@pytest.mark.parametrize(
    "stopping",
    [Stopping(max_epochs=40), Stopping(max_steps=100), Stopping(Target("mae", 0.3))],
)
@pytest.mark.parametrize("tick", [0.0, 0.03, 5.0])
@pytest.mark.parametrize("batch_size", [None, 3])
@engines
def test_epochs_that_are_passed_are_reported_as_those_at_which_training_stops(
    engine_name: str, batch_size: int | None, tick: float, stopping: Stopping
) -> None:
    schedule = LearningRate("step", (2.0, 0.9))
    problem = make_problem(batch_size=batch_size, rate=0.1, schedule=schedule)
    wanted = Epochs(epochs=(1, 2, 2, 3), every=4)

    def rows(reports: list[StepReport]) -> list[tuple[int, int, dict[str, float]]]:
        due = (report for report in reports if report.epoch_ended and report.epoch in wanted)
        return [(report.step, report.epoch, report.metrics) for report in due]

    state, stopped = run(engine_name, problem, stopping, milestones=wanted, tick=tick)
    same, passed = run(engine_name, problem, stopping, rows=wanted, tick=tick)
    assert rows(passed) == rows(stopped)
    assert len(rows(passed)) > 3
    assert content(same) == content(state)
    assert [report.seconds for report in passed] == sorted(report.seconds for report in passed)


@engines
def test_more_epochs_than_a_slice_reports_are_all_reported(engine_name: str) -> None:
    _, reports = run(engine_name, make_problem(), Stopping(max_epochs=2500), rows=Epochs(every=1))
    assert [report.epoch for report in reports] == list(range(1, 2501))


@engines
def test_a_diverging_run_has_no_rows_after_its_end(engine_name: str) -> None:
    problem = make_problem(hidden="linear", output="linear", learning_rate=1e3)
    _, reports = run(engine_name, problem, Stopping(max_steps=100_000), rows=Epochs(every=1))
    assert [report.finite for report in reports] == [True] * (len(reports) - 1) + [False]
    assert reports[-1].stop_reason == "diverged"


@engines
def test_a_diverging_run_ends_as_diverged(engine_name: str) -> None:
    problem = make_problem(hidden="linear", output="linear", learning_rate=1e3)
    _, reports = run(engine_name, problem, Stopping(max_steps=100_000))
    assert reports[-1].stop_reason == "diverged"
    assert reports[-1].step < 100_000


@pytest.mark.parametrize("batch_size", [None, 3])
@engines
def test_a_learning_rate_that_changes_is_reported(engine_name: str, batch_size: int | None) -> None:
    schedule = LearningRate("step", (2.0, 0.5))
    problem = make_problem(batch_size=batch_size, learning_rate=0.4, schedule=schedule)
    _, reports = run(engine_name, problem, Stopping(max_epochs=6), milestones=Epochs(every=1))
    rates = [report.metrics["learning_rate"] for report in reports if report.epoch_ended]
    assert rates == pytest.approx([0.4, 0.4, 0.2, 0.2, 0.1, 0.1])
    _, constant = run(engine_name, make_problem(), Stopping(max_epochs=2))
    assert "learning_rate" not in constant[-1].metrics


DIVERGING: dict[str, dict[str, Any]] = {
    "a rate far too high": {"learning_rate": 1e200},
    "mini-batches": {"learning_rate": 1e200, "batch_size": 3},
    "dropout and momentum": {"learning_rate": 1e160, "rate": 0.2, "optimizer": "momentum"},
    "float32": {"learning_rate": 1e20, "dtype": "float32", "batch_size": 3},
}


@pytest.mark.parametrize("case", DIVERGING)
@engines
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_diverges_at_one_step_however_it_is_sliced(engine_name: str, case: str) -> None:
    options: dict[str, Any] = {"hidden": "linear", "output": "linear", "bias": True}
    options |= DIVERGING[case]
    ends = []
    for tick in (0.0, 0.02, 1e9):
        state, reports = run(
            engine_name, make_problem(**options), Stopping(max_steps=5000), tick=tick
        )
        assert reports[-1].stop_reason == "diverged"
        assert (reports[-1].step, reports[-1].epoch) == (state.step, state.epoch)
        ends.append((state.step, content(state)))
    assert ends[0] == ends[1] == ends[2]
    before = make_state(make_problem(**options))
    last = make_engine(engine_name, make_problem(**options)).advance(before, ends[0][0] - 1, None)
    assert ends[0][0] == 1 or last.finite
