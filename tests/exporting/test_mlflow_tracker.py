"""With the real MLflow and its local store."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.exporting.mlflow_tracker import MlflowTracker, check_database
from runner.exporting.tracker import Point, TrackedEnd, TrackedRun
from runner.settings import TrackerSettings
from tests.end_to_end.commands import ENVIRONMENT, ending, start
from tests.limits import bounded

pytestmark = pytest.mark.filterwarnings("ignore")  # of what MLflow's own parts outgrow


def statuses(store: Path) -> dict[str, str]:
    """How the store's runs ended, by name."""
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")
    found = client.search_runs([client.get_experiment_by_name("runner").experiment_id])
    return {entry.info.run_name: entry.info.status for entry in found}


def test_many_begin_a_fresh_store_at_once_after_a_kill(tmp_path: Path) -> None:
    """As a sweep's processes do, of which each would have to import MLflow."""
    pytest.importorskip("mlflow")
    (tmp_path / ".mlflow.db.tmp").write_bytes(b"half made")

    def told(name: str) -> None:
        tracker = MlflowTracker(TrackerSettings(str(tmp_path), "runner"))
        tracker.begin(TrackedRun(name, name, None, {"seed": 1}, {}, 1.0, known=True))
        tracker.record([Point(1, 1, 0.1, {"loss": 0.5})])
        tracker.end(TrackedEnd("completed", {"steps": 1}, 2.0, None))

    names = list("abc")
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(told, names))
    assert statuses(tmp_path) == dict.fromkeys(names, "FINISHED")


@pytest.mark.release
def test_every_run_of_a_sweep_is_in_a_fresh_store(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    sweep = ("-m", "seed=range(1,13)", "stopping.max_steps=5", "sweep.workers=6")
    end = ending(
        start(*sweep, "+logger=mlflow", cwd=tmp_path, PYTHONWARNINGS="default"), timeout=240
    )
    assert end.code == 0
    assert "MLflow" not in end.err
    assert statuses(tmp_path / "mlflow") == dict.fromkeys(map(str, range(12)), "FINISHED")


DATABASES: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/full"),
    "another file": lambda path: path.write_text("no database" * 1000),
}


@pytest.mark.parametrize("case", DATABASES)
def test_what_is_no_database_is_refused_at_once(case: str, tmp_path: Path) -> None:
    DATABASES[case](tmp_path / "mlflow.db")
    with bounded(), pytest.raises((OSError, sqlite3.Error)):
        check_database(tmp_path / "mlflow.db")


def test_the_core_does_not_load_trackers(tmp_path: Path) -> None:
    packages = {"mlflow", "tensorboardX", "trackio", "wandb"}
    code = f"import runner.experiment.running, sys; sys.exit(bool({packages} & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, check=False
        ).returncode
        == 0
    )
