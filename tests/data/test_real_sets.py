"""The published files themselves, where they are there.

RUNNER_DATA names a folder with folders `mnist` and `fashion-mnist`; Debian's package
dataset-fashion-mnist is found by itself.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from runner.configuration.composing import compose
from runner.data.dataset import Dataset
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings

PLACES = [Path(os.environ.get("RUNNER_DATA", "data")), Path("/usr/share/datasets")]


def load(name: str, folder: str) -> Dataset:
    found = [place / folder for place in PLACES if (place / folder).is_dir()]
    if not found:
        pytest.skip(f"no folder {folder}; RUNNER_DATA names the folder that has it")
    overrides = [f"dataset={name}", f"dataset.root={found[0]}"]
    return load_dataset(parse_settings(compose(overrides)).dataset)


COUNTS = {
    # folder, images of each class for training and for testing, sum of all training pixels
    "mnist": (
        "mnist",
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ),
    "fashion_mnist": ("fashion-mnist", [6000] * 10, [1000] * 10),
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_published_files_hold_so_many_images_of_each_class(name: str) -> None:
    folder, train, test = COUNTS[name]
    dataset = load(name, folder)
    assert dataset.test is not None
    assert np.bincount(dataset.train.targets).tolist() == train
    assert np.bincount(dataset.test.targets).tolist() == test
    assert dataset.train.inputs.shape == (60_000, 784)
    assert dataset.train.inputs.dtype == np.uint8


def test_mnist_shows_the_digits_it_is_labelled_with() -> None:
    dataset = load("mnist", "mnist")
    images = dataset.train.inputs.reshape(-1, 28, 28)
    assert dataset.train.targets[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert round(float(images.mean()), 2) == 33.32  # 0.1307 of 255, as is widely quoted
    zero, one = (images[dataset.train.targets == label].mean(0) for label in (0, 1))
    assert zero[14, 14] < 40 < one[14, 14]  # a hole in the middle, and a stroke
