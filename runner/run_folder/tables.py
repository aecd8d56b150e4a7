"""The CSV files of a run that are written once: results and predictions."""

import csv
import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from math import isnan
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from runner.data.dataset import Dataset
from runner.errors import printable
from runner.network.arrays import Array
from runner.storage.files import AT_ONCE, Syncing, write_atomically
from runner.storage.reading import MOST_TEXT, open_regular, read_text
from runner.training.confusion import Confusion


def cell(value: object) -> object:
    """A value as a CSV cell: floats read back exactly, texts are one line and no formula.

    Texts that are numbers, such as +49, stay what they are.
    """
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        line = printable(value)
        return "'" + line if line.startswith(FORMULA) and not is_float(line) else line
    return value


def is_float(text: str) -> bool:
    """Whether a text says a number, infinite or none at all too."""
    try:
        float(text)
    except ValueError:
        return False
    return True


FORMULA = ("=", "+", "@", "＝", "＋", "－", "＠", "-")
"""What a spreadsheet takes for the beginning of a formula."""


def as_written(text: str) -> str:
    """A cell of a file from elsewhere as this module would have written it."""
    return str(cell(text))


def quoted(value: object) -> str:
    """A value as it stands in a line of CSV."""
    made = cell(value)
    return "" if made is None or made == "" else joined([made])


def configuration_columns(config: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """The configuration flat, named as on the command line; tables of rows are left out."""
    columns: dict[str, object] = {}
    for name, value in config.items():
        key = f"{prefix}{name}"
        if key in ("dataset.rows", "published", "sweep"):
            continue
        if isinstance(value, Mapping):
            columns |= configuration_columns(value, f"{key}.")
        else:
            columns[key] = json.dumps(value) if isinstance(value, list) else value
    return columns


def all_names(headers: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The names of all headers, those of the configuration before the results."""
    before: dict[str, None] = {}
    after: dict[str, None] = {}
    for header in dict.fromkeys(headers):
        split = header.index("status") if "status" in header else len(header)
        before |= dict.fromkeys(header[:split])
        # A sweep's table that is still growing has a later job's own settings at its end.
        before |= dict.fromkeys(name for name in header[split:] if "." in name)
        after |= dict.fromkeys(header[split:])
    return (*before, *(name for name in after if name not in before))


def write_results(
    run: Path, columns: Mapping[str, object], syncing: Syncing = AT_ONCE
) -> tuple[str, str]:
    """results.csv: a header and the run's one row, which are returned."""
    header, row = header_line(tuple(columns)), joined(map(cell, columns.values()))
    write_atomically(run / "results.csv", f"{header}\n{row}\n".encode(), syncing)
    return header, row


@lru_cache(maxsize=64)
def header_line(names: tuple[str, ...]) -> str:
    """The first line of a table with these columns."""
    return joined(map(cell, names))


def predictions_table(dataset: Dataset, outputs: Mapping[str, Array]) -> bytes:
    """predictions.csv: inputs, targets and outputs, a row a sample.

    Of sequences of different lengths targets and outputs that count nowhere are empty cells.
    outputs: of each part [samples, n_out]; where there are several, a column names the part.
    """
    several = len(outputs) > 1
    header = [
        *(["part"] if several else []),
        *(f"input_{name}" for name in dataset.input_names),
        *(f"target_{name}" for name in dataset.output_names),
        *(f"output_{name}" for name in dataset.output_names),
    ]
    rows = (
        [*([name] if several else []), *map(float, x), *shown(y, counts), *shown(a, counts)]
        for name, part in dataset.parts.items()
        for x, y, a, counts in zip(
            part.inputs, part.targets, outputs[name], dataset.numbers_there(part), strict=True
        )
    )
    return csv_bytes(header, rows)


def shown(numbers: Array, counts: Array) -> Iterator[float | str]:
    """Cells [n] of a row's numbers; empty where they count nowhere."""
    for number, counted in zip(numbers.tolist(), counts.tolist(), strict=True):
        yield float(number) if counted else ""


def class_tables(classes: Sequence[str], part: str, confusion: Confusion) -> dict[str, bytes]:
    """confusion.csv, a row a true class; classes.csv, how well each is told from the others.

    part: the name of the samples' part. A ratio of nothing is an empty cell.
    """
    rows = zip(classes, confusion.counts.tolist(), strict=True)
    counts = csv_bytes(["part", "class", *classes], ([part, name, *row] for name, row in rows))
    ratios = {"precision": confusion.precision, "recall": confusion.recall, "f1": confusion.f1}
    shares = np.stack(list(ratios.values()), axis=1).tolist()
    lines = [
        [part, name, samples, *("" if isnan(ratio) else ratio for ratio in row)]
        for name, samples, row in zip(classes, confusion.samples.tolist(), shares, strict=True)
    ]
    header = ["part", "class", "samples", *ratios]
    return {"confusion.csv": counts, "classes.csv": csv_bytes(header, lines)}


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV table as UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, header))
    writer.writerows(map(cell, row) for row in rows)
    return text.getvalue().encode()


