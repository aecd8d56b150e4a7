"""experiment=rate_finder: an ordinary run that ends where the loss explodes, and a suggestion."""

import csv
from pathlib import Path

import numpy as np
import pytest

from runner.experiment.running import QUIETLY, run_experiment
from runner.experiment.verifying import verify_run
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import composed


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_the_loss_explodes_and_a_lower_rate_is_suggested(engine: str, tmp_path: Path) -> None:
    overrides = ["experiment=rate_finder", "dataset=digits", f"engine={engine}"]
    outcome = run_experiment(composed(*overrides, "recording.plots=true"), tmp_path, {}, QUIETLY)
    row = read_row(tmp_path / "results.csv")
    assert (outcome.exit_code, row["status"], row["stop_reason"]) == (0, "completed", "explosion")
    with open(tmp_path / "history.csv", encoding="utf-8", newline="") as file:
        history = list(csv.DictReader(file))
    assert [int(line["step"]) for line in history] == list(range(1, int(row["steps"]) + 1))
    assert list(history[0])[3:5] == ["learning_rate", "loss"]
    assert float(history[0]["learning_rate"]) == pytest.approx(1e-7)  # 0.0001 of Adam's
    suggested = float(row["suggested_rate"])
    assert 1e-4 < suggested < 1e-2
    assert suggested < float(history[-1]["learning_rate"]) / 10
    assert "\nSuggested learning rate: 0.00" in (tmp_path / "run.log").read_text(encoding="utf-8")
    assert (tmp_path / "plots" / "learning_rate.png").exists()


def test_numbers_that_are_not_finite_are_the_end_and_no_error(tmp_path: Path) -> None:
    wild = ["network=relu", "schedule.least=1", "schedule.most=1e200", "stopping.max_steps=20"]
    config = composed("experiment=rate_finder", "dataset=sine", *wild)
    outcome = run_experiment(config, tmp_path, {}, QUIETLY)
    row = read_row(tmp_path / "results.csv")
    assert (outcome.exit_code, row["stop_reason"]) == (0, "explosion")
    assert int(row["steps"]) < 10  # before the smoothed loss is watched
    last = load_snapshot(list(RunFolder(tmp_path).snapshots.values())[-1])
    assert last.step == int(row["steps"])
    assert np.isfinite(last.parameters).all()
    assert verify_run(tmp_path).differences == []
    assert "suggested_rate" not in row
