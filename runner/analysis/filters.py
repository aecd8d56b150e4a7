"""Conditions on runs such as `status == "completed" and optimizer.learning_rate > 0.1`.

They are read with Python's grammar and worked out here, comparison by comparison: nothing in them
is ever evaluated as code, and all but the forms below are refused.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import pandas as pd

from runner.analysis.csv_tables import Column, Mask
from runner.analysis.runs import read_runs
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, SnapshotError, printable

LONGEST = 2000
"""Characters; a longer condition is no person's."""
EXAMPLE = """such as 'status == "completed" and seed <= 10'"""

COMPARISONS: dict[type[ast.cmpop], tuple[Callable[[Any, Any], Any], type[ast.cmpop]]] = {
    ast.Eq: (operator.eq, ast.Eq),
    ast.NotEq: (operator.eq, ast.NotEq),
    ast.Lt: (operator.lt, ast.Gt),
    ast.LtE: (operator.le, ast.GtE),
    ast.Gt: (operator.gt, ast.Lt),
    ast.GtE: (operator.ge, ast.LtE),
}
"""How each is worked out, `!=` by what it denies; and the same with its sides exchanged."""
DENIALS = (ast.NotEq, ast.NotIn)
CONSTANTS = {"true": True, "false": False, "null": None}


def chosen_runs(paths: Sequence[str], condition: str | None) -> pd.DataFrame:
    """The runs below the paths that a condition holds for, if there is one.

    Those that cannot be read are told on stderr. Raises SnapshotError where none is left.
    """
    runs = read_runs(paths)
    if not runs.empty and condition is not None:
        runs = where(runs, condition)
    if runs.empty:
        which = "" if condition is None else f" for which {printable(condition)}"
        places = ", ".join(map(printable, paths))
        raise SnapshotError(f"{places}: no runs that have ended{which}")
    return runs


def where(runs: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The runs that a condition holds for.

    condition: columns compared with numbers, quoted texts, true, false or null by == != < <= > >=,
    or by `in` with a list, joined by `and`, `or`, `not` and parentheses. A missing value is equal
    to null only, and neither less nor greater than anything.
    Raises SettingsError for anything else, and for a column that is not there.
    """
    if len(condition) > LONGEST:
        raise SettingsError(f"--where holds {len(condition):,} characters, {LONGEST:,} at most")
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes, which are harmless here
            tree = ast.parse(condition.strip(), mode="eval")
        return runs[holds(runs, tree.body)]
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        hint = "is equal is written ==; " if re.search(r"[^=!<>]=[^=]", condition) else ""
        raise SettingsError(
            f"--where={printable(condition)[:100]} cannot be read; {hint}"
            f"expected a condition {EXAMPLE}"
        ) from error


def holds(runs: pd.DataFrame, node: ast.expr) -> Mask:
    """Where a parsed condition holds."""
    if isinstance(node, ast.BoolOp):
        join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        return reduce(join, [holds(runs, value) for value in node.values])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ~holds(runs, node.operand)
    if isinstance(node, ast.Compare):  # maybe several: 1 <= seed <= 10
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return reduce(operator.and_, [comparison_holds(runs, *pair) for pair in pairs])
    if isinstance(node, ast.Name | ast.Attribute):
        column = column_of(runs, node)
        if pd.api.types.is_bool_dtype(column.dtype):
            return column.fillna(False).astype(bool)
    raise refuse(node)


def comparison_holds(
    runs: pd.DataFrame, left: ast.expr, comparison: ast.cmpop, right: ast.expr
) -> Mask:
    """Where one comparison of a column with a value holds, or of a value with a column."""
    if isinstance(comparison, ast.In | ast.NotIn):
        column, values = column_of(runs, left), items(right)
        nowhere = pd.Series(False, column.index)
        found = reduce(
            operator.or_, [compared(column, operator.eq, value) for value in values], nowhere
        )
    elif type(comparison) not in COMPARISONS:
        raise refuse(left)
    else:
        by, turned = COMPARISONS[type(comparison)]
        if isinstance(left, ast.Constant | ast.UnaryOp):  # 10 >= seed
            if isinstance(right, ast.Constant | ast.UnaryOp):
                raise refuse(left)
            return comparison_holds(runs, right, turned(), left)
        found = compared(column_of(runs, left), by, constant(right))
    return ~found if isinstance(comparison, DENIALS) else found


def column_of(runs: pd.DataFrame, node: ast.expr) -> Column:
    """The column that is named. Raises SettingsError where there is none."""
    if not isinstance(node, ast.Name | ast.Attribute):
        raise refuse(node)
    name = ast.unparse(node)
    if name not in runs:
        raise SettingsError(
            f"--where: '{printable(name)}' is not a column of these runs; "
            f"{suggestion(name, list(map(str, runs)))}a text needs quotes, {EXAMPLE}"
        )
    column: Column = runs[name]
    return column


def compared(column: Column, by: Callable[[Any, Any], Any], value: object) -> Mask:
    """A comparison that is false for missing values; null is equal to them.

    Raises SettingsError across kinds.
    """
    if value is None and by is operator.eq:
        return column.isna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("string")
    number_column = pd.api.types.is_numeric_dtype(column.dtype)
    try:
        if number_column == isinstance(value, str) or value is None:
            raise TypeError("numbers and texts do not compare")
        result: Mask = by(column, value).fillna(False).astype(bool)
    except (TypeError, ValueError) as error:
        kind = "numbers" if number_column else "texts in quotes"
        raise SettingsError(
            f"--where: '{column.name}' cannot be compared with {value!r:.60}; it holds {kind}"
        ) from error
    return result


def items(node: ast.expr) -> list[object]:
    """The values of a list."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [constant(item) for item in node.elts]
    raise refuse(node)


def constant(node: ast.expr) -> object:
    """A number, a text, true, false or null."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = constant(node.operand)
        if isinstance(value, int | float):
            return -value
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bool | int | float | None):
        value = node.value
        return float(value) if isinstance(value, int) and abs(value) >= 2**63 else value
    if isinstance(node, ast.Name) and node.id in CONSTANTS:
        return CONSTANTS[node.id]
    raise refuse(node)


def refuse(node: ast.AST) -> SettingsError:
    """The one line for what is not a comparison of a column with a value."""
    shown = printable(ast.unparse(node))[:60]
    hint = "; a text needs quotes" if isinstance(node, ast.BinOp | ast.Name | ast.Attribute) else ""
    return SettingsError(
        f"--where: '{shown}' is not a comparison of a column with a value{hint}, {EXAMPLE}"
    )
