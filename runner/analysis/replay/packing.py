"""Arrays as text in a page: what changes little from moment to moment takes little room."""

import base64
import zlib
from typing import Any

import numpy as np

from runner.network.arrays import Array

Packed = dict[str, Any]
"""Where an array lies in the text, and how it is read."""
LEVELS = 255


class Packing:
    """Arrays [moments, …], one after the other. The page's reading.js has the way back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def numbers(self, values: Array) -> Packed:
        """As float32: the bits that changed since the moment before, byte by byte."""
        bits = np.array(values, "<f4", order="C").view("<u4").reshape(len(values), -1)
        bits[1:] ^= bits[:-1].copy()
        return self._placed("numbers", values, bits.reshape(-1, 1).view("u1").T.tobytes())

    def shades(self, values: Array, low: float, high: float) -> Packed:
        """As 256 levels from low to high: how many they rose since the moment before."""
        span = (high - low) or 1.0
        share = np.nan_to_num((np.asarray(values, np.float64) - low) / span)
        levels = (np.clip(share, 0, 1) * LEVELS).round().astype("u1").reshape(len(values), -1)
        levels[1:] -= levels[:-1].copy()
        return self._placed("shades", values, levels.tobytes()) | {"low": low, "high": high}

    def flags(self, values: Array) -> Packed:
        """Whole numbers from 0 to 255."""
        return self.shades(values, 0, LEVELS)

    def text(self) -> str:
        """All of them, deflated, in base64."""
        return base64.b64encode(zlib.compress(b"".join(self._pieces))).decode()

    def _placed(self, kind: str, values: Array, content: bytes) -> Packed:
        at, self._size = self._size, self._size + len(content)
        self._pieces.append(content)
        return {"kind": kind, "at": at, "shape": list(values.shape)}
