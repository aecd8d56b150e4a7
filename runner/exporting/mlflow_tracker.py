"""A run into a local MLflow store: its configuration and points as it goes, its files at its end.

The store is an SQLite database, mlflow.db, and the runs' files beside it.
"""

import logging
import math
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from runner.errors import ConflictError
from runner.exporting.tracker import NOTHING_YET, Point, TrackedEnd, TrackedRun
from runner.settings import TrackerSettings
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
ID = "runner.id"
"""The tag by which a run is found again."""


class MlflowTracker:
    """A run of MLflow's."""

    def __init__(self, settings: TrackerSettings) -> None:
        self._store = Path(settings.folder or "mlflow").absolute()
        self._experiment = settings.experiment
        self._client: Any = None
        self._entry, self._started = "", 0.0

    def begin(self, run: TrackedRun) -> int:
        """Makes the run's entry, or finds it by its tag."""
        self._started = run.started
        self._store.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing is sent anywhere
        with in_turn(self._store):
            self._client = opened(self._store / DATABASE)
            place = experiment_id(self._client, self._experiment, self._store)
            if run.known:
                found = self._client.search_runs([place], f"tags.`{ID}` = '{run.id}'")
                if found:
                    return self._go_on(found[0], run)
            tags = {ID: run.id, **({"runner.sweep": run.group} if run.group else {}), **run.tags}
            entry = self._client.create_run(
                place, milliseconds(run.started), tags, run_name=run.name.rpartition("/")[2]
            )
            self._entry = entry.info.run_id
            self._log_settings(as_texts(run.settings))
        return NOTHING_YET

    def _go_on(self, entry: Any, run: TrackedRun) -> int:
        """Opens an entry again; the last step that it has."""
        self._entry = entry.info.run_id
        self._client.update_run(self._entry, status="RUNNING")
        settings, known = as_texts(run.settings), entry.data.params
        self._log_settings({name: settings[name] for name in settings.keys() - known.keys()})
        for name in sorted(settings.keys() & known.keys()):  # a parameter cannot change
            if settings[name] != known[name]:
                self._client.set_tag(self._entry, f"resumed.{name}", settings[name])
        names = [name for name in entry.data.metrics if not name.startswith("result.")]
        points = self._client.get_metric_history(self._entry, names[0]) if names else ()
        return max((point.step for point in points), default=NOTHING_YET)

    def _log_settings(self, settings: Mapping[str, str]) -> None:
        from mlflow.entities import Param  # noqa: PLC0415 - with the client

        params = [Param(name, value) for name, value in settings.items()]
        for start in range(0, len(params), 100):
            self._client.log_batch(self._entry, params=params[start : start + 100])

    def record(self, points: Sequence[Point]) -> None:
        """Whole rows at once, so that each metric has come as far as any."""
        from mlflow.entities import Metric  # noqa: PLC0415 - with the client

        rows = [
            [
                Metric(name, value, milliseconds(self._started + seconds), step)
                for name, value in {"epoch": epoch, **metrics}.items()
            ]
            for step, epoch, seconds, metrics in points
        ]
        together = max(1, BATCH // max((len(row) for row in rows), default=1))
        with in_turn(self._store):
            for start in range(0, len(rows), together):
                metrics = [each for row in rows[start : start + together] for each in row]
                self._client.log_batch(self._entry, metrics=metrics)

    def end(self, end: TrackedEnd) -> None:
        """The results that are numbers, the status, and a copy of the run's folder."""
        from mlflow.entities import Metric  # noqa: PLC0415 - with the client

        ended = milliseconds(end.finished)
        metrics = [
            Metric(name, value, ended, 0)
            for name, value in end.numbers.items()
            if math.isfinite(value)
        ]
        with in_turn(self._store):
            self._client.log_batch(self._entry, metrics=metrics)
            reason = str(end.results.get("stop_reason", end.status))
            self._client.set_tag(self._entry, "runner.stop_reason", reason)
            if end.folder is not None:
                self._client.log_artifacts(self._entry, str(end.folder))
            status = STATUSES.get(end.status, "FAILED")
            self._client.set_terminated(self._entry, status, ended)


def as_texts(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as parameters, written as results.csv has them."""
    return {name: "" if value is None else str(value)[:LONGEST] for name, value in settings.items()}


def milliseconds(seconds: float) -> int:
    """A time as MLflow counts it."""
    return int(1000 * seconds)


def check_database(path: Path) -> None:
    """Raises OSError or sqlite3.Error for what MLflow would try to write for minutes."""
    if not os.path.lexists(path):
        return
    os.close(open_regular(path, os.O_RDWR))
    with closing(sqlite3.connect(path)) as database:
        database.execute("BEGIN IMMEDIATE")


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


def experiment_id(client: Any, name: str, store: Path) -> str:
    """The experiment of that name, made where there is none."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, (store / "artifacts").as_uri()))