def named_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table by its columns' names. Raises OSError or ValueError when damaged."""
    rows = table_rows(read_text(path), lacking=None)
    if any(None in row or None in row.values() for row in rows):
        raise ValueError(f"{path} has rows that are not as long as its first line")
    return rows


def table_rows(text: str, lacking: str | None = "") -> list[dict[str, str]]:
    """The rows of a table by its columns' names; those that are too long or short are taken, too.

    lacking: what stands for a cell that a row lacks. Raises ValueError when it is damaged.
    """
    try:
        return list(csv.DictReader(io.StringIO(text, newline=""), restval=lacking, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def columns_of(path: Path, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Columns of a table that may be long, row by row.

    names: two or more. Raises OSError or ValueError when it is damaged or lacks one of them.
    """
    descriptor = open_regular(path, os.O_RDONLY)
    with os.fdopen(descriptor, encoding="utf-8", newline="") as file:
        lines = iter(partial(file.readline, MOST_TEXT), "")
        try:
            header = next(csv.reader(lines, strict=True), [])
            chosen = itemgetter(*(header.index(name) for name in names))
            last = max(map(header.index, names))
            for row in cells_of(lines, len(header), last):
                yield chosen(row)
        except csv.Error as error:
            raise ValueError(str(error)) from error


def cells_of(lines: Iterator[str], count: int, last: int) -> Iterator[list[str]]:
    """The first cells of each line, up to the `last`. Raises ValueError for one without `count`."""
    for line in lines:
        if '"' in line:
            rows = csv.reader(chain([line], lines), strict=True)  # a cell may hold lines
        elif line.count(",") == count - 1 and line != "\n":
            yield line.rstrip("\r\n").split(",", last + 1)
            continue
        else:
            raise ValueError(f"a line does not have the {count} cells of the first")
        for row in rows:
            if len(row) != count:
                raise ValueError(f"a line does not have the {count} cells of the first")
            yield row


def read_header(path: Path) -> str:
    """The first line of a table. Raises OSError where there is none."""
    with os.fdopen(open_regular(path, os.O_RDONLY), encoding="utf-8", newline="") as file:
        return file.readline().rstrip("\n")


def read_results(run: Path) -> tuple[str, str]:
    """Header and row of a run's results.csv; empty where there are none, or not all of them."""
    try:
        header, row, rest = read_text(run / "results.csv").split("\n")
        cells = split(row)
        sound = not rest and len(cells) == len(split(header))
    except (OSError, ValueError):
        return "", ""
    return (escaped_header(header), joined(map(as_written, cells))) if sound else ("", "")


@lru_cache(maxsize=64)
def escaped_header(line: str) -> str:
    """The first line of a table from elsewhere, as this module would have written it."""
    return joined(map(as_written, split(line)))


def read_row(path: Path) -> dict[str, str]:
    """The one row of a results.csv. Raises OSError or ValueError when there is none."""
    rows = named_rows(path)
    if len(rows) != 1:
        raise ValueError(f"{path} holds {len(rows)} rows, expected 1")
    return rows[0]


def merge_rows(rows: Collection[Mapping[str, str]]) -> bytes:
    """Rows of several results.csv as one table; a column that a row lacks is empty in it.

    What no results.csv of the runner's holds, such as a formula, is escaped.
    """
    names = all_names(tuple(row) for row in rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, names))
    writer.writerows([as_written(row.get(name, "")) for name in names] for row in rows)
    return text.getvalue().encode()


def split(line: str) -> list[str]:
    """The cells of a line. Raises ValueError where they cannot be told."""
    try:
        return next(csv.reader([line]))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def joined(cells: Iterable[object]) -> str:
    """A line of cells."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
