"""The metrics that a run of each kind of task reports, by the names of its columns."""

from pathlib import Path

import pytest

from runner.errors import SettingsError
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import InProcess, composed

CLASSES = ("loss", "mae", "mean_accuracy", "accuracy")
NUMBERS = ("loss", "mae", "rmse", "r2")
FEW = ["stopping.max_epochs=2"]
PARTS = ["dataset.validation=0.2", "dataset.test=0.2"]

TASKS = [
    # overrides, of the training data, of validation and test data
    ([], CLASSES, ()),
    (["dataset=xor"], CLASSES, ()),
    (["dataset=binary_addition"], CLASSES[:3], ()),
    (["dataset=moons", *PARTS], CLASSES, CLASSES),
    (["dataset=digits", *PARTS], CLASSES, (*CLASSES, "top_5_accuracy")),
    (["dataset=digits", "dataset.test=null"], (*CLASSES, "top_5_accuracy"), ()),
    (["dataset=sine", *PARTS], NUMBERS, NUMBERS),
    (["dataset=sine", "loss=huber", "dataset.test=null"], NUMBERS, ()),
]
RESULTS = {*CLASSES, *NUMBERS, "top_5_accuracy"}


@pytest.mark.parametrize(("overrides", "train", "held_out"), TASKS)
def test_results_are_the_metrics_that_the_task_defines(
    overrides: list[str], train: tuple[str, ...], held_out: tuple[str, ...], tmp_path: Path
) -> None:
    run_experiment(composed(*overrides, *FEW), tmp_path, {}, QUIETLY)
    row = read_row(tmp_path / "results.csv")
    for prefix, expected in (("", train), ("val_", held_out), ("test_", held_out)):
        assert {name for name in RESULTS if row.get(prefix + name)} == set(expected)


@pytest.mark.parametrize(
    "metric", ["val_top_5_accuracy", "val_accuracy", "val_loss", "accuracy", "mae"]
)
def test_any_metric_of_the_task_can_be_a_target(metric: str, tmp_path: Path) -> None:
    bound = 0.0 if metric.endswith("accuracy") else 1e9
    config = composed(
        "dataset=digits", *PARTS, f"stopping.metric={metric}", f"stopping.target={bound}"
    )
    run_experiment(config, tmp_path, {}, QUIETLY)
    row = read_row(tmp_path / "results.csv")
    assert (row["stop_reason"], row["epochs"]) == ("target", "1")


def test_a_target_on_held_out_data_is_checked_after_every_epoch(tmp_path: Path) -> None:
    limits = ["stopping.metric=val_rmse", "stopping.target=0.5", "stopping.max_epochs=5000"]
    full = ["batch_size=null", "optimizer=adam", "recording.history=5000"]
    run_experiment(composed("dataset=sine", *PARTS, *full, *limits), tmp_path, {}, QUIETLY)
    row = read_row(tmp_path / "results.csv")
    assert row["stop_reason"] == "target"
    assert 1 < int(row["epochs"]) < 5000
    assert 0.4 < float(row["val_rmse"]) <= 0.5


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["dataset=sine", "stopping.metric=accuracy"], "not defined for regression"),
        (["dataset=sine", "stopping.metric=rmse"], "stopping.metric=val_rmse"),
        (["dataset=moons", "stopping.metric=val_top_5_accuracy"], "choose from loss"),
        (["dataset=digits", "stopping.metric=val_r2"], "not defined for classification"),
        (["dataset=binary_addition", "stopping.metric=accuracy"], "several outputs of 0 or 1"),
        (["stopping.metric=val_rsme"], "did you mean 'val_rmse'"),
        (["stopping.metric=test_loss"], "is unknown"),
        (["dataset=sine", *PARTS, "stopping.metric=val_r2", "stopping.target=1.1"], "at most 1"),
        (["dataset=sine", *PARTS, "stopping.metric=val_rmse", "stopping.target=-1"], "below 0"),
    ],
)
def test_a_metric_that_means_nothing_here_is_refused(
    overrides: list[str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=words):
        run_experiment(composed(*overrides), tmp_path, {}, QUIETLY)


def test_what_results_say_of_validation_is_of_the_restored_weights(tmp_path: Path) -> None:
    early = ["stopping.metric=val_loss", "stopping.patience=1", "stopping.restore_best=true"]
    fast = ["dataset=moons", *PARTS, "optimizer.learning_rate=3", "recording.history=1"]
    run_experiment(composed(*fast, *early), tmp_path, {}, QUIETLY)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    place = lines[0].split(",").index("val_loss")
    losses = [float(line.split(",")[place]) for line in lines[1:]]
    found = float(read_row(tmp_path / "results.csv")["val_loss"])
    assert found == min(losses) < losses[-1]


def test_a_table_of_one_class_is_trained_on_with_a_warning(run: InProcess) -> None:
    (run.cwd / "one.csv").write_text("a,k\n" + "1,x\n" * 20)
    with pytest.warns(UserWarning, match="one class only, 'x'"):
        ended = run(
            "dataset=csv", "dataset.path=one.csv", "dataset.target=k", "stopping.max_epochs=1"
        )
    assert ended.code == 0
