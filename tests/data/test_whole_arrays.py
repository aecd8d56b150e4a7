from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.data.dataset import Dataset
from runner.data.preparing import prepare
from runner.data.shapes import AUTO
from runner.data.splits import Split
from runner.errors import DataError
from runner.network.arrays import Array
from tests.data.small_files import load_csv

INPUTS = np.random.default_rng(2).normal(size=(12, 4, 3))
CLASSES = np.arange(12 * 4).reshape(12, 4) % 3
NUMBERS = np.random.default_rng(3).normal(size=(12, 4, 2))


def load(folder: Path, target: str = "y", split: Split | None = None, **arrays: Array) -> Dataset:
    np.savez(folder / "data.npz", **{"x": INPUTS, **arrays})  # type: ignore[arg-type]
    pool = load_csv(str(folder / "data.npz"), (target,), shape=AUTO)
    return prepare(pool, split or Split())


TARGETS: dict[str, tuple[Array, dict[str, Any]]] = {
    # array y, what the data set is with it
    "a class a sequence": (
        CLASSES[:, 0],
        {"steps": None, "classes": ("0", "1", "2"), "target_names": ("y",), "fitting": (3,)},
    ),
    "numbers a sequence": (
        NUMBERS[:, 0],
        {"steps": None, "classes": None, "target_names": ("y.1", "y.2"), "fitting": (2,)},
    ),
    "a class a step": (
        CLASSES,
        {"steps": 4, "classes": ("0", "1", "2"), "target_names": ("y",), "fitting": (3,)},
    ),
    "a text a step": (
        np.array(["no", "yes"])[CLASSES % 2],
        {"steps": 4, "classes": ("no", "yes"), "target_names": ("y",), "fitting": (2, 1)},
    ),
    "a number a step": (
        NUMBERS[:, :, 0],
        {"steps": 4, "classes": None, "target_names": ("y",), "fitting": (1,)},
    ),
    "numbers a step": (
        NUMBERS,
        {"steps": 4, "classes": None, "target_names": ("y.1", "y.2"), "fitting": (2,)},
    ),
}


@pytest.mark.parametrize("case", TARGETS)
def test_sequences_have_a_target_each_or_one_a_step(case: str, tmp_path: Path) -> None:
    array, expected = TARGETS[case]
    dataset = load(tmp_path, y=array, split=Split(validation=3))
    assert dataset.shape == (4, 3)
    found = {name: getattr(dataset, name) for name in ("steps", "classes", "target_names")}
    assert {**found, "fitting": dataset.fitting_outputs} == expected
    whole = load(tmp_path, y=array)
    assert whole.train.inputs.tolist() == INPUTS.reshape(12, 12).tolist()
    told = whole.train.targets
    if whole.classes is not None:
        told = np.array(whole.classes)[told]
        array = array.astype(str)
    assert told.tolist() == array.reshape(told.shape).tolist()


def test_steps_come_to_an_output_each(tmp_path: Path) -> None:
    dataset = load(tmp_path, y=CLASSES).for_outputs(3)
    assert dataset.train.targets.reshape(12, 4, 3).argmax(2).tolist() == CLASSES.tolist()
    assert dataset.target_names == ("0", "1", "2")
    assert dataset.output_names[3] == "2.0"
    assert not dataset.labelled


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [((2, 5), (2, 5)), ((3, 2, 2), (3, 2, 2)), ((6,), (6,)), ((1, 2, 3, 2), (12,))],
)
def test_arrays_keep_their_shape(
    inputs: tuple[int, ...], shape: tuple[int, ...], tmp_path: Path
) -> None:
    dataset = load(tmp_path, x=np.ones((12, *inputs)), y=CLASSES[:, 0])
    assert dataset.shape == shape


@pytest.mark.parametrize("other", [(), (2, 3)])
def test_features_of_several_arrays_are_columns(other: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="'x' has a shape") as told:
        dataset = load(tmp_path, y=CLASSES[:, 0], z=np.ones((12, *other)))
    assert dataset.shape == (12 + int(np.prod(other)),)
    (warning,) = told
    words = "which samples lose with z beside it; with dataset.features=x they keep it"
    assert str(warning.message).endswith(words)


def test_arrays_are_named_as_a_whole_among_features_and_what_is_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=INPUTS, y=CLASSES[:, 0], z=NUMBERS)
    choices: list[dict[str, Any]] = [{"features": ("x",)}, {"exclude": ("z",)}]
    for options in choices:
        pool = load_csv(str(tmp_path / "data.npz"), ("y",), shape=AUTO, **options)
        assert pool.shape == (4, 3)


def test_what_a_file_has_is_told_by_the_names_of_whole_arrays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'labels'; .*it has x, y, z$"):
        load(tmp_path, target="labels", y=CLASSES[:, 0], z=NUMBERS)


@pytest.mark.parametrize("shape", [(3, 2), (4, 2, 2)])
def test_targets_of_other_steps_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, y=np.ones((12, *shape)))
    written = "x".join(map(str, shape))
    assert f"targets [samples, {written}] and inputs of [samples, 4x3]" in str(caught.value)
    assert "expected inputs [samples, time, features]" in str(caught.value)


def test_a_file_that_validates_has_steps_as_well(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", x=INPUTS, y=CLASSES)
    np.savez(tmp_path / "other.npz", x=INPUTS[:5], y=CLASSES[:5])
    files = {"validation": str(tmp_path / "other.npz")}
    pool = load_csv(str(tmp_path / "one.npz"), ("y",), files=files, shape=AUTO)
    assert pool.validation is not None
    assert pool.validation.targets.tolist() == CLASSES[:5].tolist()


def test_a_missing_class_of_a_step_drops_its_row(tmp_path: Path) -> None:
    gaps = CLASSES.astype(float)
    gaps[2, 1] = np.nan
    np.savez(tmp_path / "data.npz", x=INPUTS, y=gaps)
    path = str(tmp_path / "data.npz")
    options: dict[str, Any] = {"task": "classification", "shape": AUTO}
    pool = load_csv(path, ("y",), missing="drop", **options)
    assert len(pool.samples) == 11
    assert pool.samples.targets.min() == 0
    with pytest.raises(
        DataError, match=r"row 3 column 'y\.2': 'nan' is not a finite number; dataset.missing=drop"
    ):
        load_csv(path, ("y",), **options)
