from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.network.activations import ELEMENTWISE
from runner.network.losses import LOSSES
from runner.network.topology import Topology, parse_topology
from runner.run_folder.snapshots import Snapshot, load_snapshot, save_snapshot
from runner.training.engine import LearningRate, Penalty
from runner.training.metrics import METRICS, ROWS, Target
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from tests.problems import (
    ENGINE_NAMES,
    INPUTS,
    SCHEDULE_SETTINGS,
    content,
    make_engine,
    make_problem,
    make_state,
    random_data,
    random_targets,
)

FOUR_OF_FIVE_ZERO = np.where(np.arange(320).reshape(8, 40) % 5, 0, random_data(8, 40, 1)[0])
LABELS = random_targets("cross_entropy", 8, 3)
classes = partial(make_problem, bias=True, batch_size=3, loss="cross_entropy", output="softmax")

RECURRENT: dict[str, tuple[str, dict[str, Any]]] = {
    "Elman's last state": ("5x2-4RNN-3", {}),
    "Elman's state of every step": ("5x2-4RNN-5x3", {}),
    "LSTM": ("5x2-4LSTM-3", {}),
    "GRU": ("5x2-4GRU-3", {}),
    "recurrent layers and dropout": ("5x2-4LSTM-3GRU-3RNN-4-5x2", {"rate": 0.2}),
    "recurrent layers and batch norm": ("5x2-4LSTM-3RNN-3", {"batch_norm": True}),
}
CASES = {
    "full batch": make_problem(),
    "full batch with backward dropout": make_problem(rate=0.1, stage="backward"),
    "full batch with forward dropout": make_problem(bias=True, rate=0.1),
    "mini-batches": make_problem(batch_size=2),
    "mini-batches with a partial last one": make_problem(bias=True, batch_size=3, mean_loss=True),
    "mini-batches with dropout": make_problem(
        (3, 4, 3, 1), bias=True, hidden="tanh", batch_size=3, rate=0.2
    ),
    "mini-batches in the data's order": replace(
        make_problem(batch_size=3, rate=0.1), shuffle=False
    ),
    **{
        f"weights, {name}": replace(
            make_problem(sizes, batch_size=3), weights=np.array([[1.0, 2, 0, 1, 0, 0, 0.5, 1]]).T
        )
        for name, sizes in {"small": (3, 4, 1), "wide": (3, 40, 1)}.items()
    },
    "float32": make_problem(batch_size=3, rate=0.2, dtype="float32"),
    "classes": classes((3, 4, 3), data=(INPUTS, LABELS)),
    **{
        f"batch norm, {name}": make_problem(
            sizes, batch_norm=True, batch_size=batch_size, rate=0.1, learning_rate=0.1
        )
        for name, sizes, batch_size in [
            ("small", (3, 4, 1), 3),
            ("small, full batch", (3, 4, 1), None),
            ("a last batch of one", (3, 4, 1), 7),
            ("wide", (3, 40, 20, 1), 3),
            ("wide, a last batch of one", (3, 40, 1), 7),
        ]
    },
    **{
        f"penalties, {name}": make_problem(
            sizes,
            bias=True,
            batch_size=3,
            penalty=Penalty(l1=0.01, l2=0.1, clip_value=0.1, clip_norm=0.2, max_norm=0.9),
        )
        for name, sizes in {"small": (3, 4, 1), "wide": (3, 40, 1)}.items()
    },
    "wide": make_problem((3, 40, 20, 1), bias=True, batch_size=3, rate=0.2, learning_rate=0.01),
    "wide, full batch": make_problem((3, 40, 1), rate=0.1, stage="backward", learning_rate=0.01),
    "wide, most inputs zero": classes((40, 20, 3), data=(FOUR_OF_FIVE_ZERO, LABELS), rate=0.1),
    "wide, float32": classes((40, 20, 3), data=(FOUR_OF_FIVE_ZERO, LABELS), dtype="float32"),
    **{
        name: make_problem(
            optimizer=name,
            learning_rate=0.1,
            batch_size=None if OPTIMIZERS[name].full_batch_only else 3,
        )
        for name in OPTIMIZERS
    },
    **{
        f"hidden {name}": make_problem(
            hidden=name, output="linear", batch_size=3, learning_rate=0.1
        )
        for name in ELEMENTWISE
    },
    **{
        f"loss {name}": make_problem(
            (3, 4, 2),
            output=LOSSES[name].output or "linear",
            loss=name,
            data=(INPUTS, random_targets(name, 8, 2)),
            batch_size=3,
            learning_rate=0.1,
        )
        for name in LOSSES
    },
    **{
        f"schedule {name}": make_problem(
            batch_size=3, schedule=LearningRate(name, SCHEDULE_SETTINGS[name], 15.0)
        )
        for name in SCHEDULES
    },
    **{
        name: make_problem(
            written,
            bias=True,
            batch_size=3,
            learning_rate=0.1,
            data=random_data(
                8, *(Topology(parse_topology(written)).sizes[place] for place in (0, -1))
            ),
            **changes,
        )
        for name, (written, changes) in RECURRENT.items()
    },
}
cases = pytest.mark.parametrize("case", CASES)
engines = pytest.mark.parametrize("engine_name", ENGINE_NAMES)


