from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.analysis.plots.dataset import draw, save_picture
from runner.configuration.composing import compose
from runner.data.dataset import Dataset
from runner.data.description import description
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings
from tests.data import small_files


def load(*overrides: str) -> Dataset:
    return load_dataset(parse_settings(compose(overrides)).dataset)


SHOWN = {
    # words of the description
    "addition_sequences": ["16,384 x 16", "8 x 2, steps x features", "8x2-…-8x1", "sum: 0 to 1"],
    "binary_addition": ["64 x 6 inputs", "topology    6-…-4", "target      4: 0 to 1"],
    "blobs": ["800 x 2 inputs", "test        200 x 2", "class      train       test"],
    "digits": [
        "1 x 8 x 8, channels x rows x columns",
        "scaling     x * 0.0625",
        "pixels      0 to 16",
    ],
    "sine": ["topology    1-…-1", "scaling     none"],
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_data_set_is_described_in_lines_of_a_terminal(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    dataset = load(f"dataset={name}")
    lines = list(description(name, dataset))
    for words in SHOWN[name]:
        assert any(words in line for line in lines)
    assert f"checksum    {dataset.checksum}" in lines
    assert max(map(len, lines)) <= 80
    save_picture(tmp_path / "picture.png", name, dataset)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def drawn(dataset: Dataset) -> Any:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure()
    draw(figure, dataset)
    return figure


def test_sequences_are_drawn_as_lines_with_what_is_to_be_learnt() -> None:
    dataset = load("dataset=addition_sequences")
    rows = drawn(dataset).axes
    assert [axes.get_title(loc="left") for axes in rows] == [
        "sample 1", "sample 5462", "sample 10923", "sample 16384",
    ]  # fmt: skip
    for axes, place in zip(rows, (0, 5461, 10922, 16383), strict=True):
        first, second, target = (line.get_ydata() for line in axes.lines)
        inputs = dataset.train.inputs[place].reshape(8, 2)
        np.testing.assert_array_equal(np.stack([first, second], 1), inputs)
        np.testing.assert_array_equal(target, dataset.train.targets[place])


@pytest.mark.parametrize("padded", [False, True])
def test_of_sequences_of_classes_one_of_each_is_drawn_to_its_end(
    padded: bool, tmp_path: Path
) -> None:
    x = np.random.default_rng(1).random((30, 5, 2))
    if padded:
        x[::2, 3:] = np.nan
    np.savez(tmp_path / "s.npz", x=x, y=np.repeat([0, 1, 2], 10))
    parts = ["dataset.validation=null", "dataset.test=null"]
    dataset = load("dataset=csv", f"dataset.path={tmp_path / 's.npz'}", "dataset.target=y", *parts)
    rows = drawn(dataset).axes
    titles = [axes.get_title(loc="left") for axes in rows]
    assert titles == ["sample 1: y 0", "sample 11: y 1", "sample 21: y 2"]
    assert {len(axes.lines[0].get_xdata()) for axes in rows} == {3 if padded else 5}


def test_of_sequences_with_several_targets_all_are_told_or_few_drawn_each_in_its_colour(
    tmp_path: Path,
) -> None:
    x = np.random.default_rng(1).random((30, 4, 12))
    titles, colours = [], []
    for name, y in {"whole": x[:, 0, :3], "each": x[:, :, :10]}.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, x=x, y=y)
        parts = ["dataset.validation=null", "dataset.test=null"]
        figure = drawn(load("dataset=csv", f"dataset.path={path}", "dataset.target=y", *parts))
        axes, (legend,) = figure.axes[-1], figure.legends
        titles.append([figure.axes[0].get_title(loc="left"), legend.get_title().get_text()])
        colours.append({line.get_color() for line in axes.lines})
        assert len(legend.get_texts()) == len(axes.lines)
        assert all(place == round(place) for place in axes.get_xticks())
    told = ", ".join(f"y.{place} {value:.6g}" for place, value in enumerate(x[0, 0, :3], 1))
    assert titles == [
        [f"sample 1: {told}", "4 of 12 features"],
        ["sample 1", "4 of 12 features\n4 of 10 targets"],
    ]
    assert [len(each) for each in colours] == [4, 8]


def test_classes_of_steps_have_an_axis_with_their_names(tmp_path: Path) -> None:
    x = np.random.default_rng(1).random((30, 5, 2))
    np.savez(tmp_path / "s.npz", x=x, y=(x[..., 0] > 0.5).astype(int))
    dataset = load("dataset=csv", f"dataset.path={tmp_path / 's.npz'}", "dataset.target=y")
    beside = drawn(dataset).axes[-1]
    assert [text.get_text() for text in beside.get_yticklabels()] == ["0", "1"]
    np.testing.assert_array_equal(beside.lines[0].get_ydata(), dataset.train.targets[-1])


def test_of_a_text_it_is_drawn_how_often_each_character_comes(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("x" + "aab " * 25, encoding="utf-8")
    parts = ["dataset.window=10", "dataset.validation=null"]
    (axes,) = drawn(load("dataset=text", f"dataset.path={tmp_path / 't'}", *parts)).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "␣", "b", "x"]
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([50, 25, 25, 0])


def test_colour_images_are_described_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    small_files.write_cifar10(tmp_path)
    dataset = load("dataset=cifar10", f"dataset.root={tmp_path}")
    shape = "shape       3 x 32 x 32, channels x rows x columns"
    assert shape in list(description("cifar10", dataset))
    save_picture(tmp_path / "picture.png", "cifar10", dataset)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
