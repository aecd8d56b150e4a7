from pathlib import Path

import pytest

from runner.configuration.composing import compose
from runner.data.dataset import Dataset
from runner.data.description import description
from runner.data.pictures import save_picture
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


def test_colour_images_are_described_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    small_files.write_cifar10(tmp_path)
    dataset = load("dataset=cifar10", f"dataset.root={tmp_path}")
    shape = "shape       3 x 32 x 32, channels x rows x columns"
    assert shape in list(description("cifar10", dataset))
    save_picture(tmp_path / "picture.png", "cifar10", dataset)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
