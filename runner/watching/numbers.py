"""Numbers for JSON and for a line of letters: fewer of them, and none that is not finite."""

import math
from collections.abc import Sequence

import numpy as np

from runner.network.arrays import Array

BARS = "▁▂▃▄▅▆▇█"


def thinned(count: int, most: int) -> Array:
    """Places of at most so many of `count` values, evenly apart, the first and last among them."""
    return np.unique(np.linspace(0, max(0, count - 1), min(count, most)).astype(int))


def plain(values: Sequence[float] | Array) -> list[float | None]:
    """Numbers with six digits, for JSON; None where one is not finite."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]


def sparkline(values: Sequence[float | None]) -> str:
    """A letter a value, the higher the larger: ▁▃█. A blank where there is no number."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    level = (len(BARS) - 1) / span if span else 0.0
    return "".join(" " if v is None else BARS[round((v - low) * level)] for v in values)
