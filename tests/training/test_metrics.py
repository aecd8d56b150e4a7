import math

import numpy as np
import pytest

from runner.training.metrics import (
    METRICS,
    Reduction,
    Target,
    absolute_error,
    correct,
    metric_values,
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
    assert absolute_error(OUTPUTS, TARGETS) == pytest.approx(
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


def test_every_metric_is_reported() -> None:
    assert metric_values(np.ones(4), Reduction(1, False)).keys() == METRICS.keys()


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
