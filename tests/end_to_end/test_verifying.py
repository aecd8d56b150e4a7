import json
from pathlib import Path

import pytest

from runner import verify
from runner.commands import run_command
from runner.experiment import run_experiment
from runner.recording.snapshots import load_snapshot, save_snapshot, snapshot_path
from runner.training.optimizers import OPTIMIZERS
from tests.end_to_end.commands import composed

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
    run_experiment(composed("recording.plots=false", *overrides), run, {}, quiet=True)
    return run


def verified(run: Path) -> int:
    return run_command(verify.main, [str(run)])


@pytest.mark.parametrize("case", CASES)
def test_a_run_repeated_is_identical(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *CASES[case])
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert verified(run) == 0, capfd.readouterr().out
    assert "identical: " in capfd.readouterr().out
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def change_weights(run: Path, size: float) -> None:
    """Adds to the weights of the snapshot at step 1000, as another machine might."""
    state = load_snapshot(snapshot_path(run, 1000))
    state.parameters += size
    save_snapshot(run, state)


def change_machine(run: Path) -> None:
    about = json.loads((run / "run.json").read_text())
    about["versions"]["numpy"] = "1.26.0"
    (run / "run.json").write_text(json.dumps(about))


def test_weights_that_differ_are_told_with_step_and_size(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    change_weights(run, 0.5)
    assert verified(run) == 1
    said = capfd.readouterr().out
    assert "differs, first at step 1,000: weights differ by up to 0.5 " in said
    assert "nothing that is known" in said


@pytest.mark.parametrize(("size", "code"), [(1e-10, 0), (0.5, 1)])
def test_elsewhere_rounding_is_borne_and_said(
    size: float, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path, *STEPS)
    change_weights(run, size)
    change_machine(run)
    assert verified(run) == code
    said = capfd.readouterr().out
    assert "numpy 1.26.0, now " in said
    assert ("agrees" in said) == (code == 0)


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


def test_a_run_that_is_none_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert verified(tmp_path) == 4
    assert capfd.readouterr().err.count("\n") == 1
