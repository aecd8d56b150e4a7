"""The .mat files of SVHN's cropped digits: X [32, 32, 3, n] and y [n, 1], 10 standing for 0.

A reader of our own for the little of the MATLAB 5 format that they use: SciPy's crashes the
interpreter on some damaged files. Format: MathWorks, MAT-File Format, level 5.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from runner.data.formats.opening import LARGEST, fits, opened, refuse_file
from runner.errors import printable
from runner.network.arrays import Array

EXPECTED = "a MATLAB 5 file with uint8 images X [32 x 32 x 3 x n] and labels y [n x 1] of 1 to 10"
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
"""Types of stored numbers."""
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4"}
"""Types of arrays; their numbers may be stored as smaller ones."""


@dataclass(frozen=True)
class Variable:
    """A numeric array of a file."""

    name: str
    shape: tuple[int, ...]
    kind: str
    stored: Array
    """Its numbers, first dimension fastest."""


def read_svhn(path: Path) -> tuple[Array, Array]:
    """Images [n, 3072] and labels [n]. Raises DataError naming the file and what is wrong."""
    try:
        with opened(path, EXPECTED) as file:
            found = {variable.name: variable for variable in variables(file)}
            if file.read(1):
                raise ValueError("it goes on after its last variable")
    except (ValueError, struct.error, zlib.error) as error:
        problem = f"cannot be read ({printable(error)})"
        raise refuse_file(path, problem, EXPECTED) from error
    for name in ("X", "y"):
        if name not in found:
            names = printable(", ".join(found) or "nothing")[:100]
            raise refuse_file(path, f"has no variable {name}, it holds {names}", EXPECTED)
    return svhn_samples(path, found["X"], found["y"])


def svhn_samples(path: Path, images: Variable, labels: Variable) -> tuple[Array, Array]:
    """The arrays as the runner holds them: a row an image, the digit 0 labelled 0."""
    shape = " x ".join(map(str, images.shape))
    if images.kind != "u1" or len(images.shape) != 4 or images.shape[:3] != (32, 32, 3):
        raise refuse_file(path, f"has X of type {images.kind}, {shape}", EXPECTED)
    count = images.shape[3]
    if labels.shape != (count, 1):
        found = " x ".join(map(str, labels.shape))
        raise refuse_file(path, f"has {count} images and y of {found}", EXPECTED)
    if not count or not np.isin(labels.stored, range(1, 11)).all():
        raise refuse_file(path, "has other labels than 1 to 10", EXPECTED)
    pixels = images.stored.astype(np.uint8, copy=False).reshape(images.shape[::-1])
    # [n, channel, column, row] -> [n, channel, row, column]
    rows = np.ascontiguousarray(pixels.transpose(0, 1, 3, 2)).reshape(count, 3072)
    return rows, (labels.stored % 10).astype(np.uint8)


def variables(file: BinaryIO) -> Iterator[Variable]:
    """The file's numeric arrays. Raises ValueError where it is not sound."""
    header = file.read(128)
    if len(header) < 128 or header[126:] not in (b"IM", b"MI"):
        raise ValueError("its header is not that of a MATLAB 5 file")
    order = "<" if header[126:] == b"IM" else ">"
    while tag := file.read(8):
        kind, size = struct.unpack(order + "II", tag)
        if kind not in (MATRIX, COMPRESSED):
            raise ValueError(f"it holds an element of type {kind}, not an array")
        if size > LARGEST:
            raise ValueError(f"an element claims {size:,} bytes, over {LARGEST:,}")
        content = file.read(size)
        if len(content) < size:
            raise ValueError("it ends within an array")
        yield array(inflated(content, order) if kind == COMPRESSED else content, order)


def inflated(content: bytes, order: str) -> bytes:
    """A compressed array. Its own claim of a size is held against what it can be first."""
    stream = zlib.decompressobj()
    kind, size = struct.unpack(order + "II", stream.decompress(content, 8))
    if kind != MATRIX or size > LARGEST or not fits(size, len(content)):
        raise ValueError(f"a compressed element of type {kind} claims {size:,} bytes")
    unpacked = stream.decompress(stream.unconsumed_tail, size + 1)
    if len(unpacked) != size or not stream.eof:
        raise ValueError(f"a compressed array is not the {size:,} bytes that it claims")
    return unpacked


def array(content: bytes, order: str) -> Variable:
    """An array: its flags, dimensions, name and numbers, one element each."""
    flags, place = element(content, 0, order)
    dimensions, place = element(content, place, order)
    name, place = element(content, place, order)
    numbers, place = element(content, place, order)
    if place < len(content):
        raise ValueError("an array holds more than real numbers")
    shape = tuple(int(size) for size in dimensions)
    if flags.dtype.kind != "u" or len(flags) != 2 or dimensions.dtype.kind != "i":
        raise ValueError("an array's flags or dimensions are not what they should be")
    kind = CLASSES.get(int(flags[0]) & 0xFF)
    if kind is None or min(shape, default=-1) < 0 or math.prod(shape) != len(numbers):
        raise ValueError("an array is not numeric, or not as long as its dimensions say")
    return Variable(name.tobytes().decode("ascii"), shape, kind, numbers)


def element(content: bytes, place: int, order: str) -> tuple[Array, int]:
    """The numbers of the element at `place`, and where the next one begins."""
    kind, size = struct.unpack_from(order + "II", content, place)
    start = place + 8
    if kind >> 16:  # up to four bytes stand in the tag itself
        kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        end = place + 8
    else:
        end = start + (size + 7) // 8 * 8
    if kind not in NUMBERS or start + size > len(content) or (start == place + 4 and size > 4):
        raise ValueError("an element is of no known type, or longer than its array")
    numbers = np.dtype(order + NUMBERS[kind])
    if size % numbers.itemsize:
        raise ValueError("an element ends within a number")
    return np.frombuffer(content, numbers, size // numbers.itemsize, start), end
