"""`python -m tests.benchmarks.analysis [--runs N]`: reading many runs, beside MLflow's search_runs.

One run is made; its folder, and its entry in an SQLite store of MLflow's, are then copied with
other seeds, topologies and results.
"""

import argparse
import contextlib
import csv
import io
import shutil
import sqlite3
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from runner import load_history, load_runs
from runner.compare import main as compare
from runner.configuration.composing import compose
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.tables import csv_bytes

TOPOLOGIES = ("3-2-1", "3-4-1", "3-8-1", "3-16-1")
ROUNDS, LONG = 3, 10.0


def copies(run: Path, folder: Path, runs: int, *, numbered: bool) -> None:
    """Folders of runs that differ in topology, seed and steps."""
    generator = np.random.default_rng(1)
    with open(run / "results.csv", encoding="utf-8", newline="") as file:
        row: dict[str, object] = dict(next(csv.DictReader(file)))
    for number in range(runs):
        place = folder / (str(number) if numbered else f"2026-11-22-{number:05}")
        shutil.copytree(run, place, ignore=shutil.ignore_patterns("snapshots", "plots", ".hydra"))
        row["topology"], row["seed"] = TOPOLOGIES[number % 4], number // 4 + 1
        row["steps"] = int(generator.lognormal(9 - 0.2 * (number % 4), 0.5))
        row["stop_reason"] = "target"
        (place / "results.csv").write_bytes(csv_bytes(row, [row.values()]))


def fill_store(store: Path, runs: int) -> None:
    """Copies of a store's one entry: rows of the tables that it is in."""
    with contextlib.closing(sqlite3.connect(store / "mlflow.db")) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -200000")
        (first,) = database.execute("SELECT run_uuid FROM runs").fetchone()
        database.execute("CREATE TEMPORARY TABLE copies (id TEXT)")
        # In order, so that every index grows at its end instead of all over a file of 500 MB.
        entries = sorted((uuid.uuid4().hex,) for _ in range(runs - 1))
        database.executemany("INSERT INTO copies VALUES (?)", entries)
        for table in ("runs", "params", "metrics", "latest_metrics", "tags"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            others = ", ".join(name for name in columns if name != "run_uuid")
            database.execute(
                f"INSERT INTO {table} (run_uuid, {others}) SELECT copies.id, {others} "  # noqa: S608
                f"FROM copies CROSS JOIN {table} WHERE run_uuid = '{first}'"
            )


def least_seconds(action: Callable[[], object]) -> float:
    """The shortest of a few; what takes long is not done again."""
    seconds: list[float] = []
    while len(seconds) < ROUNDS and sum(seconds) < LONG:
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def quiet_compare(folder: Path) -> None:
    """`compare --by topology`, its table unseen."""
    with contextlib.redirect_stdout(io.StringIO()):
        compare([str(folder), "--by", "topology"])


def search(store: Path, runs: int) -> None:
    """MLflow's table of runs."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{store / 'mlflow.db'}")
    found = mlflow.search_runs(search_all_experiments=True, max_results=runs)
    if len(found) != runs:
        raise SystemExit(f"MLflow found {len(found)} runs")


def main() -> None:
    """Prints seconds, and how many times as fast as MLflow each is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        store = f"logger.mlflow.folder={root / 'store'}"
        config = compose(["stopping.max_steps=50", "+logger=mlflow", store])
        run_experiment(config, root / "one", {}, QUIETLY)
        copies(root / "one", root / "sweep", runs, numbered=True)
        SweepFolder(root / "sweep").collect()
        copies(root / "one", root / "single", runs, numbered=False)
        fill_store(root / "store", runs)
        sweep = load_runs(root / "sweep")
        rows = {
            "MLflow search_runs, SQLite": lambda: search(root / "store", runs),
            "load_runs of a sweep": lambda: load_runs(root / "sweep"),
            "load_runs of single folders": lambda: load_runs(root / "single"),
            "load_history of a sweep": lambda: load_history(sweep),
            "compare --by topology": lambda: quiet_compare(root / "sweep"),
        }
        with warnings.catch_warnings(action="ignore"):  # of what MLflow's own parts outgrow
            seconds = {name: least_seconds(action) for name, action in rows.items()}
    peer = seconds["MLflow search_runs, SQLite"]
    print(f"{runs:,} runs, least of {ROUNDS} rounds")
    for name, taken in seconds.items():
        print(f"{name:30} {taken:8.2f} s {peer / taken:8.1f} times as fast as MLflow")


if __name__ == "__main__":
    main()
