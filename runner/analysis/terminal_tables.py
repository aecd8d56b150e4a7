"""Tables of runs in the terminal, no wider than it is."""

import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from runner.analysis.number_texts import decimals_of, number_text
from runner.errors import counted, printable
from runner.standard_output import table_console

GAP = 2
INDENT = "    "


def show(table: pd.DataFrame, most: int, decimals: Mapping[str, int | None] | None = None) -> None:
    """Prints a table; of more rows than `most` the first ones.

    One that is wider than the terminal is shown upright: a line a column, some rows side by side.
    decimals: of columns that are not to have their own.
    """
    shown = table.head(most) if most > 0 else table
    known = decimals or {}
    cells = {
        printable(name): texts_of(column, known.get(str(name), decimals_of(column)))
        for name, column in shown.items()
    }
    if sum(width_of(name, texts) + GAP for name, texts in cells.items()) - GAP > room():
        show_upright(cells)
    else:
        show_rows(cells, list(map(printable, shown.select_dtypes(["number", "bool", "boolean"]))))
    if hidden := len(table) - len(shown):
        print(f"… {counted(hidden, 'more row')}; --rows 0 shows all")


def room() -> int:
    """How many letters a line has; where nobody watches, as many as it takes."""
    return int(table_console().width)


def show_rows(cells: Mapping[str, Sequence[str]], right: Sequence[str]) -> None:
    """Prints a line a row; the columns in `right` end at the same place."""
    from rich.table import Table  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name in cells:
        drawn.add_column(Text(name), justify="right" if name in right else "left")
    for row in zip(*cells.values(), strict=True):
        drawn.add_row(*map(Text, row))
    table_console().print(drawn)


def show_upright(cells: Mapping[str, Sequence[str]]) -> None:
    """Prints a line a column, as many rows side by side as there is room for, then the next ones.

    The first column names the rows. What is the same in all of them is told once, before.
    """
    first, *names = cells
    rows = len(cells[first])
    same = [name for name in names if rows > 1 and len(set(cells[name])) == 1]
    if known := [f"{name}={cells[name][0]}" for name in same if cells[name][0]]:
        say(f"The same in all {rows}: {', '.join(known)}")
        print()
    lines = [first, *(name for name in names if name not in same)]
    widths = [max(len(cells[name][row]) for name in lines) + GAP for row in range(rows)]
    start = 0
    while start < rows:
        free = room() - max(map(len, lines)) - np.cumsum(widths[start:])
        end = start + max(1, int((free >= 0).sum()))
        if start:
            print()
        page = {first: lines[1:]}
        page |= {cells[first][row]: [cells[n][row] for n in lines[1:]] for row in range(start, end)}
        show_rows(page, list(page)[1:])
        start = end


def say(line: str) -> None:
    """Prints a line, in a terminal that is narrower several, broken between words."""
    print(textwrap.fill(line, room(), subsequent_indent=INDENT, break_on_hyphens=False))


def texts_of(column: "pd.Series[Any]", decimals: int | None) -> list[str]:
    """The cells of a column as they are shown; empty where there is nothing."""
    return ["" if pd.isna(value) else number_text(value, decimals) for value in column.tolist()]


def width_of(name: str, texts: Sequence[str]) -> int:
    """The room that a column takes."""
    return max([len(printable(name)), *map(len, texts)])


def fitting(table: pd.DataFrame, most: int, importance: Sequence[str]) -> list[str]:
    """The columns that the terminal has room for, the least important ones left out.

    importance: columns, the most important first. Where nobody watches, all of them.
    """
    if not sys.stdout.isatty():
        return [str(name) for name in table]
    free = room()
    kept = set()
    for name in importance:
        column = table[name].head(most) if most > 0 else table[name]
        widest = width_of(name, texts_of(column, decimals_of(column)))
        if widest <= free:
            free -= widest + GAP
            kept.add(name)
    return [str(name) for name in table if name in kept]