@pytest.mark.parametrize("slices", [[1] * 60, [7, 11, 42], [59, 1], [30, 30]])
@cases
@engines
def test_slices_of_training_come_to_the_same_bytes_as_one_piece(
    engine_name: str, case: str, slices: list[int]
) -> None:
    problem = CASES[case]
    whole, sliced = make_state(problem), make_state(problem)
    once = make_engine(engine_name, problem).advance(whole, 60, None)
    engine = make_engine(engine_name, problem)
    for steps in slices:
        last = engine.advance(sliced, steps, None)
    assert content(sliced) == content(whole)
    assert last.metrics == once.metrics


@cases
@engines
def test_an_engine_takes_over_from_a_snapshot_where_another_left_off(
    engine_name: str, case: str, tmp_path: Path
) -> None:
    problem = CASES[case]
    whole, handed_over = make_state(problem), make_state(problem)
    make_engine(engine_name, problem).advance(whole, 50, None)
    for steps in (20, 30):
        make_engine(engine_name, problem).advance(handed_over, steps, None)
        handed_over = load_snapshot(save_snapshot(tmp_path, Snapshot(handed_over)))
    assert content(handed_over) == content(whole)


@engines
def test_one_engine_can_advance_two_states_in_turn(engine_name: str) -> None:
    problem = make_problem(batch_size=3, rate=0.2)
    alone = {}
    for seed in (1, 2):
        alone[seed] = make_state(problem, seed)
        make_engine(engine_name, problem).advance(alone[seed], 20, None)
    engine, states = make_engine(engine_name, problem), {s: make_state(problem, s) for s in (1, 2)}
    for _ in range(2):
        for state in states.values():
            engine.advance(state, 10, None)
    assert {s: content(state) for s, state in states.items()} == {
        s: content(state) for s, state in alone.items()
    }


@engines
def test_every_epoch_uses_every_sample_once_in_an_order_of_its_own(engine_name: str) -> None:
    problem = make_problem(batch_size=3)
    state, engine = make_state(problem), make_engine(engine_name, problem)
    orders = []
    for epoch in range(1, 21):
        report = engine.advance(state, problem.steps_per_epoch, None)
        assert (report.epoch, report.epoch_ended, state.position) == (epoch, True, 0)
        assert state.sums[ROWS] == problem.samples
        orders.append(tuple(state.order))
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert len(set(orders)) > 15


@pytest.mark.parametrize(
    ("batch_size", "steps", "expected"),
    [  # of 8 samples: (step, epoch, position)
        (None, 5, (5, 5, 0)),
        (8, 5, (5, 5, 0)),
        (3, 1, (1, 0, 3)),
        (3, 2, (2, 0, 6)),
        (3, 3, (3, 1, 0)),
        (3, 7, (7, 2, 3)),
        (1, 8, (8, 1, 0)),
        (7, 2, (2, 1, 0)),
    ],
)
@engines
def test_steps_epochs_and_positions_are_counted(
    engine_name: str, batch_size: int | None, steps: int, expected: tuple[int, int, int]
) -> None:
    problem = make_problem(batch_size=batch_size)
    state = make_state(problem)
    report = make_engine(engine_name, problem).advance(state, steps, None)
    assert (state.step, state.epoch, state.position) == expected
    assert (report.step, report.epoch) == expected[:2]
    assert report.epoch_ended == (expected[2] == 0)


