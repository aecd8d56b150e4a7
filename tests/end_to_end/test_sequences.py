"""Runs whose samples have a target at each of their steps."""

import csv
from pathlib import Path

import numpy as np
import pytest

from runner import load_network
from runner.data.__main__ import main as show
from runner.predict import main as predict
from runner.resume import main as resume
from runner.verify import main as verify
from tests.end_to_end.commands import InProcess

SUMS = ("dataset=addition_sequences", "dataset.bits=4", "topology=in-5RNN-out", "batch_size=7")
RUNS: dict[str, tuple[str, ...]] = {
    "sums": (*SUMS, "stopping.target=null"),
    "drawn sums": (*SUMS, "stopping.target=null", "dataset.samples=20"),
    "text": ("dataset=text", "dataset.path=own.txt", "dataset.window=8", "topology=in-5LSTM-out"),
    "npz": (
        *("dataset=csv", "dataset.path=own.npz", "dataset.target=y", "topology=in-5GRU-out"),
        "dataset.scale_targets=standardise",
    ),
}


def write_files(folder: Path) -> None:
    (folder / "own.txt").write_text("How much wood would a woodchuck chuck? " * 20)
    numbers = np.random.default_rng(1).normal(size=(40, 6, 2))
    np.savez(folder / "own.npz", x=numbers, y=np.cumsum(numbers[:, :, 0], 1))


@pytest.mark.parametrize("case", RUNS)
def test_they_are_recorded_verified_and_go_on(
    case: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.cwd)
    write_files(run.cwd)
    overrides = (*RUNS[case], "recording.predictions=1000")
    ended = run(*overrides, "stopping.max_epochs=3", "hydra.run.dir=r")
    assert ended.code == 0, ended.err
    with open(run.cwd / "r" / "predictions.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert {len(row) for row in rows} == {len(header)}
    assert verify(["r"]) == 0
    assert resume(["r", "stopping.max_epochs=5"]) == 0
    assert run(*overrides, "stopping.max_epochs=5", "hydra.run.dir=whole").code == 0
    weights = [load_network(run.cwd / folder).parameters for folder in ("r", "whole")]
    assert weights[0].tobytes() == weights[1].tobytes()


def test_outputs_of_steps_are_columns_of_their_own(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.cwd)
    names = "class", "number"
    for name, y in zip(names, (np.arange(240) % 3, np.arange(240) / 7), strict=True):
        np.savez(
            f"{name}.npz", x=np.ones((40, 6, 2)) * np.arange(40)[:, None, None], y=y.reshape(40, 6)
        )
        table = ("dataset=csv", f"dataset.path={name}.npz", "dataset.target=y")
        ended = run(
            *table, "topology=in-3RNN-out", "stopping.max_epochs=1", f"hydra.run.dir={name}"
        )
        assert ended.code == 0, ended.err
        assert predict([name, f"{name}.npz", "-o", f"{name}.csv"]) == 0
    header, *rows = csv.reader(Path("class.csv").read_text().splitlines())
    outputs = [f"output_{step}.{label}" for step in range(1, 7) for label in range(3)]
    assert header[-24:] == [*outputs, *(f"class_{step}" for step in range(1, 7))]
    for row in rows:
        said = np.array(row[-24:-6], float).reshape(6, 3).argmax(1)
        assert said.tolist() == [int(cell) for cell in row[-6:]]
    header, *_ = csv.reader(Path("number.csv").read_text().splitlines())
    assert header[-6:] == [f"output_{step}.y" for step in range(1, 7)]


@pytest.mark.parametrize("case", RUNS)
def test_they_are_shown(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    name, *overrides = (each for each in RUNS[case] if each.startswith("dataset"))
    assert show([name.removeprefix("dataset="), *overrides, "--plot", "p.png"]) == 0
    assert "steps x features" in capsys.readouterr().out
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
