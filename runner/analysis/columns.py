"""The columns of results: their types, and which values are not what a column can hold."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pandas as pd

Column: TypeAlias = "pd.Series[Any]"
Mask: TypeAlias = "pd.Series[bool]"

STATUSES = ("completed", "diverged", "failed", "interrupted")


def category(*values: str) -> Callable[[Column], tuple[Column, Mask]]:
    """A text that repeats; one of `values` when they are given."""

    def checked(column: Column) -> tuple[Column, Mask]:
        wrong = ~column.isin(values) if values else nowhere(column)
        return column.mask(wrong).astype("category"), wrong

    return checked


def time(column: Column) -> tuple[Column, Mask]:
    """A point in time, in UTC."""
    times = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    return times, times.isna() & column.notna()


def number(column: Column) -> tuple[Column, Mask]:
    """A number; a column that holds no number at all is one of texts, and right."""
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    return (column, nowhere(column)) if wrong.all() else (numbers, wrong)


def whole(column: Column) -> tuple[Column, Mask]:
    """A whole number of 64 bits; a failed run may lack it."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    right = (numbers % 1 == 0) & (numbers.abs() < 2**53)
    return numbers.where(right).astype("Int64"), ~right & column.notna()


def nowhere(column: Column) -> Mask:
    """No row of it."""
    return pd.Series(False, column.index)


TYPES: dict[str, Callable[[Column], tuple[Column, Mask]]] = {
    "seed": whole,
    "status": category(*STATUSES),
    "stop_reason": category(),
    "steps": whole,
    "epochs": whole,
    "parameters": whole,
    "started": time,
    "finished": time,
}
"""By the column's name; every other result is a `number`."""