@engines
def test_full_batches_keep_the_datas_own_order_and_draw_nothing(engine_name: str) -> None:
    problem = make_problem()
    state, untouched = make_state(problem), make_state(problem)
    report = make_engine(engine_name, problem).advance(state, 10, None)
    assert state.order.tolist() == list(range(8))
    assert state.generator.random() == untouched.generator.random()
    assert report.outputs.shape == (8, 1)


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize(
    ("metric", "value"),
    [("loss", 0.05), ("mae", 0.1), ("mean_accuracy", 0.9), ("accuracy", 1.0)],
)
@engines
def test_a_target_stops_at_the_first_epoch_that_meets_it(
    engine_name: str, metric: str, value: float, batch_size: int | None
) -> None:
    problem = make_problem(batch_size=batch_size)
    target = Target(metric, value)
    stopped = make_state(problem)
    report = make_engine(engine_name, problem).advance(stopped, 10_000, target)
    assert report.reached
    assert report.epoch_ended
    assert target.met_by(report.metrics[metric])

    by_hand, engine = make_state(problem), make_engine(engine_name, problem)
    for _ in range(report.epoch - 1):
        earlier = engine.advance(by_hand, problem.steps_per_epoch, None)
        assert not target.met_by(earlier.metrics[metric])
    last = engine.advance(by_hand, problem.steps_per_epoch, None)
    assert last.metrics == report.metrics
    assert content(by_hand) == content(stopped)


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("metric", METRICS)
@engines
def test_a_target_is_of_the_mean_over_every_step_of_sequences(
    engine_name: str, metric: str, batch_size: int | None
) -> None:
    inputs, targets = random_data(8, 12, 4)
    problem = make_problem(
        "4x3-5RNN-4x1", data=(inputs, targets.round()), batch_size=batch_size, learning_rate=0.1
    )
    by_hand = make_state(problem)
    engine = make_engine(engine_name, problem)
    first = engine.advance(by_hand, problem.steps_per_epoch, None).metrics[metric]
    nearer = 0.5 * (first + (0 if metric in ("loss", "mae") else 1))
    report = make_engine(engine_name, problem).advance(
        make_state(problem), problem.steps_per_epoch, Target(metric, nearer)
    )
    assert not report.reached
    report = make_engine(engine_name, problem).advance(
        make_state(problem), problem.steps_per_epoch, Target(metric, first)
    )
    assert report.reached


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("units", [4, 40])
@engines
def test_divergence_is_noticed(engine_name: str, units: int, batch_size: int | None) -> None:
    problem = make_problem(
        (3, units, 1), hidden="linear", output="linear", learning_rate=1e3, batch_size=batch_size
    )
    state = make_state(problem)
    engine = make_engine(engine_name, problem)
    assert engine.advance(state, 1, None).finite
    report = engine.advance(state, 1000, Target("mean_accuracy", 0.9999))
    assert not report.finite
    assert not report.reached


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 40, 2)])
@engines
def test_a_weight_that_is_not_finite_is_noticed_and_meets_no_target_of_the_loss(
    engine_name: str, sizes: tuple[int, ...], loss: str, value: float, metric: str
) -> None:
    problem = make_problem(
        sizes,
        hidden="relu",
        output=LOSSES[loss].output or "linear",
        data=(INPUTS + 0.5, random_targets(loss, 8, 2)),
        loss=loss,
        batch_size=3,
    )
    state = make_state(problem)
    state.parameters[-2:] = value
    report = make_engine(engine_name, problem).advance(state, 3, Target(metric, 0.5))
    assert not report.finite
    assert metric == "accuracy" or not report.reached


@pytest.mark.parametrize("case", ["mini-batches with dropout", "wide, most inputs zero"])
@engines
def test_a_diverged_state_leaves_nothing_behind_in_the_engine(engine_name: str, case: str) -> None:
    problem = CASES[case]
    expected, after, diverged = (make_state(problem) for _ in range(3))
    make_engine(engine_name, problem).advance(expected, 9, None)
    engine = make_engine(engine_name, problem)
    engine.advance(after, 2, None)
    diverged.parameters[:] = np.nan
    engine.advance(diverged, 2, None)
    report = engine.advance(after, 7, None)
    assert report.finite
    assert content(after) == content(expected)


@engines
def test_outputs_on_data_of_several_columns_are_reported_in_full(engine_name: str) -> None:
    problem = make_problem((3, 5, 2), data=random_data(6, 3, 2))
    state = make_state(problem)
    outputs = problem.network.predict(state.parameters, problem.inputs)
    report = make_engine(engine_name, problem).advance(state, 1, None)
    error = np.abs(outputs - problem.targets)
    assert report.metrics["mae"] == pytest.approx(error.mean(), rel=1e-12)
