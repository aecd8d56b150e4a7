"""Every optimizer learns with the rate that it brings, whatever data set it is put on."""

from pathlib import Path

import pytest

from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import composed

DESCENT = ("sgd", "momentum", "nesterov")
"""Their rates depend on the data."""

DATASETS: dict[str, tuple[list[str], str, float]] = {
    # options that keep it short, metric, at least
    "blobs": ([], "test_accuracy", 0.99),
    "circles": ([], "test_accuracy", 0.98),
    "digits": (["stopping.max_epochs=10"], "test_accuracy", 0.9),
    "eight_samples": (["stopping.max_steps=10000"], "mean_accuracy", 0.99),
    "moons": ([], "test_accuracy", 0.98),
    "sine": (["stopping.max_epochs=200"], "test_r2", 0.8),
    "spirals": (["stopping.max_epochs=600"], "test_accuracy", 0.95),
    "xor": (["stopping.max_steps=100000"], "mean_accuracy", 0.9),
}


@pytest.mark.parametrize("optimizer", DESCENT)
@pytest.mark.parametrize("dataset", DATASETS)
def test_gradient_descent_learns_at_the_rate_of_the_data(
    dataset: str, optimizer: str, tmp_path: Path
) -> None:
    options, metric, least = DATASETS[dataset]
    config = composed(f"dataset={dataset}", f"optimizer={optimizer}", *options)
    run_experiment(config, tmp_path, {}, QUIETLY)
    assert float(read_row(tmp_path / "results.csv")[metric]) >= least


TRUTH_TABLES = ("and", "eleven_lines", "nand", "or", "xor", "xor_constant")


@pytest.mark.parametrize("dataset", TRUTH_TABLES)
def test_a_truth_table_that_cannot_be_learnt_comes_to_an_end(dataset: str) -> None:
    assert composed(f"dataset={dataset}")["stopping"]["max_steps"] == 50_000_000
    assert composed(f"dataset={dataset}", "stopping=steps")["stopping"]["max_steps"] == 10_000


@pytest.mark.parametrize("dataset", ["and", "nand", "or", "xor"])
def test_a_truth_table_needs_a_thousandth_of_its_limit(dataset: str, tmp_path: Path) -> None:
    config = composed(f"dataset={dataset}", "stopping.max_steps=50000")
    run_experiment(config, tmp_path, {}, QUIETLY)
    assert read_row(tmp_path / "results.csv")["stop_reason"] == "target"


def test_the_default_run_has_its_target_alone() -> None:
    stopping = composed()["stopping"]
    limits = ("max_steps", "max_epochs", "max_seconds", "patience", "plateau")
    assert [stopping[limit] for limit in limits] == [None] * 5
