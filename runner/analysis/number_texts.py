"""Values as they are shown: numbers of a column alike, with the decimals that tell them apart."""

from typing import Any

import numpy as np
import pandas as pd

from runner.errors import printable
from runner.network.arrays import Array

DIGITS = 4
"""Of the largest number of a column."""
SHORT = 6
"""Digits of a number that is short enough to be shown as it is."""
SPREAD_DIGITS = 3
"""Of the distance between its least and its greatest, for those between to be told apart."""
MOST_DECIMALS = 12


def decimals_of(column: "pd.Series[Any]") -> int | None:
    """How many decimals tell the numbers of a column apart; None where each has its own.

    So have whole numbers, numbers of very different size, and settings, which are as they were
    given: those that can be fractions have a point in their names, results have none.
    """
    if not pd.api.types.is_float_dtype(column.dtype) or "." in str(column.name):
        return None
    values = column.to_numpy(float, na_value=np.nan)
    return decimals_for(values[np.isfinite(values)])


def decimals_for(values: Array) -> int | None:
    """The same of finite numbers."""
    sizes = np.abs(values[values != 0])
    if not len(sizes) or sizes.max() > 1e3 * sizes.min() or sizes.max() >= 1e15:
        return None
    needed = DIGITS - 1 - np.floor(np.log10(sizes.max()))
    if spread := np.ptp(values):
        needed = max(needed, SPREAD_DIGITS - 1 - np.floor(np.log10(spread)))
    most = int(np.clip(needed, 0, MOST_DECIMALS))
    exact = (d for d in range(most) if np.array_equal(np.round(values, d), values))
    return next(exact, most)


def number_text(value: object, decimals: int | None) -> str:
    """A number with so many decimals; None: as it is where it is short, else with four digits.

    Times are told to the second, other values as on the command line.
    """
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if not isinstance(value, float):
        return shown_value(value)
    if decimals is not None:
        return f"{value:.{decimals}f}"
    short = f"{value:.{SHORT}g}"
    return short if float(short) == value else f"{value:.{DIGITS}g}"


def shown_value(value: object) -> str:
    """A value as on the command line."""
    if value is None or value is pd.NA or value != value:
        return "null"
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else printable(value)
