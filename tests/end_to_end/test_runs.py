"""What a run leaves behind, how it ends, and what it says."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from runner.commands import run_command
from runner.experiment.running import QUIETLY, Manner, run_experiment
from runner.network.network import Network
from runner.network.topology import Topology
from runner.resume import main as resume_main
from runner.run_folder.layout import step_of
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot, parameters_checksum
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import Ending, InProcess, command, composed, start
from tests.problems import INPUTS

RESULTS = [
    "status",
    "stop_reason",
    "steps",
    "epochs",
    "seconds",
    "steps_per_second",
    "parameters",
    "loss",
    "mae",
    "mean_accuracy",
    "accuracy",
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ending, Path]:
    """A run of 1,000 steps, as a person starts it."""
    cwd = tmp_path_factory.mktemp("finished")
    ended = command("stopping.max_steps=1000", cwd=cwd)
    (folder,) = cwd.glob("outputs/*/*")
    return ended, folder


def test_a_run_ends_with_0_and_nothing_on_stderr(finished: tuple[Ending, Path]) -> None:
    ended, folder = finished
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (folder / "run.log").read_text(encoding="utf-8")
    assert f"Folder      {folder}" in ended.out


def test_a_run_directory_holds_what_it_should(finished: tuple[Ending, Path]) -> None:
    _, folder = finished
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        ".hydra/config.yaml",
        ".hydra/hydra.yaml",
        ".hydra/overrides.yaml",
        "run.json",
        "run.log",
        "results.csv",
        "history.csv",
        "predictions.csv",
        "plots/learning_curve.png",
        "plots/network.png",
        "plots/straight_line.png",
        "plots/weights.png",
        "snapshots/step-000000000.npz",
        "snapshots/step-000001000.npz",
    }


def test_run_json_tells_how_the_run_ended(finished: tuple[Ending, Path]) -> None:
    _, folder = finished
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (about["status"], about["stop_reason"]) == ("completed", "max_steps")
    assert about["error"] is None
    parameters = load_snapshot(RunFolder(folder).snapshot()).parameters
    assert about["checksums"]["parameters"] == parameters_checksum(parameters)


def test_results_are_the_configuration_then_the_results(finished: tuple[Ending, Path]) -> None:
    _, folder = finished
    (row,) = rows_of(folder / "results.csv")
    names = list(row)
    assert names[-len(RESULTS) :] == RESULTS or set(RESULTS) <= set(names)
    expected = {
        "topology": "3-4-1",
        "seed": "1",
        "optimizer.learning_rate": "10.0",
        "network.dropout.stage": "backward",
        "stopping.max_steps": "1000",
        "batch_size": "",
        "status": "completed",
        "steps": "1000",
        "parameters": "16",
        "accuracy": "1.0",
    }
    assert {name: row[name] for name in expected} == expected
    assert names.index("topology") < names.index("status")


def test_history_is_log_spaced_and_ends_with_the_results(finished: tuple[Ending, Path]) -> None:
    _, folder = finished
    history, (row,) = rows_of(folder / "history.csv"), rows_of(folder / "results.csv")
    steps = [int(entry["step"]) for entry in history]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (1, 1000)
    assert len(steps) < 80
    for name in ("loss", "mae", "mean_accuracy", "accuracy"):
        assert history[-1][name] == row[name]
        assert all(np.isfinite(float(entry[name])) for entry in history)


def test_predictions_are_those_of_the_final_weights(finished: tuple[Ending, Path]) -> None:
    _, folder = finished
    rows = rows_of(folder / "predictions.csv")
    parameters = load_snapshot(RunFolder(folder).snapshot()).parameters
    outputs = Network(Topology((3, 4, 1))).predict(parameters, INPUTS)
    told = [float(row["output_1"]) for row in rows]
    assert told == pytest.approx(outputs.ravel().tolist(), rel=1e-14)
    assert [[float(row[f"input_{i}"]) for i in (1, 2, 3)] for row in rows] == INPUTS.tolist()


def test_the_same_configuration_gives_the_same_bytes(
    finished: tuple[Ending, Path], tmp_path: Path
) -> None:
    _, folder = finished
    run_experiment(composed("stopping.max_steps=1000"), tmp_path, {}, QUIETLY)
    name = "snapshots/step-000001000.npz"
    again, before = load_snapshot(tmp_path / name), load_snapshot(folder / name)
    assert again.parameters.tobytes() == before.parameters.tobytes()
    assert (tmp_path / "predictions.csv").read_bytes() == (folder / "predictions.csv").read_bytes()


def test_a_run_into_a_folder_that_holds_one_is_a_conflict(run: InProcess) -> None:
    arguments = ("stopping.max_steps=3", "hydra.run.dir=here")
    assert run(*arguments).code == 0
    before = {path: path.read_bytes() for path in run.cwd.rglob("*") if path.is_file()}
    ended = run(*arguments)
    assert ended.code == 5
    assert "already holds a run" in ended.err
    assert ended.err.count("\n") == 1
    assert {path: path.read_bytes() for path in run.cwd.rglob("*") if path.is_file()} == before


def test_bad_data_is_exit_code_3_in_one_line(run: InProcess) -> None:
    (run.cwd / "houses.csv").write_text("size,price\n1,2\n3,n/a\n")
    ended = run("dataset=csv", "dataset.path=houses.csv", "dataset.target=price", "topology=1-1")
    assert ended.code == 3
    assert "houses.csv line 3 column 'price': 'n/a' is not a finite number" in ended.err
    assert ended.err.count("\n") == 1


def test_a_file_where_a_folder_should_be_is_exit_code_6_in_one_line(run: InProcess) -> None:
    (run.cwd / "file").write_text("")
    ended = run("stopping.max_steps=3", "hydra.run.dir=file/run")
    assert ended.code == 6
    assert "file/run" in ended.err
    assert ended.err.count("\n") == 1


def test_a_diverged_run_is_exit_code_7_and_keeps_its_last_finite_snapshot(run: InProcess) -> None:
    ended = run(
        "network.activation={hidden: linear, output: linear}",
        "stopping.target=null",
        "stopping.max_steps=100000",
        "hydra.run.dir=here",
    )
    assert ended.code == 7
    assert "diverged" in ended.err
    assert "optimizer.learning_rate" in ended.err
    assert ended.err.count("\n") == 1
    folder = run.cwd / "here"
    assert json.loads((folder / "run.json").read_text())["status"] == "diverged"
    assert read_row(folder / "results.csv")["status"] == "diverged"
    assert np.isfinite(load_snapshot(RunFolder(folder).snapshot()).parameters).all()


def test_a_csv_file_is_learnt(run: InProcess) -> None:
    (run.cwd / "and.csv").write_text("a,b,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n")
    ended = run(
        "dataset=csv",
        "dataset.path=and.csv",
        "dataset.target=y",
        "network=sigmoid",
        "topology=2-4-1",
        "batch_size=null",
        "dataset.validation=null",
        "dataset.test=null",
        "optimizer.learning_rate=0.1",
        "stopping=target",
        "stopping.metric=mean_accuracy",
        "stopping.target=0.95",
        "stopping.max_epochs=20000",
        "hydra.run.dir=here",
    )
    assert ended.code == 0
    row = read_row(run.cwd / "here" / "results.csv")
    assert (row["stop_reason"], row["accuracy"]) == ("target", "1.0")
    header = (run.cwd / "here" / "predictions.csv").read_text().splitlines()[0]
    assert header == "input_a,input_b,target_y,output_y"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_targets_are_learnt_and_told_in_their_own_units(run: InProcess, dtype: str) -> None:
    sizes = np.linspace(20, 300, 200)
    rows = "".join(f"{size},{150_000 + 2_000 * size}\n" for size in sizes)
    (run.cwd / "homes.csv").write_text("size,price\n" + rows)
    table = ["dataset=csv", "dataset.path=homes.csv", "dataset.target=price", f"dtype={dtype}"]
    assert run(*table, "hydra.run.dir=here").code == 0
    row = read_row(run.cwd / "here" / "results.csv")
    samples = rows_of(run.cwd / "here" / "predictions.csv")
    for prefix, part in (("val_", "validation"), ("test_", "test")):
        errors = [
            abs(float(sample["output_price"]) - float(sample["target_price"]))
            for sample in samples
            if sample["part"] == part
        ]
        assert float(row[f"{prefix}mae"]) == pytest.approx(np.mean(errors), rel=1e-4)
        assert np.mean(errors) < 20_000
    assert {float(sample["target_price"]) for sample in samples} == {
        150_000 + 2_000 * size for size in sizes
    }


def test_an_output_layer_that_cannot_give_scaled_targets_is_refused(run: InProcess) -> None:
    (run.cwd / "table.csv").write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(20)))
    table = ["dataset=csv", "dataset.path=table.csv", "dataset.target=y"]
    ended = run(*table, "network.activation.output=sigmoid")
    assert ended.code == 2
    assert "network.activation.output='sigmoid' cannot give targets scaled" in ended.err
    fitting = [*table, "dataset.scale_targets=minmax", "stopping.max_epochs=2"]
    assert run(*fitting, "network.activation.output=sigmoid").code == 0


def test_a_name_that_a_spreadsheet_would_run_is_defused(run: InProcess) -> None:
    assert run("dataset.name='=1+1'", "stopping.max_steps=2", "hydra.run.dir=here").code == 0
    assert read_row(run.cwd / "here" / "results.csv")["dataset.name"] == "'=1+1"


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [("4", [4, 8, 10]), ("[2,7]", [2, 7, 10]), ("[7,2]", [2, 7, 10])],
)
def test_history_rows_are_written_when_asked_for(
    schedule: str, steps: list[int], tmp_path: Path
) -> None:
    config = composed("stopping.max_steps=10", f"recording.history={schedule}")
    run_experiment(config, tmp_path, {}, QUIETLY)
    assert [int(row["step"]) for row in rows_of(tmp_path / "history.csv")] == steps


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [("null", [0, 10]), ("4", [0, 4, 8, 10]), ("[3]", [0, 3, 10]), ("log", [0, 10])],
)
def test_snapshots_are_written_when_asked_for(
    epochs: str, steps: list[int], tmp_path: Path
) -> None:
    config = composed("stopping.max_steps=10", f"recording.snapshots.epochs={epochs}")
    run_experiment(config, tmp_path, {}, QUIETLY)
    names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    assert names == [f"step-{step:09d}.npz" for step in steps]


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("plots", "quiet", "drawn"),
    [("auto", False, True), ("auto", True, False), ("true", True, True), ("false", False, False)],
)
def test_pictures_are_drawn_of_single_runs_or_when_asked_for(
    plots: str, quiet: bool, drawn: bool, tmp_path: Path
) -> None:
    config = composed("stopping.max_steps=10", f"recording.plots={plots}")
    run_experiment(config, tmp_path, {}, Manner(one_of_many=quiet))
    assert (tmp_path / "plots" / "learning_curve.png").exists() == drawn
    assert "warning" not in (tmp_path / "run.log").read_text(encoding="utf-8")


def test_predictions_of_large_data_sets_are_left_out(tmp_path: Path) -> None:
    config = composed("stopping.max_steps=2", "recording.predictions=7")
    run_experiment(config, tmp_path, {}, QUIETLY)
    assert not (tmp_path / "predictions.csv").exists()


def test_help_names_groups_and_values(tmp_path: Path) -> None:
    ended = command("--help", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    for word in ("python -m runner", "dataset:", "xor", "learning_rate", "topology: 3-4-1"):
        assert word in ended.out


def test_cfg_job_shows_the_configuration_without_running(run: InProcess) -> None:
    ended = run("--cfg", "job", "seed=5")
    assert (ended.code, ended.err) == (0, "")
    assert "seed: 5" in ended.out
    assert list(run.cwd.iterdir()) == []


def test_a_person_who_asks_for_the_traceback_gets_it(tmp_path: Path) -> None:
    ended = command("seed=x", cwd=tmp_path, HYDRA_FULL_ERROR="1")
    assert ended.code == 1
    assert "Traceback" in ended.err
    assert "seed='x' is not a whole number" in ended.err


def test_an_error_of_a_process_is_one_line_and_its_exit_code(tmp_path: Path) -> None:
    ended = command("optimzer.name=sgd", cwd=tmp_path)
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "error: optimzer is not a configuration key; did you mean 'optimizer'? "
        "python -m runner --cfg job shows them all"
    ]


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    process = start("--help", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == ""


@pytest.mark.parametrize("resumed", [False, True])
def test_a_long_run_keeps_its_first_and_log_spaced_snapshots(resumed: bool, tmp_path: Path) -> None:
    often = ("recording.snapshots.seconds=1e-9", "recording.snapshots.keep=2")
    steps = 9000 if resumed else 23_000
    config = composed("stopping.target=null", f"stopping.max_steps={steps}", *often)
    run_experiment(config, tmp_path, {}, QUIETLY)
    if resumed:
        assert run_command(resume_main, [str(tmp_path), "stopping.max_steps=23000"]) == 0
    kept = [step_of(path) for path in list(RunFolder(tmp_path).snapshots.values())]
    assert kept[:3] == [0, 1000, 10_000]
    assert kept[-1] == 23_000
    assert len(kept) <= 5


def test_snapshots_of_mini_batches_last_by_their_epoch(tmp_path: Path) -> None:
    keep = ("recording.snapshots.epochs=[2,4]", "recording.snapshots.keep=1")
    config = composed("batch_size=3", "stopping.target=null", "stopping.max_epochs=9", *keep)
    run_experiment(config, tmp_path, {}, QUIETLY)
    assert [step_of(path) for path in list(RunFolder(tmp_path).snapshots.values())] == [
        0,
        6,
        12,
        27,
    ]
