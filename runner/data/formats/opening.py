"""How much may come out of a file: packed bytes and holes can stand for a thousand times more."""

import os
from pathlib import Path

LOOSE = 1 << 27
"""Bytes that any file may unpack to."""
MOST_GROWTH = 200
"""Times what is stored: tables and pictures pack 3 to 20 times smaller, rows of zeros 100 times."""
MOST_COLUMNS = 100_000


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
