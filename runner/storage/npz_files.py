"""The file of a snapshot: npz, as NumPy reads it, whose zip comment is the SHA-256 of the rest.

Nothing in a file is trusted: the digest is checked before anything is parsed, names, types and
sizes before anything is allocated, and a file holds no pickle and is never executed.
"""

import hashlib
import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from runner.storage.reading import open_regular

Array = npt.NDArray[Any]

DIGEST_SIZE = 64
"""Hexadecimal digits."""
HEXADECIMAL = re.compile(rb"[0-9a-f]{64}")
BLOCK = 1 << 20
MOST = 0xFFFFFFFF
"""Bytes in a zip file without the extensions for larger ones."""
ABOUT = (45, 0, 0, 0, 33)
"""Of every member: zip version 4.5, no flags, stored, midnight, 1 January 1980."""
LOCAL = struct.pack("<4s5H", b"PK\3\4", *ABOUT)
"""How a zip file's header before a member begins, up to the member's CRC-32."""
LENGTHS, LENGTHS_AT = struct.Struct("<2H"), 26
"""Of the member's name and of what follows it, and where in its header; its bytes come next."""
ENTRY = struct.pack("<4s2B5H", b"PK\1\2", 45, 3, *ABOUT)
"""How its entry in the directory begins, up to the same."""
END = struct.Struct("<4s4H2IH")
"""What a zip file ends with."""
HEADER = re.compile(
    rb"\{'descr': '([<|][a-zA-Z]\d{1,9})', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,18}, ?)*\d{0,18})\), \} *\n"
)
"""What NumPy writes before an array's bytes. Matched, where NumPy itself would evaluate it."""
MAGIC = b"\x93NUMPY\x01\x00"


class Member(NamedTuple):
    """What an array in a snapshot must be."""

    kinds: str
    """Its type's letter, one of `np.dtype.kind`."""
    dimensions: tuple[int, ...]
    """How many it may have."""
    optional: bool = False


def encode(members: Mapping[str, Array]) -> bytes:
    """A snapshot's bytes: as `numpy.savez` writes them, several times faster for small arrays."""
    digest = hashlib.sha256()
    parts: list[bytes] = []
    large = sum(array.nbytes for array in members.values()) > MOST // 2
    for part in saved(members) if large else archived(members):
        digest.update(part)
        parts.append(part)
    return b"".join([*parts, digest.hexdigest().encode()])


def saved(members: Mapping[str, Array]) -> Iterator[bytes]:
    """The same from NumPy itself, which knows the zip format's extensions for large files."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **members)
    yield content.getvalue()[:-2]
    yield DIGEST_SIZE.to_bytes(2, "little")  # the comment's length


def archived(members: Mapping[str, Array]) -> Iterator[bytes]:
    """The parts of a zip file before its comment, whose length the last of them says."""
    offset = 0
    directory: list[bytes] = []
    for name, array in members.items():
        frame = frame_of(name, array.dtype, array.shape)
        values = array.tobytes()
        checksum = zlib.crc32(values, frame.checksum).to_bytes(4, "little")
        member = b"".join((LOCAL, checksum, frame.before, values))
        yield member
        place = offset.to_bytes(4, "little")
        directory += (ENTRY, checksum, frame.entry, place, frame.title)
        offset += len(member)
    entries = b"".join(directory)
    yield entries
    count = len(members)
    yield END.pack(b"PK\5\6", 0, 0, count, count, len(entries), offset, DIGEST_SIZE)


class Frame(NamedTuple):
    """What is around an array's bytes, the same for all with its name, type and shape."""

    title: bytes
    before: bytes
    """From the member's CRC-32 on."""
    entry: bytes
    """In the directory, between the member's CRC-32 and its place."""
    checksum: int
    """CRC-32 of the npy header."""


