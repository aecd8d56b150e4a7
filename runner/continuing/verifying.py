"""Repeating a run from its recorded configuration, and holding the repetition against it."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from runner.assembly.building import build_occasions
from runner.assembly.course import course
from runner.assembly.preparing import Experiment, prepare
from runner.errors import DataError, SnapshotError, printable
from runner.experiment import session
from runner.network.topology import Array
from runner.recording.history import History
from runner.recording.locks import locked
from runner.recording.run_directory import described, machine
from runner.recording.snapshots import read_snapshot, snapshot_from, snapshot_paths
from runner.training.stopping import Stopping

TOLERANCES = {"float64": 1e-6, "float32": 1e-3}
"""Relative differences that other versions, engines or machines may make by rounding."""
NOT_REPEATED = re.compile(r"seconds|L\d+\..+")
"""Columns of history.csv that no repetition makes: times, and statistics of layers, which follow
from the weights.
"""


@dataclass(frozen=True)
class Difference:
    """Where a repetition departs from the run."""

    step: int
    what: str
    size: float
    """Relative to the larger of both; infinite where they cannot be compared."""


@dataclass(frozen=True)
class Comparison:
    """What a repetition came to."""

    snapshots: int
    rows: int
    differences: list[Difference]
    """By step."""
    circumstances: list[str]
    """What is otherwise than when the run was made."""
    tolerance: float

    @property
    def within_tolerance(self) -> bool:
        """Whether all differences are as small as rounding elsewhere may make them."""
        return all(difference.size <= self.tolerance for difference in self.differences)


def verify_run(run: Path) -> Comparison:
    """Repeats a run up to its last step and compares weights and history.

    Raises RunnerError when the run is in use or damaged, or its data are not to be had.
    """
    described(run)
    with locked(run):
        about = described(run)
        experiment = prepare(about["configuration"])
        if about["checksums"].get("data") != experiment.data_checksum:
            raise DataError(f"{printable(run)}: the data set is not the one that it was trained on")
        recorded = recorded_weights(run)
        rows = history_rows(read_history(run))
        with session(experiment.settings):
            weights, repeated = repetition(experiment, recorded, rows)
    differences = [*weights, *row_differences(rows, history_rows(repeated))]
    return Comparison(
        len(recorded),
        len(rows),
        sorted(differences, key=lambda difference: difference.step),
        circumstances(about, experiment),
        TOLERANCES[experiment.settings.dtype],
    )


def recorded_weights(run: Path) -> dict[int, Array]:
    """The weights of every snapshot, by step. Raises SnapshotError where there is none."""
    states = [read_snapshot(path, snapshot_from).state for path in snapshot_paths(run)]
    if not states:
        raise SnapshotError(f"{printable(run)} holds no snapshot to compare with")
    return {state.step: state.parameters for state in states}


def read_history(run: Path) -> str:
    """The text of history.csv; empty where there is none."""
    path = run / "history.csv"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def history_rows(text: str) -> dict[int, dict[str, str]]:
    """Rows of a history by step, but for what no repetition makes."""
    rows = csv.DictReader(io.StringIO(text))
    return {
        int(row["step"]): {name: row[name] for name in row if not NOT_REPEATED.fullmatch(name)}
        for row in rows
    }


def repetition(
    experiment: Experiment, recorded: Mapping[int, Array], rows: Mapping[int, object]
) -> tuple[list[Difference], str]:
    """The run again, from its first step: how the weights differ at snapshots, and its history."""
    history, occasions = History(), build_occasions(experiment.settings)
    state, differences = experiment.first_state(), []
    last = max([*recorded, *rows])
    for step in sorted({*recorded, last}):
        report = None
        if step > state.step:
            for report in course(experiment, state, stopping_at(experiment.stopping, step)):
                if report.finite and occasions.row_due(report):
                    history.append(report)
        if report is not None and (step == last or report.step < step):
            history.append(report)
        if step in recorded:
            differences += weight_differences(step, state.step, recorded[step], state.parameters)
        if report is not None and (report.step < step or not report.finite):
            break
    return differences, history.taken().decode()


def stopping_at(stopping: Stopping, step: int) -> Stopping:
    """The criteria without the clock, and an end at `step`."""
    return replace(stopping, max_seconds=None, max_steps=step)


def weight_differences(step: int, at: int, recorded: Array, repeated: Array) -> list[Difference]:
    """How weights at a step differ, if they do."""
    if at != step:
        return [Difference(at, f"the repetition ends here, the run went on to {step:,}", np.inf)]
    if recorded.shape != repeated.shape or recorded.dtype != repeated.dtype:
        return [Difference(step, "weights of another number or type", np.inf)]
    if recorded.tobytes() == repeated.tobytes():
        return []
    gap = float(np.abs(recorded.astype(float) - repeated.astype(float)).max())
    largest = float(np.abs(recorded).max())
    text = f"weights differ by up to {gap:.3g} (the largest is {largest:.3g})"
    return [Difference(step, text, gap / largest if largest else np.inf)]


def row_differences(
    recorded: Mapping[int, Mapping[str, str]], repeated: Mapping[int, Mapping[str, str]]
) -> Iterator[Difference]:
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


def relative(before: str, now: str | None) -> float:
    """The relative difference of two numbers as texts; infinite where they are none."""
    try:
        a, b = float(before), float(now or "")
    except ValueError:
        return np.inf
    size = max(abs(a), abs(b))
    gap = abs(a - b) / size if size else 0.0
    return gap if np.isfinite(gap) else np.inf


def circumstances(about: Mapping[str, Any], experiment: Experiment) -> list[str]:
    """What differs around a run: versions, engine, machine."""
    here = {**machine(), "engine": experiment.engine.name}
    texts = [
        f"{name} {printable(then)}, now {now}"
        for name, then, now in pairs(about, here)
        if then != now
    ]
    if about["checksums"].get("experiment") != experiment.checksum:
        texts.append("run.json or the meaning of its configuration has changed")
    return texts


def pairs(
    about: Mapping[str, Any], here: Mapping[str, Any]
) -> Sequence[tuple[str, object, object]]:
    """What is named, as it was recorded and as it is."""
    versions = about.get("versions", {})
    return [
        *((name, versions.get(name), now) for name, now in here["versions"].items()),
        *((name, about.get(name), here[name]) for name in ("engine", "platform", "git_commit")),
        ("host", (about.get("process") or {}).get("host"), here["process"]["host"]),
    ]
