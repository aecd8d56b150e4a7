"""Runs that version 0.1.0 made before its house was rebuilt: they load, verify, resume and go on.

Of their files only what names a machine's folders was taken out.
"""

import json
from pathlib import Path
from shutil import copytree

import pytest

from runner import load_history, load_network, load_predictions, load_runs
from runner.resume import main as resume
from runner.run_folder.tables import read_row
from runner.verify import main as verify
from tests.end_to_end.commands import InProcess

RUNS = Path(__file__).parent / "runs_of_0_1_0"
SINGLE = {"script": "max_steps", "best": "max_epochs", "numpy": "max_epochs"}
"""By run the limit that it ended at."""


@pytest.fixture(params=SINGLE)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(copytree(RUNS / request.param, tmp_path / request.param))


def test_they_load() -> None:
    runs = load_runs(RUNS)
    assert len(runs) == len(SINGLE) + 4
    assert runs.attrs["unreadable"] == {}
    assert set(load_history(runs)["run"]) == set(runs["path"])
    predictions = load_predictions(runs)
    assert set(predictions["run"]) == set(runs["path"])


def test_their_networks_predict_what_they_recorded(old: Path) -> None:
    table = load_predictions(old)
    inputs = table.filter(like="input_").to_numpy()
    outputs = table.filter(like="output_").to_numpy()
    assert load_network(old).predict(inputs) == pytest.approx(outputs, rel=1e-4, abs=1e-6)


def test_they_come_out_the_same_again(old: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert verify([str(old)]) == 0
    said = capfd.readouterr().out
    assert "identical: " in said or "agrees within " in said


def test_they_go_on_as_if_they_had_never_stopped(old: Path, run: InProcess) -> None:
    limit = f"stopping.{SINGLE[old.name]}"
    further = f"{limit}={2500 if old.name == 'script' else 45}"
    assert resume([str(old), further]) == 0
    said = (old / ".hydra" / "overrides.yaml").read_text(encoding="utf-8").splitlines()
    overrides = [line.removeprefix("- ") for line in said if limit not in line]
    assert run(*overrides, further, "hydra.run.dir=anew").code == 0
    there, anew = load_network(old), load_network(run.cwd / "anew")
    assert there.parameters == pytest.approx(anew.parameters, rel=1e-4, abs=1e-6)
    steps = [read_row(folder / "results.csv")["steps"] for folder in (old, run.cwd / "anew")]
    assert steps[0] == steps[1]


def test_their_sweep_goes_on_with_what_is_new(run: InProcess) -> None:
    copytree(RUNS / "sweep", run.cwd / "sweep")
    jobs = ("-m", "seed=1,2,3", "optimizer=sgd,adam", "stopping.max_steps=50")
    ended = run(*jobs, "hydra.sweep.dir=sweep")
    assert ended.code == 0, ended.err
    assert "4 jobs are finished, 2 to run" in ended.out
    about = [json.loads((run.cwd / "sweep" / n / "run.json").read_text()) for n in "012345"]
    assert sorted(each["configuration"]["seed"] for each in about) == [1, 1, 2, 2, 3, 3]