@lru_cache(maxsize=1024)
def frame_of(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Frame:
    """The frame of an array."""
    title, header = f"{name}.npy".encode("ascii"), npy_header(dtype, shape)
    size = len(header) + dtype.itemsize * math.prod(shape)
    sizes = struct.pack("<HHQQ", 1, 16, size, size)
    before = struct.pack("<2I2H", MOST, MOST, len(title), len(sizes)) + title + sizes + header
    entry = struct.pack("<2I5HI", size, size, len(title), 0, 0, 0, 0, 0o600 << 16)
    return Frame(title, before, entry, zlib.crc32(header))


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """What comes before an array's bytes in an npy file."""
    if dtype.hasobject:
        raise ValueError("a snapshot holds no Python objects")
    header = io.BytesIO()
    about = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def is_whole(path: Path) -> bool:
    """Whether a file is what `encode` gave, to the last bit."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        return digest_matches(file)


def decode(path: Path, expected: Mapping[str, Member]) -> dict[str, Array]:
    """The arrays in a snapshot's file. Raises OSError or ValueError when it is not sound."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        return decoded(file, expected)


def decoded(file: BinaryIO, expected: Mapping[str, Member]) -> dict[str, Array]:
    """The same of what `encode` gave, wherever it is kept."""
    if not digest_matches(file):
        raise ValueError("its SHA-256 is not that of its content")
    with zipfile.ZipFile(file) as archive:
        check_names(archive.infolist(), expected)
        check_sizes(archive.infolist(), file.seek(0, os.SEEK_END))
        check_places(archive.infolist(), file, archive.start_dir)
        arrays = {i.filename.removesuffix(".npy"): archive.read(i) for i in archive.infolist()}
    return {name: array_from(name, arrays[name], expected[name]) for name in arrays}


def digest_matches(file: BinaryIO) -> bool:
    """Whether a file ends in the SHA-256 of all before."""
    left = file.seek(0, os.SEEK_END) - DIGEST_SIZE
    if left <= 0:
        return False
    file.seek(left)
    expected = file.read()
    if not HEXADECIMAL.fullmatch(expected):  # no need to read the gigabytes before
        return False
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (block := file.read(min(left, BLOCK))):
        digest.update(block)
        left -= len(block)
    return expected == digest.hexdigest().encode()


def check_names(infos: list[zipfile.ZipInfo], expected: Mapping[str, Member]) -> None:
    """Every array once, and nothing else."""
    names = [info.filename.removesuffix(".npy") for info in infos if info.filename[-4:] == ".npy"]
    if len(names) < len(infos) or len(set(names)) < len(names) or set(names) - set(expected):
        raise ValueError("it holds members that a snapshot does not have")
    missing = {name for name, member in expected.items() if not member.optional} - set(names)
    if missing:
        raise ValueError(f"it lacks {min(missing)}")


def check_sizes(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Members are stored as they are, so they cannot be larger than the file."""
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ValueError(f"{info.filename} is compressed or encrypted")
        if info.file_size != info.compress_size:
            raise ValueError(f"{info.filename} says two sizes")
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its members are larger than the file")


def check_places(infos: list[zipfile.ZipInfo], file: BinaryIO, end: int) -> None:
    """No byte is of two members, nor of one and the directory that begins at `end`.

    Python's newest releases refuse some of these files, warn of others, and older ones neither.
    """
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        file.seek(info.header_offset + LENGTHS_AT)
        title, more = LENGTHS.unpack(file.read(LENGTHS.size).ljust(LENGTHS.size, b"\xff"))
        header = LENGTHS_AT + LENGTHS.size + title + more
        if info.header_offset + header + info.compress_size > end:
            raise ValueError(f"{info.filename} overlaps what comes after it")
        end = info.header_offset


def array_from(name: str, content: bytes, member: Member) -> Array:
    """An array of one's own from the bytes of an npy file."""
    start = len(MAGIC) + 2
    end = start + int.from_bytes(content[len(MAGIC) : start], "little")
    header = HEADER.fullmatch(content[start:end])
    if not content.startswith(MAGIC) or header is None:
        raise ValueError(f"{name} is not an array as snapshots hold it")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(size) for size in header[2].split(b",") if size.strip())
    count = 1
    for length in shape:
        count *= length  # of Python's integers, which do not overflow
    if dtype.kind not in member.kinds or not dtype.isnative or dtype.hasobject:
        raise ValueError(f"{name} holds {dtype.str}, expected a type of kind {member.kinds}")
    if len(shape) not in member.dimensions or count * dtype.itemsize != len(content) - end:
        raise ValueError(f"{name} has shape {shape}, which is not that of its content")
    return np.frombuffer(bytearray(content[end:]), dtype).reshape(shape)
