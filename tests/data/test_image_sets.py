from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.configuration.composing import compose
from runner.data import downloads
from runner.data.dataset import Dataset
from runner.data.image_sets import pixel_names
from runner.errors import DataError
from runner.experiment.loading import load_dataset
from runner.network.arrays import Array
from runner.settings import parse_settings
from tests.data import small_files


def load(*overrides: str) -> Dataset:
    return load_dataset(parse_settings(compose(overrides)).dataset)


SETS: dict[str, tuple[list[str], Callable[[Path], dict[str, Array]], int]] = {
    # overrides, writer of small files in the true format, classes
    "mnist": (["dataset=mnist"], small_files.write_mnist, 10),
    "fashion_mnist": (["dataset=fashion_mnist"], small_files.write_mnist, 10),
    "kmnist, plain": (
        ["dataset=kmnist"],
        lambda folder: small_files.write_mnist(folder, compressed=False),
        10,
    ),
    "cifar10": (["dataset=cifar10"], small_files.write_cifar10, 10),
    "cifar100": (["dataset=cifar100"], lambda folder: small_files.write_cifar100(folder, 1), 100),
    "cifar100, coarse": (
        ["dataset=cifar100", "dataset.labels=coarse"],
        lambda folder: small_files.write_cifar100(folder, 0),
        20,
    ),
    "stl10": (["dataset=stl10"], small_files.write_stl10, 10),
    "svhn": (["dataset=svhn"], small_files.write_svhn, 10),
    **{
        f"emnist, {split}": (
            ["dataset=emnist", f"dataset.split={split}"],
            lambda folder, split=split, classes=classes: small_files.write_emnist(  # type: ignore[misc]
                folder, split, classes, int(split == "letters")
            ),
            classes,
        )
        for split, classes in {
            "balanced": 47,
            "byclass": 62,
            "bymerge": 47,
            "digits": 10,
            "letters": 26,
            "mnist": 10,
        }.items()
    },
}


@pytest.mark.parametrize("case", SETS)
def test_files_in_the_true_format_come_back_pixel_by_pixel(case: str, tmp_path: Path) -> None:
    overrides, write, classes = SETS[case]
    held = write(tmp_path)
    dataset = load(*overrides, f"dataset.root={tmp_path}")
    assert dataset.classes is not None
    assert len(dataset.classes) == len(set(dataset.classes)) == classes
    assert len(dataset.shape) == 3
    assert dataset.shows_images
    for name, part in dataset.parts.items():
        assert part.inputs.dtype == np.uint8
        shown = part.inputs.reshape(-1, *dataset.shape)
        expected = held[name].reshape(shown.shape)
        np.testing.assert_array_equal(shown, expected)
        np.testing.assert_array_equal(part.targets, held[f"{name} labels"])
    assert dataset.fitting_outputs == (classes,)


def test_pixels_are_named_in_the_order_in_which_they_lie() -> None:
    names = np.array(pixel_names((3, 2, 4))).reshape(3, 2, 4)
    assert names[2, 1, 3] == "2.4.3"  # row, column, channel
    assert pixel_names((1, 2, 2)) == ("1.1", "1.2", "2.1", "2.2")


def test_the_digits_need_no_files() -> None:
    dataset = load("dataset=digits", "dataset.test=null")
    assert dataset.train.inputs.shape == (1797, 64)
    assert (dataset.train.inputs.min(), dataset.train.inputs.max()) == (0, 16)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI gives them
    assert np.bincount(dataset.train.targets).tolist() == counts


def test_files_may_lie_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-bin").mkdir()
    small_files.write_cifar10(tmp_path / "cifar-10-batches-bin")
    assert len(load("dataset=cifar10", f"dataset.root={tmp_path}").train) == 30


@pytest.mark.parametrize(
    "name", ["mnist", "fashion_mnist", "kmnist", "emnist", "cifar10", "cifar100", "svhn", "stl10"]
)
def test_files_that_are_not_there_are_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no .*expected the files") as caught:
        load(f"dataset={name}", f"dataset.root={tmp_path}")
    assert str(caught.value).isprintable()
    with pytest.raises(DataError, match="is not a folder"):
        load(f"dataset={name}", f"dataset.root={tmp_path}/nowhere")


def test_offline_one_line_says_which_files_are_wanted_and_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise ConnectionError("Connection refused")

    pooch = pytest.importorskip("pooch")
    monkeypatch.setattr(pooch, "retrieve", no_network)
    monkeypatch.setattr(downloads, "cache_folder", lambda _: tmp_path)
    with pytest.raises(DataError) as caught:
        load("dataset=svhn")
    for words in ("no connection", "train_32x32.mat, test_32x32.mat", "dataset.root=FOLDER"):
        assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_fetched_archives_are_unpacked_by_name_and_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tarfile

    pooch = pytest.importorskip("pooch")
    source = tmp_path / "source"
    source.mkdir()
    small_files.write_cifar10(source)
    (source / "other").write_text("not wanted")
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, "cifar-10-batches-bin")
        tar.add(source / "other", "../escaped")
    fetched = []

    def retrieve(url: str, known_hash: str, *_: object) -> str:
        fetched.append((url, known_hash))
        return str(archive)

    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(pooch, "retrieve", retrieve)
    monkeypatch.setattr(downloads, "cache_folder", lambda _: cache)
    assert len(load("dataset=cifar10").train) == 30
    assert len(load("dataset=cifar10").train) == 30
    assert len(fetched) == 1
    assert fetched[0][0].startswith("https://")
    assert fetched[0][1].startswith("sha256:")
    assert not list(tmp_path.rglob("escaped"))
    assert sorted(path.name for path in cache.iterdir()) == [
        *(f"data_batch_{i}.bin" for i in range(1, 6)),
        "test_batch.bin",
    ]


@pytest.mark.parametrize(
    ("overrides", "low", "high", "mean"),
    [("unit", 0, 1, None), ("none", 0, 255, None), ("standardise", -2, 2, 0)],
)
def test_pixels_are_scaled_as_asked(
    overrides: str, low: float, high: float, mean: float | None, tmp_path: Path
) -> None:
    from runner.experiment.building import build_problem

    small_files.write_mnist(tmp_path)
    settings = parse_settings(
        compose(
            [
                *("dataset=mnist", f"dataset.root={tmp_path}"),
                *(f"dataset.scale={overrides}", "batch_size=null"),
            ]
        )
    )
    inputs = build_problem(settings, load_dataset(settings.dataset)).inputs
    assert inputs.dtype == np.float32
    assert inputs.min() == pytest.approx(low, abs=0.3)
    assert inputs.max() == pytest.approx(high, abs=0.3)
    if mean is not None:
        assert inputs.mean() == pytest.approx(mean, abs=1e-5)


def test_images_stay_uint8_and_a_batch_is_scaled_as_all_at_once(tmp_path: Path) -> None:
    from runner.experiment.building import build_problem

    small_files.write_mnist(tmp_path)
    overrides = ["dataset=mnist", f"dataset.root={tmp_path}", "batch_size=5"]
    settings = parse_settings(compose(overrides))
    dataset = load_dataset(settings.dataset)
    problem = build_problem(settings, dataset)
    assert problem.inputs.dtype == np.uint8
    assert problem.scaling is not None
    out = np.empty((30, 784), np.float32)
    problem.scaling.apply(problem.inputs, out)
    np.testing.assert_allclose(out, problem.inputs / 255, rtol=1e-6)
