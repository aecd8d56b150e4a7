"""What a sweep may optimise is what its jobs' results.csv will have."""

from typing import Any

import pytest

from runner.errors import SettingsError
from runner.settings import parse_settings
from runner.sweeping.objective import TOLD, check_objective
from tests.end_to_end.commands import InProcess, composed

TASKS: dict[str, list[str]] = {
    "a truth table": [],
    "many classes": ["dataset=digits"],
    "folds": ["dataset=digits", "dataset.test=null", "dataset.folds=3"],
    "two classes": ["dataset=moons", "dataset.test=20", "dataset.validation=20"],
    "numbers": ["dataset=sine"],
    "bits": ["dataset=binary_addition"],
    "a schedule": ["schedule=cosine"],
    "layers": ["recording.layer_statistics=true"],
}
NOT_MEASURED = {"status", "stop_reason", "started", "finished"}


def taken(name: str, config: dict[str, Any]) -> bool:
    try:
        check_objective(name, parse_settings(config))
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("task", TASKS)
def test_every_result_of_a_job_can_be_optimised_and_nothing_else(task: str, run: InProcess) -> None:
    few = ("stopping.target=null", "stopping.max_epochs=1")
    assert run(*TASKS[task], *few, "recording.plots=false", "hydra.run.dir=r").code == 0
    header = (run.cwd / "r" / "results.csv").read_text().splitlines()[0].split(",")
    results = set(header[header.index("status") :]) - NOT_MEASURED
    config = composed(*TASKS[task], *few)
    metrics = {
        f"{prefix}{name}"
        for prefix in ("", "val_", "test_")
        for name in ("loss", "mae", "mean_accuracy", "accuracy", "top_5_accuracy", "rmse", "r2")
    }
    asked = results | metrics | set(TOLD) | {"learning_rate", "suggested_rate", "L1.weight_norm"}
    assert {name for name in asked if taken(name, config)} == results
