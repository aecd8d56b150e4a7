"""What Weights & Biases keeps of a run on this machine, for which its Python has no reader.

A file of records in the format of LevelDB's log, behind 7 bytes of its own (seen with 0.31).
"""

import struct
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HEAD, BLOCK = struct.Struct("<IHB"), 32768
OWN = 7
SECONDS = 1.0
WHOLE, LAST = 1, 4
"""Kinds of pieces that end a record."""


def records(content: bytes) -> Iterator[Any]:
    """The records of a file, up to where it was cut off."""
    kind_of_record = import_module("wandb.proto.wandb_internal_pb2").Record
    for each in pieces(content):
        yield kind_of_record.FromString(each)


def pieces(content: bytes) -> Iterator[bytes]:
    """The bytes of each record."""
    place, parts = OWN, b""
    while place + HEAD.size <= len(content):
        rest = BLOCK - place % BLOCK
        if rest < HEAD.size:  # no head fits
            place += rest
            continue
        _, size, kind = HEAD.unpack_from(content, place)
        place += HEAD.size + size
        if place > len(content):
            return
        parts += content[place - size : place]
        if kind in (WHOLE, LAST):
            yield parts
            parts = b""


def written(path: Path) -> list[Any]:
    """The records of a file, once its run has ended or for a second nothing has come.

    W&B writes it in a process of its own, which a run that has ended does not wait for.
    """
    size, since = -1, time.monotonic()
    while True:
        content = path.read_bytes()
        if len(content) != size:
            size, since = len(content), time.monotonic()
        found = list(records(content))
        if any(each.HasField("exit") for each in found) or time.monotonic() > since + SECONDS:
            return found
        time.sleep(0.05)
