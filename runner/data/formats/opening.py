"""Opening files of any format: plain ones only, gzip or not, and how much may come out of them.

Packed bytes and holes can stand for a thousand times more.
"""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from runner.errors import DataError, printable

LARGEST = 1 << 30
"""Bytes of images in one file; the largest of the sets that are known here holds 547 million."""
LOOSE = 1 << 27
"""Bytes that any file may unpack to."""
MOST_GROWTH = 200
"""Times what is stored: tables and pictures pack 3 to 20 times smaller, rows of zeros 100 times."""
MOST_COLUMNS = 100_000


def is_plain(path: str | Path) -> bool:
    """Whether a file can be read to its end; a FIFO would wait for ever."""
    return stat.S_ISREG(os.stat(path).st_mode)


def opened_bytes(path: str | Path) -> BinaryIO:
    """The file's bytes, decompressed if it is gzip, whatever its name."""
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if compressed else open(path, "rb")


def fits(claimed: int, stored: int) -> bool:
    """Whether data of so many bytes may come from so few."""
    return claimed <= max(LOOSE, MOST_GROWTH * stored)


def stored_bytes(path: str | Path) -> int:
    """What a file takes on the disk, without its holes."""
    status = os.stat(path)
    return min(status.st_size, status.st_blocks * 512)


def check_growth(path: str | Path, claimed: int) -> None:
    """Raises ValueError for a file that claims more than its bytes can hold."""
    if not fits(claimed, stored := stored_bytes(path)):
        raise ValueError(
            f"it claims {claimed:,} bytes, more than {stored:,} stored bytes of data can hold"
        )


def refuse_file(path: Path, problem: str, expected: str) -> DataError:
    """The one line for a file of images that is not what it should be."""
    return DataError(f"{printable(path)} {problem}; expected {expected}")


@contextmanager
def opened(path: Path, expected: str) -> Iterator[BinaryIO]:
    """A plain file's bytes, as `opened_bytes`. Raises DataError where it cannot be read."""
    try:
        if not is_plain(path):
            raise refuse_file(path, "is not a file", expected)
        with opened_bytes(path) as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        problem = f"is damaged ({printable(error)})"
        raise refuse_file(path, problem, f"{expected}; fetch the file once more") from error
    except OSError as error:
        line = f"{printable(path)} cannot be read: {error.strerror or error}; expected {expected}"
        raise DataError(line, str(path)) from error
