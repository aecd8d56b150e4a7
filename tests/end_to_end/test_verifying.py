import csv
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from runner import verify
from runner.commands import run_command
from runner.experiment.experiment import build
from runner.experiment.running import QUIETLY, Manner, run_experiment
from runner.resume import main as resume_main
from runner.run_folder.layout import snapshot_path
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.training.optimizers import OPTIMIZERS
from tests.end_to_end.commands import composed
from tests.faults.forging import reforge

STEPS = ("stopping.target=null", "stopping.max_steps=1500")
DIGITS = ("dataset=digits", "stopping.max_epochs=4", "dataset.validation=0.2")
CASES: dict[str, tuple[str, ...]] = {
    "the default run": STEPS,
    "stopped by its target": ("stopping.target=0.9",),
    "stopped by the clock": ("stopping.target=null", "stopping.max_seconds=0.2", "engine=numpy"),
    "mini-batches, float32": (*STEPS, "batch_size=3", "dtype=float32"),
    "early stopping": (*DIGITS, "stopping.metric=val_loss", "stopping.patience=1"),
    "the best weights restored": (
        *(*DIGITS, "stopping.metric=val_loss", "stopping.restore_best=true"),
        *("optimizer.learning_rate=0.05", "recording.snapshots.epochs=1"),
    ),
    "snapshots at any time": (*STEPS, "engine=numpy", "recording.snapshots.seconds=0.001"),
    "statistics of layers": (*DIGITS, "recording.layer_statistics=true"),
    "diverged": (*STEPS, "network.activation.output=linear", "optimizer.learning_rate=1e200"),
    **{
        f"optimizer={name}": (*STEPS, f"optimizer={name}", "optimizer.learning_rate=0.01")
        for name in OPTIMIZERS
    },
}


def trained(run: Path, *overrides: str) -> Path:
    run_experiment(composed("recording.plots=false", *overrides), run, {}, QUIETLY)
    return run


def verified(*runs: Path) -> int:
    return run_command(verify.main, [str(run) for run in runs])


@pytest.mark.parametrize("case", CASES)
def test_a_run_repeated_is_identical(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *CASES[case])
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert verified(run) == 0, capfd.readouterr().out
    assert "identical: " in capfd.readouterr().out
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "changes",
    [
        ("stopping.max_steps=300",),
        ("stopping.max_steps=300", "recording.history=7"),
        ("stopping.max_steps=300", "recording.snapshots.epochs=11"),
    ],
)
def test_a_resumed_run_is_identical_whatever_is_recorded_since(
    changes: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, "stopping.target=null", "stopping.max_steps=70", "batch_size=3")
    assert run_command(resume_main, [str(run), *changes]) == 0
    capfd.readouterr()
    assert verified(run) == 0
    assert "identical: " in capfd.readouterr().out
    path = RunFolder(run).snapshot()
    reforge(path, parameters=load_snapshot(path).parameters + 1)
    assert verified(run) == 1


def change_weights(run: Path, size: float) -> None:
    """Adds to the weights of the snapshot at step 1000, as another machine might."""
    path = snapshot_path(run, 1000)
    reforge(path, parameters=load_snapshot(path).parameters + size)


def edit(run: Path, **about: dict[str, object] | str | int) -> None:
    """Other words in run.json."""
    before = json.loads((run / "run.json").read_text())
    for key, value in about.items():
        before[key] = before[key] | value if isinstance(value, dict) else value
    (run / "run.json").write_text(json.dumps(before))


ELSEWHERE: dict[str, dict[str, dict[str, object] | str]] = {
    "numpy 1.26.0, now ": {"versions": {"numpy": "1.26.0"}},
    "numba 0.60.0, now ": {"versions": {"numba": "0.60.0"}},
    "platform Plan 9, now ": {"platform": "Plan 9"},
    "host laptop, now ": {"process": {"host": "laptop"}},
}


