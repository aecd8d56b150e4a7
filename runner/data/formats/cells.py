"""What the text of a cell is: a number, a date, a missing value; what is wrong with it."""

import math
import re

from runner.errors import printable


def is_number(cell: str) -> bool:
    """Whether a cell's text is a finite number, or a truth value."""
    if is_numeral(cell):
        return math.isfinite(float(cell))
    return cell.strip().lower() in ("true", "false")


def is_numeral(cell: str) -> bool:
    """Whether a cell's text is a number in digits, of whatever size."""
    return NUMERAL.fullmatch(cell) is not None


NUMERAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says in one of the usual ways that its value is not known."""
    return not cell.strip() or cell.strip() in MISSING


MISSING = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a", "NULL", "null", "None"),
        *("NaN", "-NaN", "nan", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    }
)
"""What pandas takes for a missing value."""


def complaint(cell: str, column: str) -> str:
    """What is wrong with a cell that is no number, and a way out."""
    if is_date(cell):
        return (
            "is a date, not a number; make columns of numbers of it, such as year and month, or "
            f"leave it out: dataset.exclude=[{printable(column)}]"
        )
    return "is not a finite number" + hint(cell)


def is_date(cell: str) -> bool:
    """Whether a cell holds a date, with a time or without."""
    return DATE.fullmatch(cell.strip()) is not None


DATE = re.compile(
    r"([0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\3[0-9]{4})"
    r"([T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AP]M)?( ?(Z|UTC|[+-][0-9:]{2,5}))?)?",
    re.ASCII | re.IGNORECASE,
)


def hint(cell: str) -> str:
    """A way out for the commonest bad cells."""
    if is_missing(cell):
        return (
            "; dataset.missing=drop leaves rows with a missing value out; of features "
            "mean, median or most_frequent fill it in"
        )
    if re.fullmatch(DECIMAL_COMMA, cell.strip()):
        return "; write decimals with a point"
    return "; expected numbers in every row or, to learn from categories, texts that repeat"


DECIMAL_COMMA = r"-?[0-9]+,[0-9]+"
