"""Tiny tables: rows written in YAML, and truth tables made on the spot."""

from collections.abc import Sequence

import numpy as np

from runner.data.dataset import Dataset, numbered

Row = tuple[Sequence[float], Sequence[float]]


def table(rows: Sequence[Row]) -> Dataset:
    """A data set from rows [[inputs], [targets]]."""
    inputs, targets = zip(*rows, strict=True)
    return numbered(np.array(inputs, float), np.array(targets, float))


def parity(bits: int) -> Dataset:
    """All 2^bits inputs in counting order; the target is 1 when an odd number of bits is set."""
    numbers = np.arange(2**bits)
    inputs = (numbers[:, None] >> np.arange(bits)[::-1]) & 1  # [2^bits, bits], high bit first
    targets = inputs.sum(1, keepdims=True) % 2
    return numbered(inputs.astype(float), targets.astype(float))