def test_weights_that_differ_are_told_with_step_and_size(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    change_weights(run, 0.5)
    assert verified(run) == 1
    said = capfd.readouterr().out
    assert "differs, first at step 1,000: weights differ by up to 0.5 " in said
    assert "nothing that is known" in said


@pytest.mark.parametrize("words", ELSEWHERE)
def test_rounding_elsewhere_is_borne_and_said(
    words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS, "engine=numpy")
    change_weights(run, 1e-10)
    assert verified(run) == 1
    edit(run, **ELSEWHERE[words])
    capfd.readouterr()
    assert verified(run) == 0
    said = capfd.readouterr().out
    assert "agrees within 1e-06, as rounding in other versions or on another machine" in said
    assert "differs first at step 1,000: weights differ by up to 1e-10" in said
    assert f"otherwise than then: {words}" in said
    assert "not identical, for engine=numpy promises no bytes, engine=compiled does" in said


@pytest.mark.parametrize("words", ELSEWHERE)
def test_no_rounding_is_borne_where_bytes_are_promised(
    words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS, "engine=compiled")
    edit(run, **ELSEWHERE[words])
    assert verified(run) == 0
    assert "identical: " in capfd.readouterr().out
    change_weights(run, 1e-10)
    assert verified(run) == 1
    said = capfd.readouterr().out
    assert "differs, first at step 1,000: weights differ by up to 1e-10" in said
    assert "which no other version or machine explains" in said
    edit(run, arithmetic=0)  # as a version before wrote it
    assert verified(run) == 0
    said = capfd.readouterr().out
    assert "not identical, for the arithmetic of engine=compiled was another then" in said


def test_more_than_rounding_differs_elsewhere_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS, "engine=numpy")
    change_weights(run, 0.5)
    edit(run, **ELSEWHERE["numpy 1.26.0, now "])
    assert verified(run) == 1
    said = capfd.readouterr().out
    assert "differs, first at step 1,000" in said
    assert "above the 1e-06 that other versions or another machine explain" in said


def test_a_changed_configuration_is_no_rounding(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    edit(run, configuration={"optimizer": {"name": "sgd", "learning_rate": 10.000001}})
    edit(run, **ELSEWHERE["numpy 1.26.0, now "])
    assert verified(run) == 1
    assert "run.json has been changed" in capfd.readouterr().out


def test_a_run_is_repeated_by_the_engine_that_auto_came_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = composed("recording.plots=false", *STEPS)
    without_numba = Manner(
        "nothing", one_of_many=True, build=lambda config, _: build(config, "numpy")
    )
    run_experiment(config, tmp_path, {}, without_numba)
    assert verified(tmp_path) == 0
    assert "identical: " in capfd.readouterr().out


def test_the_best_weights_are_compared_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *CASES["the best weights restored"])
    path = RunFolder(run).snapshot()
    state = load_snapshot(path)
    state.best[0] += 1
    reforge(path, best=state.best)
    assert verified(run) == 1
    expected = f"first at step {state.step:,}: the best weights differ by up to 1 "
    assert expected in capfd.readouterr().out


