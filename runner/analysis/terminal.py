"""Tables of runs in the terminal, no wider than it is."""

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from runner.analysis.wording import value_text
from runner.commands import console
from runner.errors import printable

GAP = 2


def show(table: pd.DataFrame, most: int) -> None:
    """Prints a table; of more rows than `most` the first ones."""
    from rich.table import Table  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415

    shown = table.head(most) if most > 0 else table
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        numbers = pd.api.types.is_numeric_dtype(shown[name].dtype)
        drawn.add_column(Text(printable(name)), justify="right" if numbers else "left")
    for row in shown.itertuples(index=False):
        drawn.add_row(*(Text(cell_text(value)) for value in row))
    console().print(drawn)
    if len(shown) < len(table):
        print(f"… {len(table) - len(shown):,} more rows; --rows 0 shows all")


def cell_text(value: Any) -> str:
    """A value as it is shown; nothing where there is none."""
    return "" if pd.isna(value) else value_text(value)


def fitting(table: pd.DataFrame, most: int, importance: Sequence[str]) -> list[str]:
    """The columns that the terminal has room for, the least important ones left out.

    importance: columns, the most important first. Where nobody watches, all of them.
    """
    if not sys.stdout.isatty():
        return [str(name) for name in table]
    room = console().width
    kept = set()
    for name in importance:
        cells = table[name].head(most) if most > 0 else table[name]
        widest = max([len(name), *(len(cell_text(value)) for value in cells)])
        if widest <= room:
            room -= widest + GAP
            kept.add(name)
    return [str(name) for name in table if name in kept]
