"""Nets trained together end where, why and with what the loop has each end by itself."""

from collections.abc import Container
from dataclasses import replace

import numpy as np
import pytest

from runner.network.initializers import Start
from runner.training.engine import LearningRate, Problem, StepReport
from runner.training.first_states import first_states
from runner.training.loop import Wanted, train
from runner.training.many_loop import (
    DIVERGED,
    MOST_BYTES,
    REASONS,
    EndedNets,
    ManyEngine,
    ended_nets,
    fitting_together,
    train_many,
)
from runner.training.metrics import METRICS, ROWS, Reduction, Target, metric_arrays, metric_values
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.tasks import BITS, REGRESSION
from tests.problems import content, make_engine, make_problem, make_state
from tests.training.test_loop import clock_of

pytest.importorskip("numba")

STARTS, SEEDS, EPOCHS = [Start("uniform")], range(1, 13), (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
ACCURATE = Target("mean_accuracy", 0.95)
RUNS: dict[str, tuple[Problem, Stopping]] = {
    "a target": (make_problem(learning_rate=10.0), Stopping(ACCURATE)),
    "a target or a limit": (make_problem(learning_rate=10.0), Stopping(ACCURATE, max_steps=40)),
    "steps": (make_problem(batch_size=3, rate=0.1), Stopping(max_steps=40)),
    "epochs": (make_problem(batch_size=3, rate=0.1), Stopping(max_epochs=13)),
    "both, the same": (make_problem(), Stopping(max_steps=13, max_epochs=13)),
    "a schedule": (
        make_problem(batch_size=3, schedule=LearningRate("cosine", (0.1,), 20.0)),
        Stopping(max_epochs=20),
    ),
    "regression": (
        replace(make_problem(batch_size=3), reduction=Reduction(1, True, 2.5, REGRESSION)),
        Stopping(Target("loss", 0.3), max_epochs=20),
    ),
}


def alone(
    problem: Problem, stopping: Stopping, seed: int
) -> tuple[TrainingState, list[StepReport]]:
    """A seed trained by the loop: its last report, and before it those of `EPOCHS`."""
    state, engine = make_state(problem, seed), make_engine("compiled", problem)
    wanted = Wanted(lambda _: None, lambda first, last: [e for e in EPOCHS if first < e <= last])
    *reports, last = train(state, engine, stopping, clock_of(0.01), wanted)
    due = [each for each in reports if each.epoch_ended and each.epoch in EPOCHS]
    return state, [*due, last]


def together(
    problem: Problem, stopping: Stopping, bunch: int, exploding: Container[int] = ()
) -> list[EndedNets]:
    """All seeds, so many states at a time; exploding: those whose weights are far too large."""
    engine = make_engine("compiled", problem)
    assert isinstance(engine, ManyEngine)
    bunches = [
        first_states(problem, STARTS, seeds, engine.draw_many)
        for seeds in (SEEDS[first : first + bunch] for first in range(0, len(SEEDS), bunch))
    ]
    for states, first in zip(bunches, SEEDS[::bunch], strict=True):
        far = [seed in exploding for seed in range(first, first + len(states))]
        states.parameters[far] *= 1e30
    return list(train_many(engine, bunches, stopping, EPOCHS, clock_of(0.01)))


@pytest.mark.parametrize("bunch", [5, 12])
@pytest.mark.parametrize("run", RUNS)
def test_each_net_ends_as_if_it_were_alone(run: str, bunch: int) -> None:
    seeds = iter(SEEDS)
    for ended in together(*RUNS[run], bunch):
        for net in range(len(ended)):
            state, (*rows, last) = alone(*RUNS[run], next(seeds))
            assert content(ended.states.state(net)) == content(state)
            assert (ended.steps[net], ended.states.places["epoch"][net]) == (last.step, last.epoch)
            assert REASONS[ended.reasons[net]] == last.stop_reason
            assert {name: values[net] for name, values in ended.metrics.items()} == last.metrics
            many = ended.many_rows[net]
            assert [row.step for row in rows] == ended.row_steps[:many].tolist()
            assert [row.epoch for row in rows] == ended.epochs[:many].tolist()
            for place, row in enumerate(rows):
                assert row.metrics == {name: own[net, place] for name, own in ended.rows.items()}
            assert (np.diff(ended.row_seconds[net, :many]) > 0).all()
            assert (ended.row_seconds[net, :many] < ended.seconds[net]).all()
    assert next(seeds, None) is None


def test_time_is_shared_out_by_steps() -> None:
    calls = together(*RUNS["steps"], 12)
    assert len(calls) > 1
    seconds = np.concatenate([ended.seconds for ended in calls])
    assert (seconds > 0).all()
    assert sum(seconds) == pytest.approx(0.01 * round(sum(seconds) / 0.01))  # whole ticks


def test_nets_that_diverge_are_told_from_the_others() -> None:
    problem = make_problem(hidden="linear", output="linear", batch_size=3, learning_rate=0.01)
    calls = together(problem, Stopping(max_steps=300), 12, SEEDS[2::3])
    reasons = np.concatenate([ended.reasons for ended in calls])
    assert (reasons == DIVERGED).tolist() == [seed % 3 == 0 for seed in SEEDS]
    weights = np.concatenate([ended.states.parameters for ended in calls])
    for seed in (1, 2, 4, 11):
        state, _ = alone(problem, Stopping(max_steps=300), seed)
        assert weights[seed - 1].tobytes() == state.parameters.tobytes()


def test_a_row_that_is_not_finite_is_where_a_run_would_have_ended() -> None:
    problem, stopping = RUNS["steps"]
    states = first_states(problem, STARTS, [1, 2, 3])
    states.kept = np.ones((3, len(EPOCHS), 4))
    states.kept[1, 0, 0] = states.kept[2, 2, 0] = np.inf
    states.places["passed"], states.places["finite"], states.places["step"] = 2, 1, 40
    ended = ended_nets(problem, states, stopping, EPOCHS, np.ones(3))
    assert [REASONS[reason] for reason in ended.reasons] == ["max_steps", "diverged", "max_steps"]


@pytest.mark.parametrize("reduction", [Reduction(3, True), Reduction(1, False, 0.3, BITS)])
def test_metrics_of_many_sums_have_the_bits_of_each(reduction: Reduction) -> None:
    sums = np.random.default_rng(3).random((40, 2, 4)) * 17
    sums[..., ROWS] = np.arange(80).reshape(40, 2)
    sums[0, 1] = 1e308, 1e308, 1e308, 1e-308  # overflows, as what is yet to be written may
    many = metric_arrays(sums, reduction)
    assert set(many) <= set(METRICS)
    for place in np.ndindex(40, 2):
        own = metric_values(sums[place], reduction)
        assert str(own) == str({name: float(values[place]) for name, values in many.items()})


def test_states_that_are_large_are_few_together() -> None:
    assert fitting_together(make_problem(), 100) > 1000
    large = [make_problem((3, 4000, 1), optimizer=name) for name in ("sgd", "adam")]
    plain, adam = (fitting_together(problem, 100) for problem in large)
    assert adam < plain < 1000
    for problem, many in zip(large, (plain, adam), strict=True):
        states = vars(first_states(problem, STARTS, range(9)))
        assert many / 9 * sum(each.nbytes for each in states.values()) <= MOST_BYTES