def test_a_history_that_differs_is_told_with_its_column(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    lines = (run / "history.csv").read_text().splitlines()
    cells = lines[5].split(",")
    cells[3] = "0.25"
    (run / "history.csv").write_text("\n".join([*lines[:5], ",".join(cells), *lines[6:]]) + "\n")
    assert verified(run) == 1
    expected = f"first at step {int(cells[0]):,}: history.csv: {lines[0].split(',')[3]} is 0.25"
    assert expected in capfd.readouterr().out


def test_a_row_after_a_runs_end_is_told_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    with open(run / "history.csv", "a") as history:
        history.write("99999999999999,1,0,1,1,1,1\n")
    assert verified(run) == 1
    expected = "differs, first at step 99,999,999,999,999: history.csv: the repetition has no row"
    assert expected in capfd.readouterr().out


def change_cell(run: Path, file: str, column: str, value: str) -> None:
    """Another value in the first row of a table."""
    rows = list(csv.reader((run / file).read_text().splitlines()))
    rows[1][rows[0].index(column)] = value
    with open(run / file, "w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows(rows)


EDITED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a result": (
        partial(change_cell, file="results.csv", column="accuracy", value="0.99"),
        "results.csv: accuracy is 0.99, repeated 0.",
    ),
    "a setting": (
        partial(change_cell, file="results.csv", column="topology", value="64-9-10"),
        "results.csv: topology is 64-9-10, repeated 64-64-10",
    ),
    "what held-out data say": (
        partial(change_cell, file="results.csv", column="test_accuracy", value="1.0"),
        "results.csv: test_accuracy is 1.0, repeated 0.",
    ),
    "the status": (
        partial(change_cell, file="results.csv", column="status", value="failed"),
        "results.csv: status is failed, repeated completed",
    ),
    "a prediction": (
        partial(change_cell, file="predictions.csv", column="output_3", value="0.5"),
        "predictions.csv: output_3 is 0.5, repeated ",
    ),
    "a class": (
        partial(change_cell, file="classes.csv", column="recall", value="1.0"),
        "classes.csv: recall is 1.0, repeated ",
    ),
    "a count": (
        partial(change_cell, file="confusion.csv", column="5", value="77"),
        "confusion.csv: 5 is 77, repeated ",
    ),
    "the checksum of the weights": (
        partial(edit, checksums={"parameters": "0" * 64}),
        "run.json: checksums.parameters is not that of the weights",
    ),
    "predictions that are gone": (
        lambda run: (run / "predictions.csv").unlink(),
        "predictions.csv is missing",
    ),
}


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every table."""
    options = ("dataset=digits", "stopping.max_epochs=2", "recording.predictions=2000")
    return trained(tmp_path_factory.mktemp("digits"), *options)


@pytest.mark.parametrize("case", EDITED)
def test_what_was_edited_after_the_end_is_told(
    case: str, digits_run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage, words = EDITED[case]
    run = shutil.copytree(digits_run, tmp_path / "run")
    damage(run)
    assert verified(run) == 1
    said = capfd.readouterr().out
    assert "differs, first at step " in said
    assert words in said


def test_times_are_not_compared(digits_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(digits_run, tmp_path / "run")
    for column in ("seconds", "steps_per_second", "finished"):
        change_cell(run, "results.csv", column, "7")
    assert verified(run) == 0


def other_data(run: Path) -> None:
    edit(run, checksums={"data": "0" * 64})


def no_snapshots(run: Path) -> None:
    for path in list(RunFolder(run).snapshots.values()):
        path.unlink()


def write_history(run: Path, content: bytes) -> None:
    (run / "history.csv").write_bytes(content)


REFUSED: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "no run": (lambda run: (run / "run.json").unlink(), 4, "holds no run"),
    "other data": (other_data, 3, "the data set is not the one that the run began with"),
    "no snapshots": (no_snapshots, 4, "no snapshot to compare with"),
    "a damaged snapshot": (
        lambda run: RunFolder(run).snapshot().write_bytes(b"PK"),
        4,
        "is not a sound snapshot",
    ),
    **{
        f"history: {content!r}": (
            partial(write_history, content=content),
            4,
            "history.csv cannot be read",
        )
        for content in (
            b"\xff",
            b"loss\n1\n",
            b"step,loss\nsoon,1\n",
            b'step,loss\n"1,1\n',
            b"step,loss\n1" + 400 * b"0" + b",1\n",
        )
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_verified_is_refused_in_one_line(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage, code, words = REFUSED[case]
    damage(trained(tmp_path, "stopping.max_steps=5"))
    capfd.readouterr()
    assert verified(tmp_path) == code
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_every_job_of_a_sweep_that_has_ended_is_verified(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for job in range(4):
        trained(tmp_path / str(job), *STEPS, f"seed={job}", "engine=numpy")
    edit(tmp_path / "3", status="interrupted")
    assert verified(tmp_path) == 0
    out = capfd.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in out[:3]] == [
        [str(tmp_path / str(job)), "identical"] for job in range(3)
    ]
    assert out[3:] == ["3 runs: 3 identical", "  left out: 1 interrupted"]
    change_weights(tmp_path / "0", 0.5)
    change_weights(tmp_path / "1", 1e-10)
    edit(tmp_path / "1", **ELSEWHERE["host laptop, now "])
    (tmp_path / "2" / "history.csv").write_text("torn")
    assert verified(tmp_path) == 4
    said = capfd.readouterr()
    out = said.out.splitlines()
    assert out[0].startswith(f"{tmp_path / '0'}: differs, first at step 1,000: ")
    assert out[1].startswith(f"{tmp_path / '1'}: agrees within 1e-06")
    assert out[2] == "3 runs: 1 differs, 1 agrees, 1 not verified"
    assert out[3].startswith("  otherwise than then: host laptop, now ")
    assert said.err.startswith(f"error: {tmp_path / '2' / 'history.csv'} cannot be read")


def test_a_sweep_of_which_nothing_has_ended_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(trained(tmp_path / "0", "stopping.max_steps=5"), status="running")
    assert verified(tmp_path) == 4
    assert "no job has come to its end (1 running)" in capfd.readouterr().err


def test_several_runs_are_verified_and_summed_up(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = [trained(tmp_path / name, "stopping.max_steps=5") for name in ("one", "two")]
    assert verified(*runs, runs[0]) == 0
    out = capfd.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in out] == [*map(str, runs), "2 runs"]
