"""The IDX format of MNIST and its relatives, plain or compressed.

Two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit
number, then the values, row by row. Source: LeCun, Cortes, Burges, the MNIST database.
"""

from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from runner.data.formats.opening import LARGEST, fits, opened, refuse_file, stored_bytes
from runner.errors import DataError
from runner.network.arrays import Array


def looks_like_idx(path: Path) -> bool:
    """Whether a file begins as IDX does; no text and no other format of ours does."""
    try:
        with opened(path, "an IDX file") as file:
            return file.read(2) == b"\0\0"
    except DataError:  # what is wrong is said by what reads it
        return False


def read_idx(path: Path, shape: tuple[int, ...]) -> Array:
    """An IDX file of bytes: [n, *shape] (uint8).

    shape: what all dimensions but the first must be. Nothing is allocated before the header's
    claim is known to be possible. Raises DataError naming the file and what is wrong.
    """
    described = " x ".join(map(str, ("n", *shape)))
    expected = f"an IDX file of {described} bytes, plain or gzip"
    with opened(path, expected) as file:
        count = read_header(file, path, shape, expected)
        size = count * prod(shape)
        check_size(path, size, expected)
        content = file.read(size)
        if len(content) < size:
            found = f"ends after {len(content):,} of the {size:,} bytes that its header promises"
            raise refuse_file(path, found, f"{expected}; fetch the file once more")
        if file.read(1):
            raise refuse_file(path, f"goes on after the {size:,} bytes of its header", expected)
    return np.frombuffer(content, np.uint8).reshape(count, *shape)


def read_header(file: BinaryIO, path: Path, shape: tuple[int, ...], expected: str) -> int:
    """The first dimension, once everything else in the header is as it should be."""
    magic = file.read(4)
    if len(magic) < 4:
        raise refuse_file(path, f"holds {len(magic)} bytes, less than a header", expected)
    if magic[:2] != b"\0\0":
        looks = "looks like a web page" if magic.lstrip()[:1] == b"<" else "is not IDX"
        raise refuse_file(path, f"{looks}: it begins with {magic!r}", expected)
    if magic[2] != 8:
        raise refuse_file(path, f"has values of type 0x{magic[2]:02x}, not bytes (0x08)", expected)
    if magic[3] != 1 + len(shape):
        raise refuse_file(path, f"has {magic[3]} dimensions", expected)
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise refuse_file(path, "ends within its header", expected)
    count, *rest = (int(size) for size in np.frombuffer(header, ">u4"))
    if tuple(rest) != shape:
        found = " x ".join(map(str, (count, *rest)))
        raise refuse_file(path, f"has dimensions {found}", expected)
    if count == 0:
        raise refuse_file(path, "holds no samples", expected)
    return count


def check_size(path: Path, size: int, expected: str) -> None:
    """Refuses a header that claims more than the file can hold, or than is held in memory."""
    if size > LARGEST:
        raise refuse_file(path, f"claims {size:,} bytes, over {LARGEST:,}", expected)
    stored = stored_bytes(path)
    if not fits(size, stored):
        found = f"claims {size:,} bytes, more than {stored:,} stored bytes of pictures can hold"
        raise refuse_file(path, found, expected)
