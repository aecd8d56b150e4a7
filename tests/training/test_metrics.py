import math

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.training.metrics import (
    METRICS,
    SCORES,
    Reduction,
    Target,
    among_top,
    correct,
    higher_is_better,
    metric_values,
)
from runner.training.tasks import (
    BITS,
    CLASSIFICATION,
    MANY_CLASSES,
    REGRESSION,
    TASKS,
    Task,
    task_of,
)

OUTPUTS = np.array([[0.9, 0.2, 0.1], [0.3, 0.4, 0.35], [0.1, 0.2, 0.6], [0.5, 0.3, 0.2]])
TARGETS = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]], float)


@pytest.mark.parametrize(
    ("outputs", "targets", "expected"),
    [
        (OUTPUTS, TARGETS, 3),  # arg-max
        ([[0.4], [0.6], [0.5]], [[0], [1], [0]], 3),  # one output: threshold 0.5
        ([[0.4], [0.6]], [[1], [0]], 0),
        ([[0.51]], [[1]], 1),
        ([[math.nan]], [[1]], 0),
    ],
)
def test_a_sample_is_correct_by_arg_max_or_by_threshold(
    outputs: object, targets: object, expected: int
) -> None:
    assert correct(np.array(outputs, float), np.array(targets, float)) == expected


def test_absolute_error_sums_over_samples_and_outputs() -> None:
    assert LOSSES["absolute_error"].value(OUTPUTS, OUTPUTS, TARGETS) == pytest.approx(
        sum(abs(a - y) for a, y in zip(OUTPUTS.flat, TARGETS.flat, strict=True)), rel=1e-14
    )


@pytest.mark.parametrize(
    ("mean_loss", "expected"),
    [
        (False, {"loss": 3.0, "mae": 0.2, "mean_accuracy": 0.8, "accuracy": 0.75}),
        (True, {"loss": 0.75, "mae": 0.2, "mean_accuracy": 0.8, "accuracy": 0.75}),
    ],
)
def test_metrics_are_means_over_samples_and_outputs(
    mean_loss: bool, expected: dict[str, float]
) -> None:
    sums = np.array([3.0, 2.4, 3.0, 4.0])  # loss, absolute error, correct, samples
    values = metric_values(sums, Reduction(outputs=3, mean_loss=mean_loss))
    assert values == pytest.approx(expected)


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_of_the_task_is_reported(task: Task) -> None:
    values = metric_values(np.ones(4), Reduction(1, False, task=task))
    assert tuple(values) == task.summed
    assert set(task.metrics) == set(task.summed) | set(task.scored) <= {*METRICS, *SCORES}


ONE_HOT = np.eye(7)[[0, 3, 6]]


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        ([[0], [1], [1]], CLASSIFICATION),
        ([[0, 1], [1, 0]], CLASSIFICATION),
        (ONE_HOT[:, :5] + np.eye(3, 5, 4), BITS),
        (ONE_HOT, MANY_CLASSES),
        ([[0, 1], [1, 1]], BITS),
        ([[0, 0], [1, 0]], BITS),
        ([[0.5], [1]], REGRESSION),
        ([[-1], [1]], REGRESSION),
        ([[2]], REGRESSION),
    ],
)
def test_targets_say_what_is_learnt(targets: object, task: Task) -> None:
    assert task_of(np.array(targets, float)) is task


ROWS = [
    # outputs, class, whether it is among the five highest
    ([1, 2, 3, 4, 5, 6, 7], 6, True),
    ([1, 2, 3, 4, 5, 6, 7], 2, True),
    ([1, 2, 3, 4, 5, 6, 7], 1, False),
    ([0, 0, 0, 0, 0, 0, 0], 4, True),  # of equals the first are the highest
    ([0, 0, 0, 0, 0, 0, 0], 5, False),
    ([math.nan] * 7, 0, False),
]


@pytest.mark.parametrize(("outputs", "label", "expected"), ROWS)
def test_top_5_accuracy_counts_classes_among_the_five_highest(
    outputs: list[float], label: int, expected: bool
) -> None:
    assert among_top(np.array([outputs], float), np.eye(7)[[label]]) == expected


def test_scores_are_those_of_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(3)
    outputs, targets = generator.random((40, 7)), np.eye(7)[generator.integers(7, size=40)]
    noisy = targets + generator.normal(size=targets.shape)
    reduction = Reduction(7, True, unit=10.0)

    def score(name: str, outputs: Array, targets: Array) -> float:
        return SCORES[name].value(SCORES[name].total(outputs, targets), targets, reduction)

    top = sklearn.top_k_accuracy_score(targets.argmax(1), outputs, k=5)
    assert score("top_5_accuracy", outputs, targets) == top
    rmse = 10 * sklearn.mean_squared_error(noisy, outputs) ** 0.5
    assert score("rmse", outputs, noisy) == pytest.approx(rmse, rel=1e-12)
    r2 = sklearn.r2_score(noisy, outputs, multioutput="variance_weighted")
    assert score("r2", outputs, noisy) == pytest.approx(r2, rel=1e-12)
    assert math.isnan(score("r2", outputs, np.ones((40, 7))))


@pytest.mark.parametrize("name", SCORES)
def test_a_perfect_score_is_better_than_a_poor_one(name: str) -> None:
    targets, reduction = ONE_HOT + 0.0, Reduction(7, True)
    perfect, poor = (
        SCORES[name].value(SCORES[name].total(outputs, targets), targets, reduction)
        for outputs in (targets, 1 - targets)
    )
    assert (perfect > poor) is SCORES[name].higher_is_better is higher_is_better(f"val_{name}")


@pytest.mark.parametrize("name", METRICS)
def test_a_target_is_met_from_its_better_side_only(name: str) -> None:
    target, better = Target(name, 0.5), 1 if METRICS[name].higher_is_better else -1
    assert target.met_by(0.5)
    assert target.met_by(0.5 + 0.1 * better)
    assert not target.met_by(0.5 - 0.1 * better)
    assert not target.met_by(math.nan)


@pytest.mark.parametrize(
    ("name", "higher"),
    [("loss", False), ("mae", False), ("mean_accuracy", True), ("accuracy", True)],
)
def test_accuracies_are_better_when_higher_and_errors_when_lower(name: str, higher: bool) -> None:
    assert METRICS[name].higher_is_better is higher
