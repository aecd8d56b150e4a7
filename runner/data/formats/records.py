"""The binary formats of CIFAR and STL-10: fixed-length records, no header."""

from math import prod
from pathlib import Path

import numpy as np

from runner.data.formats.opening import (
    LARGEST,
    LOOSE,
    MOST_GROWTH,
    opened,
    refuse_file,
    stored_bytes,
)
from runner.network.arrays import Array


def read_records(path: Path, size: int, what: str) -> Array:
    """A file of records of so many bytes: [n, size] (uint8).

    Raises DataError where the file is empty, too large or holds a part of a record.
    """
    expected = f"whole records of {size:,} bytes ({what})"
    with opened(path, expected) as file:
        most = min(LARGEST, max(LOOSE, MOST_GROWTH * stored_bytes(path)))
        content = file.read(most + 1)
    if len(content) > most:
        raise refuse_file(path, f"holds more than {most:,} bytes", expected)
    if not content or len(content) % size:
        raise refuse_file(path, f"holds {len(content):,} bytes", expected)
    return np.frombuffer(content, np.uint8).reshape(-1, size)


def read_cifar(path: Path, labels: int, label: int) -> tuple[Array, Array]:
    """Images [n, 3072] and labels [n] of a CIFAR file in the binary version.

    labels: how many label bytes a record begins with; label: which of them is wanted.
    Pixels come plane by plane, red first, row by row.
    """
    records = read_records(path, labels + 3072, "labels and a 32 x 32 colour image")
    return np.ascontiguousarray(records[:, labels:]), records[:, label]


def read_stl10_images(path: Path) -> Array:
    """Images [n, 27648] of an STL-10 file: plane by plane, each plane column by column."""
    shape = (3, 96, 96)
    planes = read_records(path, prod(shape), "a 96 x 96 colour image").reshape(-1, *shape)
    return np.ascontiguousarray(planes.transpose(0, 1, 3, 2)).reshape(-1, prod(shape))


def read_stl10_labels(path: Path) -> Array:
    """Labels [n], counted from 1 in the file and from 0 here; 255 where the file says 0."""
    labels: Array = read_records(path, 1, "a label from 1 to 10")[:, 0] - np.uint8(1)
    return labels


def read_stl10(images: Path, labels: Path) -> tuple[Array, Array]:
    """Images [n, 27648] and labels [n] of a pair of STL-10's files."""
    return read_stl10_images(images), read_stl10_labels(labels)
