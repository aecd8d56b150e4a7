"""The package of examples/plugin: with it all works as with what is the runner's, without it a line
says what is missing.
"""

import json
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

import runner
from runner import compare, expand, export, plots, predict, replay, verify
from runner.errors import RunnerError, SnapshotError
from tests.end_to_end.commands import InProcess, command
from tests.plugins.registering import EXAMPLE, registered, undone

resume = import_module("runner.resume")  # runner.resume is the function
FEW = ("dataset=rings", "dataset.samples=40", "stopping.max_epochs=3", "recording.plots=false")
OWN = ("loss=log_cosh", "optimizer=sign", *FEW)
MISSING = (
    "the activation 'softsign' is not here: it came from the module swirl 0.1; "
    "give --plugin swirl, install its package, or import it in Python"
)


class Left(NamedTuple):
    """What the example has left behind."""

    run: Path
    rows: Path
    table: Path


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("left")
    table = folder / "new.csv"
    table.write_text("1,2\n0.1,0.2\n1,1\n")
    with registered():
        runner.train(*OWN, f"hydra.run.dir={folder}/run")
        several = ("optimizer=sign,sgd", "loss=log_cosh", "sweep.record=rows", "sweep.workers=2")
        found = runner.sweep(*several, *FEW, f"hydra.sweep.dir={folder}/rows")
        assert sorted(found["optimizer.name"]) == ["sgd", "sign"]
    return Left(folder / "run", folder / "rows", table)


COMMANDS: dict[str, Callable[[Left], int]] = {
    "verify": lambda left: verify.main([str(left.run)]),
    "verify rows": lambda left: verify.main([str(left.rows)]),
    "predict": lambda left: predict.main([str(left.run), str(left.table)]),
    "predict a row": lambda left: predict.main([f"{left.rows}/0", str(left.table)]),
    "export": lambda left: export.main([str(left.run), f"{left.run}/net.npz"]),
    "plots": lambda left: plots.main([str(left.run)]),
    "replay": lambda left: replay.main([str(left.run), "-o", f"{left.run}/replay.html"]),
    "expand": lambda left: expand.main([str(left.rows), "1"]),
    "resume": lambda left: resume.main([str(left.run), "stopping.max_epochs=4"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_without_the_plugin_a_line_says_what_is_missing(
    name: str, left: Left, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        assert COMMANDS[name](left) != 0
        told = capfd.readouterr().err
    except RunnerError as error:
        told = str(error)
    (line,) = told.splitlines()  # of several runs too
    assert line.endswith(MISSING)


@pytest.mark.parametrize("name", COMMANDS)
def test_with_the_plugin_commands_do_what_they_do(name: str, left: Left) -> None:
    with registered():
        assert COMMANDS[name](left) == 0


def test_comparing_asks_for_no_plugin(left: Left, capfd: pytest.CaptureFixture[str]) -> None:
    assert compare.main([str(left.rows), "--by", "optimizer.name"]) == 0
    assert "sign" in capfd.readouterr().out


def test_load_network_says_what_is_missing(left: Left) -> None:
    with pytest.raises(SnapshotError, match=r"'softsign' is not here.*swirl 0.1"):
        runner.load_network(left.run)
    with registered():
        assert runner.load_network(left.run).predict([[0, 0]]).shape == (1, 2)


def test_a_run_tells_where_its_pieces_are_from(left: Left) -> None:
    told = json.loads((left.run / "run.json").read_text())
    pieces = {"activation softsign", "dataset rings", "loss log_cosh", "optimizer sign"}
    assert told["plugins"].keys() == pieces
    assert {each["module"] for each in told["plugins"].values()} == {"swirl"}
    assert all(len(each["sha256"]) == 64 for each in told["plugins"].values())


def test_a_plugin_joins_the_compiled_engine_as_far_as_it_has_forms(run: InProcess) -> None:
    with undone(), pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        options = ("--plugin", "swirl", *FEW, "loss=log_cosh")
        fast = run(*options, "hydra.run.dir=fast")
        plain = run(*options, "hydra.run.dir=plain", "engine=numpy")
        other = run(*options, "hydra.run.dir=other", "optimizer=sign")
        refused = run(*options, "optimizer=sign", "engine=compiled")
    assert "engine      compiled, " in fast.out
    assert "engine      numpy, float64" in plain.out
    lacking = "has no form of optimizer 'sign' (swirl 0.1)"
    assert f"engine      numpy, for compiled {lacking}, float64" in other.out
    assert f"error: engine='compiled' {lacking}; choose engine=numpy or auto" in refused.err
    losses = [runner.load_history(run.cwd / name)["loss"].iloc[-1] for name in ("fast", "plain")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


TOLD = {
    "optimizer=sgin": "did you mean 'sign'?",
    "loss=log_cos": "did you mean 'log_cosh'?",
    "network.activation.hidden=softsing": "did you mean 'softsign'?",
    "dataset.sampels=3": "did you mean 'dataset.samples'?",
    "dataset.samples=-1": "expected a whole number of at least 0",
    "optimizer.momentum=1": "expected a number of at least 0 and below 1",
}


@pytest.mark.parametrize("said", TOLD)
def test_its_names_and_keys_are_looked_after_like_all_others(said: str, run: InProcess) -> None:
    with registered():
        ended = run("dataset=rings", "optimizer=sign", said)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert TOLD[said] in ended.err


def test_a_sweep_on_another_launcher_takes_the_plugin_along(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    own = tmp_path / "swirl.py"
    own.write_text((EXAMPLE / "swirl.py").read_text())
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=swept")
    ended = command("-m", "--plugin", "swirl", *OWN, "seed=1,2", *launcher, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "2 completed" in ended.out


def test_the_package_has_the_entry_point_and_the_version_that_it_says() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"runner.plugins": {"swirl": "swirl"}}
    assert f'__version__ = "{project["version"]}"' in (EXAMPLE / "swirl.py").read_text()
