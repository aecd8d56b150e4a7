"""With the real MLflow and its local store."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.errors import SettingsError
from runner.exporting.mlflow_logger import check_mlflow, log_run
from runner.run_folder.history import history_column
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import ENVIRONMENT, ending, start
from tests.limits import bounded

pytestmark = pytest.mark.filterwarnings("ignore")  # of what MLflow's own parts outgrow

OVERRIDES = ["stopping.max_steps=30", "hydra.run.dir=here"]


def tracked(store: Path) -> Any:
    """A client of the store."""
    mlflow = pytest.importorskip("mlflow")
    return mlflow.MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")


@pytest.mark.slow
def test_a_run_is_in_the_store_with_all_that_its_folder_holds(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    process = start(*OVERRIDES, "+logger=mlflow", cwd=tmp_path, PYTHONWARNINGS="default")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "warning: MLflow" not in err
    client = tracked(tmp_path / "mlflow")
    (entry,) = client.search_runs([client.get_experiment_by_name("runner").experiment_id])
    row = read_row(tmp_path / "here" / "results.csv")
    assert entry.info.status == "FINISHED"
    assert entry.info.run_name == "here"
    assert entry.data.params["topology"] == "3-4-1"
    assert entry.data.params["optimizer.learning_rate"] == row["optimizer.learning_rate"]
    assert entry.data.metrics["result.steps"] == 30
    expected = history_column(tmp_path / "here", "loss")
    found = {m.step: m.value for m in client.get_metric_history(entry.info.run_id, "loss")}
    assert found == expected
    files = {file.path for file in client.list_artifacts(entry.info.run_id)}
    assert {"run.json", "results.csv", "history.csv", "snapshots", "run.log"} <= files


@pytest.mark.slow
@pytest.mark.parametrize(("left", "jobs"), [(False, 12), (True, 2)], ids=["fresh", "after a kill"])
def test_every_run_of_a_sweep_is_in_a_fresh_store(left: bool, jobs: int, tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    if left:
        (tmp_path / "mlflow").mkdir()
        (tmp_path / "mlflow" / ".mlflow.db.tmp").write_bytes(b"half made")
    seeds = f"seed=range(1,{jobs + 1})"
    sweep = ("-m", seeds, "stopping.max_steps=5", f"sweep.workers={jobs // 2}")
    end = ending(
        start(*sweep, "+logger=mlflow", cwd=tmp_path, PYTHONWARNINGS="default"), timeout=240
    )
    assert end.code == 0
    assert "MLflow" not in end.err
    client = tracked(tmp_path / "mlflow")
    entries = client.search_runs([client.get_experiment_by_name("runner").experiment_id])
    assert sorted(entry.info.run_name for entry in entries) == sorted(map(str, range(jobs)))
    assert {entry.info.status for entry in entries} == {"FINISHED"}


def test_a_run_stays_completed_when_tracking_fails(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    (tmp_path / "file").write_text("")
    end = ending(start(*OVERRIDES, "+logger=mlflow", "logger.folder=file", cwd=tmp_path))
    assert end.code == 0
    assert "warning: MLflow did not take the run " in end.err
    assert end.err.count("\n") == 1
    assert read_row(tmp_path / "here" / "results.csv")["status"] == "completed"


def test_without_mlflow_the_run_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runner.exporting.mlflow_logger.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install '\.\[mlflow\]'"):
        check_mlflow()


def test_a_folder_without_a_run_is_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    problem = log_run(tmp_path, str(tmp_path / "store"), "runner")
    assert problem is not None
    assert "run.json" in problem


DATABASES: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/full"),
    "another file": lambda path: path.write_text("no database" * 1000),
}


@pytest.mark.parametrize("case", DATABASES)
def test_what_is_no_database_is_a_warning_at_once(case: str, tmp_path: Path) -> None:
    DATABASES[case](tmp_path / "mlflow.db")
    with bounded():
        problem = log_run(tmp_path, str(tmp_path), "runner")
    assert problem is not None
    assert f"MLflow did not take the run {tmp_path}: " in problem
    assert problem.isprintable()


def test_the_core_does_not_load_mlflow(tmp_path: Path) -> None:
    code = "import runner.experiment.running, sys; sys.exit('mlflow' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, check=False
        ).returncode
        == 0
    )
