from pathlib import Path

import numpy as np
import pytest

from runner.data.dataset import Dataset
from runner.data.preparing import prepare
from runner.data.shapes import extents, of_each_number, unit_rows
from runner.data.splits import Split
from runner.errors import DataError, SettingsError
from runner.network.layers.parts import Shape
from tests.data.small_files import load_csv

UNITS: dict[Shape, list[list[int]]] = {
    # which of 12 inputs are of one unit
    (12,): [[place] for place in range(12)],
    (3, 4): [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]],  # a feature at every step
    (2, 3, 2): [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]],  # a channel's pixels
}


def table(
    folder: Path, shape: Shape | None = None, ending: str = "csv", columns: int = 12
) -> Dataset:
    inputs = np.random.default_rng(1).normal(size=(20, columns)) * np.arange(1, columns + 1)
    matrix = np.column_stack([inputs, np.arange(20) % 2 + 0.5])
    names = [*(f"x{place}" for place in range(columns)), "y"]
    path = folder / f"table.{ending}"
    if ending == "npy":
        np.save(path, matrix)
        names = [str(place + 1) for place in range(columns + 1)]
    else:
        rows = [",".join(map(repr, row)) for row in matrix.tolist()]
        path.write_text("\n".join([",".join(names), *rows]))
    pool = load_csv(str(path), (names[-1],), shape=shape, scale="standardise")
    return prepare(pool, Split())


@pytest.mark.parametrize("ending", ["csv", "npy"])
@pytest.mark.parametrize("shape", UNITS)
def test_a_table_says_a_shape_and_each_unit_of_it_has_one_scale(
    shape: Shape, ending: str, tmp_path: Path
) -> None:
    dataset = table(tmp_path, shape, ending)
    assert dataset.shape == shape
    assert dataset.named
    scaling = dataset.scaling
    assert scaling is not None
    for unit in UNITS[shape]:
        inputs = np.asarray(dataset.train.inputs[:, unit])
        assert scaling.shift[unit] == pytest.approx(inputs.mean())
        assert 1 / scaling.scale[unit] == pytest.approx(inputs.std())


@pytest.mark.parametrize("shape", UNITS)
def test_units_are_told_apart_and_put_back(shape: Shape) -> None:
    rows = unit_rows(np.arange(12.0)[None], shape)
    assert [sorted(column) for column in rows.T.tolist()] == UNITS[shape]
    numbers = of_each_number(np.arange(float(len(UNITS[shape]))), shape)
    for unit, places in enumerate(UNITS[shape]):
        assert (numbers[places] == unit).all()


def test_without_one_the_shape_is_the_number_of_inputs(tmp_path: Path) -> None:
    assert table(tmp_path).shape == (12,)


@pytest.mark.parametrize("ending", ["csv", "npy"])
def test_a_shape_of_other_numbers_than_there_are_is_refused(ending: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, (1, 2, 4), ending)
    for words in ("dataset.shape=1x2x4 is of 8 numbers", "has 12 inputs", "1x28x28", "exclude"):
        assert words in str(caught.value)


def test_a_shape_of_other_numbers_is_refused_where_cells_are_empty_too(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text("a,b,c,y\n1,2,,0\n1,,,1\n1,2,3,0\n")
    with pytest.raises(DataError, match=r"dataset\.shape=7x3 is of 21 numbers"):
        load_csv(str(tmp_path / "gaps.csv"), ("y",), shape=(7, 3), missing="mean")


@pytest.mark.parametrize("value", ["", "8", 8, "8x", "0x2", "8x2x2x2", "8X2", None, "-1x2", "٣x2"])
def test_what_is_no_shape_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match=r"dataset\.shape=.* is not a shape; expected channels"):
        extents("dataset.shape", value)
