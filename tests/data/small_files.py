"""Small files in the true formats of the image sets, written byte by byte."""

import gzip
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import io

from runner.data import own_tables
from runner.data.dataset import Pool
from runner.network.arrays import Array


def idx_bytes(array: Array) -> bytes:
    """An IDX file of bytes."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def random_images(samples: int, *shape: int, seed: int = 1) -> Array:
    """Images of noise, uint8."""
    return np.random.default_rng(seed).integers(0, 256, (samples, *shape), np.uint8)


def write(path: Path, content: bytes, *, compressed: bool) -> None:
    """A file, plain or gzip (and then named .gz)."""
    if compressed:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)


MNIST_NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def write_mnist(folder: Path, classes: int = 10, *, compressed: bool = True) -> dict[str, Array]:
    """A set like MNIST, 30 and 12 images; returns what it holds."""
    held = {}
    for part, samples in (("train", 30), ("test", 12)):
        held[part] = random_images(samples, 28, 28)
        held[f"{part} labels"] = (np.arange(samples) % classes).astype(np.uint8)
        for name, array in zip(
            MNIST_NAMES[part], (held[part], held[f"{part} labels"]), strict=True
        ):
            write(folder / name, idx_bytes(array), compressed=compressed)
    return held


def write_emnist(folder: Path, split: str, classes: int, first: int) -> dict[str, Array]:
    """A division of EMNIST: images column by column, labels from `first` on."""
    held: dict[str, Array] = {}
    for part, samples in (("train", 2 * classes), ("test", classes)):
        images = random_images(samples, 28, 28)
        labels = (np.arange(samples) % classes).astype(np.uint8)
        stem = f"emnist-{split}-{part}"
        write(
            folder / f"{stem}-images-idx3-ubyte",
            idx_bytes(images.transpose(0, 2, 1)),
            compressed=True,
        )
        write(
            folder / f"{stem}-labels-idx1-ubyte",
            idx_bytes(labels + np.uint8(first)),
            compressed=True,
        )
        held |= {part: images, f"{part} labels": labels}
    return held


def cifar_bytes(images: Array, *labels: Array) -> bytes:
    """Records of label bytes and the planes red, green, blue; images [n, 3, 32, 32]."""
    planes = images.reshape(len(images), -1)
    return np.hstack([*(column[:, None] for column in labels), planes]).tobytes()


def write_cifar10(folder: Path) -> dict[str, Array]:
    """Five files of six images for training, one for testing."""
    images = random_images(36, 3, 32, 32)
    labels = (np.arange(36) % 10).astype(np.uint8)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    for place, name in enumerate(names):
        rows = slice(6 * place, 6 * place + 6)
        (folder / name).write_bytes(cifar_bytes(images[rows], labels[rows]))
    return split_held(images, labels, 30)


def write_cifar100(folder: Path, which: int) -> dict[str, Array]:
    """A file for training and one for testing, coarse and fine labels; returns one kind."""
    images = random_images(30, 3, 32, 32)
    labels = (np.arange(30) % 20).astype(np.uint8), (3 * np.arange(30) % 100).astype(np.uint8)
    for name, rows in (("train.bin", slice(0, 20)), ("test.bin", slice(20, 30))):
        content = cifar_bytes(images[rows], *(column[rows] for column in labels))
        (folder / name).write_bytes(content)
    return split_held(images, labels[which], 20)


def write_stl10(folder: Path) -> dict[str, Array]:
    """Images plane by plane and column by column, labels from 1."""
    images = random_images(18, 3, 96, 96)
    labels = (np.arange(18) % 10).astype(np.uint8)
    for part, rows in (("train", slice(0, 12)), ("test", slice(12, 18))):
        (folder / f"{part}_X.bin").write_bytes(images[rows].transpose(0, 1, 3, 2).tobytes())
        (folder / f"{part}_y.bin").write_bytes((labels[rows] + np.uint8(1)).tobytes())
    return split_held(images, labels, 12)


def write_svhn(folder: Path) -> dict[str, Array]:
    """MATLAB files as SVHN's: images [32, 32, 3, n], the digit 0 labelled 10."""
    images = random_images(32, 3, 32, 32)
    labels = (np.arange(32) % 10).astype(np.uint8)
    for part, rows in (("train", slice(0, 20)), ("test", slice(20, 32))):
        counted = np.where(labels[rows] == 0, 10, labels[rows]).astype(np.uint8)
        arrays = {"X": images[rows].transpose(2, 3, 1, 0), "y": counted[:, None]}
        io.savemat(folder / f"{part}_32x32.mat", arrays, do_compression=True)
    return split_held(images, labels, 20)


def split_held(images: Array, labels: Array, train: int) -> dict[str, Array]:
    """What a set holds, by part."""
    return {
        "train": images[:train],
        "train labels": labels[:train],
        "test": images[train:],
        "test labels": labels[train:],
    }


def load_csv(
    path: str,
    target: tuple[str, ...],
    features: tuple[str, ...] | None = None,
    files: Mapping[str, str] | None = None,
    **options: Any,
) -> Pool:
    chosen = own_tables.CsvOptions(path, target, features, **options)
    return own_tables.load_csv(chosen, files)
