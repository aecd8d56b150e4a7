"""The numbers that a report opens with: as many digits as the runs of its groups carry."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group
from runner.analysis.group_table import interval_text as plain_interval
from runner.analysis.number_texts import (
    MOST_DECIMALS,
    SHORT,
    decimals_for,
    decimals_of,
    number_text,
)
from runner.training.metrics import metric_in

LEAST = 1e-6
"""Smaller numbers are told with their power of ten."""
BEST_DIGITS, MOST_IN_TABLE = 3, 7
"""Of the least loss of a table, and decimals for them."""
LARGE = 10_000
"""From here on digits are set apart by threes."""


def decimals_of_groups(groups: Sequence[Group]) -> int | None:
    """How many decimals means have; of single runs as many as tell all of them apart.

    None where each number has its own.
    """
    values = np.concatenate([group.values for group in groups])
    decimals = decimals_for(values)
    if len(values) == 1:
        return None
    if decimals is None or len(values) > len(groups):
        return decimals
    different = len(np.unique(values))
    more = range(decimals, MOST_DECIMALS + 1)
    return next((d for d in more if len(np.unique(values.round(d))) == different), MOST_DECIMALS)


def decimals_in_table(column: "pd.Series[Any]") -> int | None:
    """How many decimals a column of runs has: of losses so many that the least can be told apart.

    None where each number has its own.
    """
    decimals = decimals_of(column)
    values = column.to_numpy(float, na_value=np.nan)
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    error = metric_in(str(column.name))
    if decimals is None or not len(values) or error is None or error.higher_is_better:
        return decimals
    if np.array_equal(values.round(decimals), values):
        return decimals
    needed = BEST_DIGITS - 1 - int(np.floor(np.log10(values.min())))
    return max(decimals, min(needed, MOST_IN_TABLE))


def mean_text(group: Group, mean: float, decimals: int | None) -> str:
    """A group's mean; of a single run its value, which no other run makes unsure."""
    if len(group.values) == 1 and decimals is None:
        short = float(f"{mean:.{SHORT}g}")
        small = LEAST <= abs(short) < 1
        return np.format_float_positional(short, trim="-") if small else number_text(short, None)
    return in_threes(mean, decimals)


def interval_text(row: "pd.Series[Any]", decimals: int | None) -> str:
    """As `compare` writes it, large numbers in threes: `[1,025,951 to 1,265,622]`."""
    low, high = (in_threes(float(row[name]), decimals) for name in ("low", "high"))
    if "," in low + high:
        return f"[{low} to {high}]"
    return plain_interval(row.to_dict(), decimals)


def in_threes(value: float, decimals: int | None) -> str:
    """A number with so many decimals, `1,139,503`."""
    if decimals is None or abs(value) < LARGE:
        return number_text(value, decimals)
    return f"{value:,.{decimals}f}"
