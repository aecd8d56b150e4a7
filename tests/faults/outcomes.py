"""What a run has come to, without what no two runs share: times, and the folder's name."""

import csv
import warnings
from pathlib import Path
from typing import Any

from runner.analysis.runs import load_runs
from runner.errors import SnapshotError
from runner.run_folder.layout import read_run
from runner.run_folder.snapshots import load_snapshot
from tests.problems import content

TIMES = ("seconds", "steps_per_second", "run_seconds", "started", "finished")


def rows_of(path: Path) -> list[dict[str, str]]:
    """A table's rows without times."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def outcome_of(run: Path) -> dict[str, Any]:
    """Status, weights and states, history, results and predictions, to the last bit."""
    about = read_run(run)
    return {
        "status": (about["status"], about["stop_reason"], about["checksums"]),
        "snapshots": sound_snapshots(run),
        "history": rows_of(run / "history.csv"),
        "results": rows_of(run / "results.csv"),
        "predictions": (run / "predictions.csv").read_bytes(),
        "files": files_of(run),
    }


def files_of(run: Path) -> list[str]:
    """Names of what is there."""
    return sorted(str(path.relative_to(run)) for path in run.rglob("*"))


def sound_snapshots(run: Path) -> dict[int, Any]:
    """What each sound snapshot holds, by step."""
    found = {}
    for path in run.glob("snapshots/step-*.npz"):
        try:
            state = load_snapshot(path)
        except SnapshotError:
            continue
        found[state.step] = content(state)
    return found


def check_readable(folder: Path) -> None:
    """Whatever is there, reading it names what is damaged and raises nothing."""
    if folder.is_dir():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_runs(folder)
