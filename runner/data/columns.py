"""Columns of a table of one's own, gathered piece by piece: numbers, or texts that repeat."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from runner.data.formats.cells import DECIMAL_COMMA, is_date, is_missing, is_number, is_numeral
from runner.data.formats.table_file import TableFile
from runner.errors import listed, printable, warn_caller
from runner.network.arrays import LARGEST, Array

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 1000
"""More different texts than that are no categories, unless dataset.categorical names the column."""


class Column:
    """One column of a file: numbers in `values`, or texts as places among `categories`.

    values: [rows], a view to write into. NaN is a missing number, -1 a missing text.
    """

    def __init__(self, name: str, values: Array, *, categorical: bool) -> None:
        self.name = name
        self.values = values
        self.categorical = categorical
        """Whether it was said to hold categories, whatever it looks like."""
        self.texts: dict[str, int] = {}
        self.codes: list[Array] = []
        self.numeric = self.gaps = self.infinite = self.large = False
        """Whether there are numbers, missing values, infinities, numbers beyond `LARGEST`."""
        self.boolean = self.whole = True
        """Whether all numbers are truth values, or written without a point."""

    def add(self, cells: "pd.Series[Any]", start: int) -> bool:
        """Takes the next piece; False for lists, bytes and the like, and texts amid numbers."""
        kind: str = cells.dtype.kind
        rows = slice(start, start + len(cells))
        if kind == "O" and not self.categorical:
            cells, kind = told_apart(cells)
        if kind == "?":
            return False
        if self.categorical or kind not in "biuf":
            self.values[rows] = np.nan
            self.codes.append(self._coded(cells))
            return not (self.numeric and self.texts)
        self.values[rows] = values = cells.to_numpy(float, na_value=np.nan)
        self.codes.append(np.broadcast_to(np.int32(-1), values.shape))
        sizes = np.abs(values)
        if not (sizes <= LARGEST).all():
            unknown = int(np.count_nonzero(np.isnan(values)))
            self.gaps |= unknown > 0
            self.infinite |= bool(np.isinf(values).any())
            self.large |= bool((sizes > LARGEST).any())
            if unknown == len(values):
                return True
        self.numeric = True
        self.boolean &= kind == "b"
        self.whole &= kind in "biu"
        return not self.texts

    def _coded(self, cells: "pd.Series[Any]") -> Array:
        """Each text's place among the categories seen so far; -1 where there is none."""
        codes, found = cells.factorize()
        self.gaps |= bool((codes < 0).any())
        places = [self.texts.setdefault(str(text), len(self.texts)) for text in found]
        coded: Array = np.array([*places, -1], np.int32)[codes]
        return coded

    def missing(self) -> Array:
        """Which rows have no value [rows]."""
        missing: Array = np.isnan(self.values)
        if self.is_text:
            missing &= np.concatenate(self.codes) < 0
        return missing

    @property
    def is_text(self) -> bool:
        """Whether it holds categories."""
        return bool(self.texts)

    def categories(self) -> tuple[tuple[str, ...], Array]:
        """The different texts in alphabetical order, and each row's place among them [rows]."""
        names = sorted(self.texts)
        place = np.array([*np.argsort(np.argsort(list(self.texts))), -1], np.int32)
        return tuple(names), place[np.concatenate(self.codes)]

    def _no_numbers(self, target: bool) -> str:
        """What is wrong with a column of texts that hardly repeat, and a way out."""
        way_out = "expected numbers, or texts that repeat, to be classes"
        if not target:
            name = printable(self.name)
            way_out = (
                f"leave the column out with dataset.exclude=[{name}], or take them for categories "
                f"with dataset.categorical=[{name}]"
            )
        return (
            "is a text: the column holds no numbers, and its texts hardly repeat, so that they "
            f"are no categories; {way_out}"
        )

    def check(self, file: TableFile, rows: int, no_number: str | None, *, target: bool) -> None:
        """Refuses texts that are no categories, and numbers that are not finite.

        no_number: what is said of a text where the column is known to hold numbers. target: whether
        it is one; features can be left out.
        """
        if self.is_text and not self.categorical:
            commas = all(re.fullmatch(DECIMAL_COMMA, text.strip()) for text in self.texts)
            mixed = any(is_number(text) for text in self.texts)
            many = len(self.texts) > min(MOST_CATEGORIES, rows // 2)
            dates = all(map(is_date, self.texts))
            if no_number or self.numeric or commas or mixed or (dates and many):
                refuse_text(file, self.name, None if commas else no_number)
            if many:
                file.refuse_cell(self.name, lambda c: not is_missing(c), self._no_numbers(target))
            if dates:
                warn_caller(
                    f"{printable(file.path)} column '{printable(self.name)}' holds dates, which "
                    "are taken for categories; dataset.exclude leaves it out, and "
                    "dataset.categorical says that it is meant"
                )
        if self.infinite:
            refuse_text(file, self.name)
        if self.large:
            file.refuse_cell(self.name, is_large, "is beyond ±1e150; scale the column down")


def refuse_text(file: TableFile, name: str, problem: str | None = None) -> NoReturn:
    """Raises DataError for the first cell of a column that is there and no finite number."""
    file.refuse_cell(name, lambda cell: not is_number(cell) and not is_missing(cell), problem)


def told_apart(cells: "pd.Series[Any]") -> tuple["pd.Series[Any]", str]:
    """Cells of Python objects, and of what kind they are; numbers among them become floats.

    The kind: b truth values, i and f numbers, O texts, ? anything else. Numbers come as objects
    where they are decimals, or whole and beyond 64 bits, which are read as texts.
    """
    present = cells.dropna()
    found = present if present.dtype == object else present.unique()  # lists have no hash
    if all(isinstance(cell, bool) for cell in found):
        return cells.astype(float), "b"
    if all(isinstance(cell, Decimal) for cell in found):
        whole = all(cell.as_tuple().exponent == 0 for cell in found)
        return cells.astype(float), "i" if whole else "f"
    if not all(isinstance(cell, bool | str) for cell in found):
        return cells, "?"
    if not all(isinstance(cell, str) and (is_numeral(cell) or is_missing(cell)) for cell in found):
        return cells, "O"
    numbers = [float(cell) if is_numeral(cell) else np.nan for cell in cells.fillna("")]
    whole = all(cell.strip().lstrip("+-").isdecimal() for cell in found if not is_missing(cell))
    return type(cells)(numbers), "i" if whole else "f"


def is_large(cell: str) -> bool:
    """Whether a cell holds a number beyond `LARGEST`."""
    try:
        return abs(float(cell)) > LARGEST
    except ValueError:
        return False


def number_column(name: str, values: Array) -> Column:
    """A column of finite numbers [rows] that are there already."""
    column = Column(name, values, categorical=False)
    column.numeric, column.boolean = True, False
    column.whole = bool((values == np.floor(values)).all())
    return column


def one_hot(
    columns: Sequence[Column], known: dict[str, tuple[str, ...]]
) -> tuple[Array, tuple[str, ...], tuple[slice, ...]]:
    """Features as numbers [rows, n_in], their names, and which of them make up one category.

    known: the categories of each text column, of the file that is trained on.
    A missing category is NaN throughout its columns.
    """
    names: list[str] = []
    groups: list[slice] = []
    parts: list[Array] = []
    for column in columns:
        if column.name not in known:
            parts.append(column.values[:, None])
            names.append(column.name)
            continue
        found, codes = column.categories()
        categories = known[column.name]
        place = {text: number for number, text in enumerate(categories)}
        to_known = np.array([*(place.get(text, -1) for text in found), -1])
        hot = (to_known[codes][:, None] == np.arange(len(categories))).astype(float)
        hot[codes < 0] = np.nan
        parts.append(hot)
        groups.append(slice(len(names), len(names) + len(categories)))
        names += [f"{column.name}={category}" for category in categories]
    return np.concatenate(parts, axis=1), tuple(names), tuple(groups)


def check_known(file: TableFile, column: Column, known: Sequence[str], unseen: str) -> None:
    """Says which texts of a column are categories that training did not see.

    unseen: none, they are none of those that are known, which is warned of; or error.
    """
    strange = sorted(set(column.texts) - set(known))
    if not strange:
        return
    expected = f"among the categories that training saw: {listed(known, 10)}"
    if unseen == "error":
        file.refuse_cell(
            column.name, lambda c: c not in known and not is_missing(c), f"is not {expected}"
        )
    several = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
    verb = "are" if several else "is"
    warn_caller(
        f"{printable(file.path)} column '{printable(column.name)}': '{printable(strange[0][:60])}'"
        f"{several} {verb} not {expected}; taken for none of them; "
        "a run with dataset.unseen=error refuses it"
    )
