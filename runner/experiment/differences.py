"""Where two runs that should be the same differ, and by how much."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runner.errors import SnapshotError, counted, printable
from runner.network.arrays import Array
from runner.run_folder.history import MOST_HISTORY, read_history
from runner.run_folder.tables import table_rows
from runner.storage.reading import read_text

NOT_REPEATED = re.compile(r"seconds|L\d+\..+")
"""Columns of history.csv that no repetition makes: times, and statistics of layers, which follow
from the weights.
"""
MOST_STEPS = 10**15
MOST_TOLD = 60
"""Letters of what differs."""
Rows = Mapping[int, Mapping[str, str]]
"""Of a history, by step."""


@dataclass(frozen=True)
class Difference:
    """Where a repetition departs from the run."""

    step: int
    what: str
    size: float
    """Relative to the larger of both; infinite where they cannot be compared."""


def by_step(rows: Iterable[Mapping[str, str]]) -> dict[int, dict[str, str]]:
    """Rows of a history by step, but for what no repetition makes.

    Raises ValueError where they are no run's steps.
    """
    found = {
        int(row["step"]): {n: row[n] for n in row if n and not NOT_REPEATED.fullmatch(n)}
        for row in rows
    }
    if found and max(found) > MOST_STEPS:
        raise ValueError(f"no run makes more than {MOST_STEPS:,} steps")
    return found


def recorded_rows(run: Path) -> dict[int, dict[str, str]]:
    """The rows of a run's history.csv; none where there is no file.

    Raises SnapshotError where it cannot be read.
    """
    path = run / "history.csv"
    if not path.exists():
        return {}
    try:
        return by_step(read_history(run))
    except ValueError as error:
        raise SnapshotError(
            f"{printable(path)} cannot be read ({printable(error)}); expected the table as the run "
            "wrote it, to compare with"
        ) from error


def weight_differences(step: int, what: str, recorded: Array, repeated: Array) -> list[Difference]:
    """How weights at a step differ, if they do."""
    if recorded.shape != repeated.shape or recorded.dtype != repeated.dtype:
        return [Difference(step, f"{what} of another number or type", np.inf)]
    if recorded.tobytes() == repeated.tobytes():
        return []
    gap = float(np.abs(recorded.astype(float) - repeated.astype(float)).max())
    largest = float(np.abs(recorded).max())
    text = f"{what} differ by up to {gap:.3g} (the largest is {largest:.3g})"
    return [Difference(step, text, gap / largest if largest else np.inf)]


def around_differences(
    step: int, recorded: Mapping[str, Array], repeated: Mapping[str, Array]
) -> Iterator[Difference]:
    """Where a snapshot says otherwise of topology, classes, scales and the like.

    What an older version did not write yet, a yes or no, is no difference.
    """
    for name in sorted({*recorded, *repeated}):
        before, now = recorded.get(name), repeated.get(name)
        if before is None or now is None:
            if now is None or now.dtype.kind != "b":
                lacking = "snapshot" if before is None else "repetition"
                yield Difference(step, f"{name}: the {lacking} has none", np.inf)
        elif now.dtype.kind == "f":
            yield from weight_differences(step, name, before, now)
        elif not np.array_equal(before, now):
            told = [" ".join(map(str, each.ravel().tolist())) for each in (before, now)]
            text = ", repeated ".join(each[:MOST_TOLD] for each in told)
            yield Difference(step, f"{name}: {text}", np.inf)


def row_differences(recorded: Rows, repeated: Rows) -> Iterator[Difference]:
    """Where rows of the history differ, a difference a row."""
    for step in sorted({*recorded, *repeated}):
        before, now = recorded.get(step), repeated.get(step)
        if before is None or now is None:
            who = "run" if before is None else "repetition"
            yield Difference(step, f"history.csv: the {who} has no row", np.inf)
            continue
        for name in before:
            if before[name] != now.get(name):
                text = f"history.csv: {name} is {before[name]}, repeated {now.get(name)}"
                yield Difference(step, text, relative(before[name], now.get(name)))
                break


def table_differences(path: Path, repeated: bytes, step: int) -> list[Difference]:
    """How a table in a run's folder differs from the repeated one, at most one difference.

    A column of the repeated one alone, as a newer version has, is none; nor are times.
    """
    try:
        text = read_text(path, MOST_HISTORY)
        before, now = table_rows(text), table_rows(repeated.decode())
    except FileNotFoundError:
        return [Difference(step, f"{path.name} is missing", np.inf)]
    except (OSError, ValueError) as error:
        return [Difference(step, f"{path.name} cannot be read ({printable(error)})", np.inf)]
    if len(before) != len(now):
        text = f"{path.name} has {counted(len(before), 'row')}, repeated {len(now):,}"
        return [Difference(step, text, np.inf)]
    found = [
        Difference(
            step,
            f"{path.name}: {name} is {old[name]}, repeated {value}",
            relative(old[name], value),
        )
        for old, new in zip(before, now, strict=True)
        for name, value in new.items()
        if not NOT_REPEATED.fullmatch(name) and name in old and old[name] != value
    ]
    return sorted(found, key=lambda difference: -difference.size)[:1]


def relative(before: str, now: str | None) -> float:
    """The relative difference of two numbers as texts; infinite where they are none."""
    try:
        a, b = float(before), float(now or "")
    except ValueError:
        return np.inf
    size = max(abs(a), abs(b))
    gap = abs(a - b) / size if size else 0.0
    return gap if np.isfinite(gap) else np.inf
