from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.data.dataset import Dataset, Part, Pool, ordinals
from runner.data.preparing import prepare, scaling_of, statistics
from runner.data.splits import Split
from runner.errors import DataError
from runner.network.arrays import Array
from runner.network.scaling import Scaling

RAW = np.array([[1.0, 10, 5], [2, 20, 5], [3, 60, 5], [100, 1000, 7]])


def prepared(inputs: Array, *, scale: str = "none", missing: str = "refuse") -> Dataset:
    """The last row is for testing."""
    targets = np.zeros((len(inputs) - 1, 1))
    pool = Pool(
        Part(inputs[:-1], targets),
        ordinals(inputs.shape[1]),
        ("y",),
        test=Part(inputs[-1:], targets[:1]),
        scale=scale,
        missing=missing,
    )
    return prepare(pool, Split())


def scaled(dataset: Dataset, part: Part) -> Array:
    out = np.empty(part.inputs.shape)
    assert dataset.scaling is not None
    dataset.scaling.apply(part.inputs, out)
    return out


def test_standardising_uses_the_training_part_only() -> None:
    dataset = prepared(RAW, scale="standardise")
    train = scaled(dataset, dataset.train)
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(0), [1, 1, 0])  # a constant column stays, without 0/0
    assert dataset.test is not None
    assert scaled(dataset, dataset.test)[0, 2] == 2


def test_minmax_uses_the_training_part_only() -> None:
    dataset = prepared(RAW, scale="minmax")
    train = scaled(dataset, dataset.train)
    assert train.min(0).tolist() == [0, 0, 0]
    assert train.max(0).tolist() == [1, 1, 0]
    assert dataset.test is not None
    assert scaled(dataset, dataset.test)[0].tolist() == [49.5, 19.8, 2]


def test_a_constant_column_does_not_blow_up_its_rounding_errors() -> None:
    inputs = np.full((1000, 1), 0.1)
    dataset = prepared(inputs, scale="standardise")
    assert np.abs(scaled(dataset, dataset.train)).max() < 1e-12


@pytest.mark.parametrize(
    ("missing", "expected"), [("mean", 30.0), ("median", 20.0), ("most_frequent", 10.0)]
)
def test_missing_inputs_are_filled_from_the_training_part(missing: str, expected: float) -> None:
    inputs = np.array([[10.0], [10], [20], [20], [90], [np.nan], [np.nan]])
    inputs[3] = 20 if missing != "most_frequent" else 10
    dataset = prepared(inputs, missing=missing)
    assert dataset.train.inputs[5, 0] == expected
    assert dataset.test is not None
    assert dataset.test.inputs[0, 0] == expected
    assert dataset.missing == 2


def test_a_column_without_any_value_cannot_be_filled() -> None:
    with pytest.raises(DataError, match="column '1' has no value in the training part"):
        prepared(np.array([[np.nan], [np.nan], [1.0]]), missing="mean")


@pytest.mark.parametrize("shape", [(4,), (2, 2), (1, 2, 2)])
def test_statistics_of_a_file_on_disk_are_those_in_memory(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import runner.data.dataset as module

    inputs = np.random.default_rng(1).normal(5, 3, (1000, 4))
    np.save(tmp_path / "x.npy", inputs)
    monkeypatch.setattr(module, "BLOCK", 4096)
    ours = statistics(np.load(tmp_path / "x.npy", mmap_mode="r"), shape)
    expected = statistics(inputs, shape)
    for name in vars(expected):
        np.testing.assert_allclose(getattr(ours, name), getattr(expected, name), rtol=1e-12)


def test_snapshots_hold_what_prediction_needs() -> None:
    dataset = prepared(RAW, scale="standardise", missing="mean")
    kept = dataset.preparation
    assert kept["input_names"].tolist() == ["1", "2", "3"]
    assert dataset.scaling is not None
    np.testing.assert_array_equal(kept["input_shift"], dataset.scaling.shift)
    np.testing.assert_array_equal(kept["input_scale"], dataset.scaling.scale)
    np.testing.assert_array_equal(kept["input_fill"], [2, 30, 5])
    assert all(array.dtype.kind in "fU" for array in kept.values())  # no Python objects


def test_a_scale_that_is_none_changes_nothing() -> None:
    pool = Pool(Part(RAW, RAW), ordinals(3), ordinals(3))
    assert scaling_of(pool.samples, pool, (3,)) is None


PRICES = np.array([[100_000.0], [200_000], [600_000]])


def priced(scale_targets: str, targets: Array = PRICES, names: tuple[str, ...] = ("y",)) -> Dataset:
    """Three samples to train on; the last is for testing as well."""
    pool = Pool(
        Part(RAW[:3], targets),
        ordinals(3),
        names,
        test=Part(RAW[2:3], targets[2:3]),
        scale_targets=scale_targets,
    )
    return prepare(pool, Split())


@pytest.mark.parametrize(
    ("scale_targets", "expected"),
    [
        ("standardise", (PRICES - PRICES.mean()) / PRICES.std()),
        ("minmax", [[0], [0.2], [1]]),
        ("none", PRICES),
    ],
)
def test_targets_are_scaled_and_outputs_come_back_in_their_own_units(
    scale_targets: str, expected: Array
) -> None:
    dataset = priced(scale_targets)
    scaled_targets = dataset.scaled_targets(dataset.train)
    np.testing.assert_allclose(scaled_targets, expected, rtol=1e-14)
    np.testing.assert_allclose(dataset.in_own_units(scaled_targets), PRICES, rtol=1e-14)
    assert dataset.target_unit == pytest.approx(np.ptp(PRICES) / np.ptp(scaled_targets))
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.scaled_targets(dataset.test), scaled_targets[2:])


def test_several_targets_are_scaled_each_by_itself_and_share_no_unit() -> None:
    dataset = priced("standardise", RAW[:3, :2], ("y", "z"))
    scaled_targets = dataset.scaled_targets(dataset.train)
    np.testing.assert_allclose(scaled_targets.mean(0), 0, atol=1e-14)
    np.testing.assert_allclose(scaled_targets.std(0), 1)
    assert dataset.target_unit == 1


def test_a_target_that_does_not_vary_stays_finite() -> None:
    dataset = priced("standardise", np.full((3, 1), 0.1))
    assert np.isfinite(dataset.scaled_targets(dataset.train)).all()


def test_classes_are_never_scaled() -> None:
    pool = Pool(Part(RAW, np.array([0, 1, 0, 1])), ordinals(3), ("y",), ("a", "b"))
    assert prepare(replace(pool, scale_targets="standardise"), Split()).target_scaling is None


def test_snapshots_hold_the_scale_of_the_targets() -> None:
    dataset = priced("standardise")
    kept = dataset.preparation
    scaled_targets = dataset.scaled_targets(dataset.train)
    restored = Scaling(kept["target_shift"], kept["target_scale"]).restore(scaled_targets)
    np.testing.assert_allclose(restored, PRICES, rtol=1e-14)
