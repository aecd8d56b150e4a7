"""A run that has ended into a local MLflow store: configuration, history and files.

Tracking is a copy of what the run's folder holds: where it fails, the run is none the worse, and a
warning says why.
"""

import logging
import math
import os
import sqlite3
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runner.checking.extras import installing
from runner.errors import ConflictError, SettingsError, error_line, printable
from runner.run_folder.history import read_history
from runner.run_folder.layout import read_run
from runner.run_folder.tables import is_float, read_row
from runner.storage.locks import locked
from runner.storage.reading import open_regular

STATUSES = {"completed": "FINISHED", "interrupted": "KILLED", "pruned": "KILLED"}
"""MLflow's words; every other end is FAILED."""
DATABASE = "mlflow.db"
BATCH = 1000
"""Metrics that MLflow takes at once; of parameters it takes 100."""
LONGEST = 6000
"""Characters of a parameter."""
MOST_SECONDS_OF_OTHERS = 120.0
"""So long a run waits for others that are being copied."""


def check_mlflow() -> None:
    """Raises SettingsError where MLflow is not installed, before anything is trained."""
    if find_spec("mlflow") is None:
        raise SettingsError(f"logger=mlflow needs MLflow; {installing('mlflow')}")


def log_run(run: Path, folder: str, experiment: str) -> str | None:
    """Copies a run that has ended into the store in `folder`; what went wrong, or None.

    The store is an SQLite database, mlflow.db, and the runs' files beside it.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of what MLflow's own parts outgrow
            copy_run(run, Path(folder).absolute(), experiment)
    except Exception as error:  # whatever MLflow or its database raise, the run itself is done
        return f"MLflow did not take the run {printable(run)}: {error_line(error)[:300]}"
    return None


def check_database(path: Path) -> None:
    """Raises OSError or sqlite3.Error for what MLflow would try to write for minutes."""
    if not os.path.lexists(path):
        return
    os.close(open_regular(path, os.O_RDWR))
    with closing(sqlite3.connect(path)) as database:
        database.execute("BEGIN IMMEDIATE")


def copy_run(run: Path, store: Path, experiment: str) -> None:
    """Copies a run. Raises what MLflow raises."""
    store.mkdir(parents=True, exist_ok=True)
    about, row = read_run(run), read_row(run / "results.csv")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing is sent anywhere
    with in_turn(store):
        client = opened(store / DATABASE)
        tags = {"runner.folder": str(run), "runner.stop_reason": row["stop_reason"]}
        started = milliseconds(about["started"])
        entry = client.create_run(
            experiment_id(client, experiment, store), started, tags, run_name=run.name
        ).info.run_id
        copy_values(client, entry, run, row, started)
        client.log_artifacts(entry, str(run))
        ended = milliseconds(row["finished"])
        client.set_terminated(entry, STATUSES.get(row["status"], "FAILED"), ended)


def in_turn(store: Path) -> ExitStack:
    """Waits until no other run is being copied: SQLite has one writer, and its tables one maker.

    Raises ConflictError where that takes too long.
    """
    held, last = ExitStack(), time.monotonic() + MOST_SECONDS_OF_OTHERS
    while True:
        try:
            held.enter_context(locked(store))
        except ConflictError:
            if time.monotonic() > last:
                raise
            time.sleep(0.02)
        else:
            return held


def opened(database: Path) -> Any:
    """A client of the database, which is made whole or not at all."""
    check_database(database)
    from mlflow import MlflowClient  # noqa: PLC0415 - takes seconds

    for name in ("alembic", "mlflow"):  # they tell how they set up their database
        logging.getLogger(name).setLevel(logging.WARNING)
    if not database.exists():
        new = database.with_name(f".{database.name}.tmp")
        for left in ("", "-journal", "-wal", "-shm"):  # of one that was killed
            new.with_name(new.name + left).unlink(missing_ok=True)
        MlflowClient(tracking_uri=f"sqlite:///{new}").search_experiments()
        os.replace(new, database)
    return MlflowClient(tracking_uri=f"sqlite:///{database}")


def copy_values(client: Any, entry: str, run: Path, row: dict[str, str], started: int) -> None:
    """The configuration as parameters, history and results as metrics, of an entry."""
    from mlflow.entities import Metric, Param  # noqa: PLC0415 - with the client

    names = list(row)
    configuration = names[: names.index("status")]
    params = [Param(name, row[name][:LONGEST]) for name in configuration]
    for start in range(0, len(params), 100):
        client.log_batch(entry, params=params[start : start + 100])
    metrics = [
        Metric(name, value, started + int(1000 * seconds), step)
        for name, value, seconds, step in (*history(run), *results(row))
    ]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(entry, metrics=metrics[start : start + BATCH])


def experiment_id(client: Any, name: str, store: Path) -> str:
    """The experiment of that name, made where there is none."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, (store / "artifacts").as_uri()))


def history(run: Path) -> Iterator[tuple[str, float, float, int]]:
    """The name, value, seconds and step of every metric in history.csv."""
    for row in read_history(run) if (run / "history.csv").is_file() else ():
        step, seconds = int(row.pop("step")), float(row.pop("seconds"))
        for name, value in row.items():
            if value:
                yield name, float(value), seconds, step


def results(row: dict[str, str]) -> Iterator[tuple[str, float, float, int]]:
    """The same of the results that are numbers."""
    names = list(row)
    for name in names[names.index("status") :]:
        if is_float(row[name]) and math.isfinite(value := float(row[name])):
            yield f"result.{name}", value, float(row.get("seconds") or 0), 0


def milliseconds(time: str) -> int:
    """A time of run.json as MLflow counts it."""
    return int(1000 * datetime.fromisoformat(time).timestamp())
