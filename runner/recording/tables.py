"""The CSV files of a run: history, results, predictions."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from runner.data.dataset import Dataset
from runner.errors import printable
from runner.network.topology import Array
from runner.recording.files import write_atomically
from runner.training.engine import StepReport


class History:
    """history.csv: one row an epoch recorded, appended as training goes."""

    def __init__(self, run: Path) -> None:
        self._file: TextIO = open(run / "history.csv", "w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._names: tuple[str, ...] = ()
        self._last_step = -1

    def append(self, report: StepReport) -> None:
        """A row for this report, unless its step already has one."""
        if not self._names:
            self._names = tuple(report.metrics)
            self._rows.writerow(("step", "epoch", "seconds", *self._names))
        if report.step > self._last_step:
            values = (cell(report.metrics.get(name, "")) for name in self._names)
            self._rows.writerow((report.step, report.epoch, f"{report.seconds:.6f}", *values))
            self._last_step = report.step

    def flush(self) -> None:
        """Hands the rows to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def cell(value: object) -> object:
    """A value as a CSV cell: floats read back exactly, texts are one line and no formula."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        line = printable(value)
        return "'" + line if line.startswith(("=", "+", "-", "@")) else line
    return value


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


def write_results(run: Path, columns: Mapping[str, object]) -> None:
    """results.csv: a header and the run's one row."""
    write_atomically(run / "results.csv", csv_bytes(columns, [columns.values()]))


def write_predictions(run: Path, dataset: Dataset, outputs: Mapping[str, Array]) -> None:
    """predictions.csv: inputs, targets and outputs, a row a sample.

    outputs: of each part [samples, n_out]; where there are several, a column names the part.
    """
    several = len(outputs) > 1
    header = [
        *(["part"] if several else []),
        *(f"input_{name}" for name in dataset.input_names),
        *(f"target_{name}" for name in dataset.target_names),
        *(f"output_{name}" for name in dataset.target_names),
    ]
    rows = (
        [*([name] if several else []), *map(float, x), *map(float, y), *map(float, a)]
        for name, part in dataset.parts.items()
        for x, y, a in zip(part.inputs, part.targets, outputs[name], strict=True)
    )
    write_atomically(run / "predictions.csv", csv_bytes(header, rows))


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV table as UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell(name) for name in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def read_row(path: Path) -> dict[str, str]:
    """The one row of a results.csv. Raises OSError or ValueError when there is none."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if len(rows) != 1:
        raise ValueError(f"{path} holds {len(rows)} rows, expected 1")
    return rows[0]


def read_column(history: Path, metric: str) -> dict[int, float]:
    """A metric of a history.csv by step."""
    with open(history, encoding="utf-8", newline="") as file:
        return {int(row["step"]): float(row[metric]) for row in csv.DictReader(file)}


def merge_rows(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Rows of several results.csv as one table; a column that a row lacks is empty in it."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
