"""Snapshots with a right digest that are not those of their run: refused in one line."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from runner.commands import run_command
from runner.experiment.running import QUIETLY, run_experiment
from runner.network.arrays import Array
from runner.resume import main as resume_main
from runner.run_folder.run import RunFolder
from runner.verify import main as verify_main
from tests.end_to_end.commands import InProcess, composed
from tests.faults.forging import reforge

RUN = (
    *("dataset=moons", "dataset.samples=40", "topology=2-5-1", "batch_size=8", "dtype=float64"),
    *("optimizer=momentum", "stopping.target=null", "stopping.max_epochs=4"),
    *("recording.plots=false", "recording.snapshots.epochs=2"),
)
MORE = "stopping.max_epochs=6"


def single(members: dict[str, Array]) -> dict[str, object]:
    """All numbers as float32."""
    return {name: members[name].astype(np.float32) for name in ("parameters", "slots", "best")}


def doubled(members: dict[str, Array]) -> dict[str, object]:
    """Twice the parameters."""
    twice = np.tile(members["parameters"], 2)
    return {"parameters": twice, "slots": np.tile(members["slots"], 2)}


FORGERIES: dict[str, Callable[[dict[str, Array]], dict[str, object]]] = {
    "a shorter order": lambda m: {"order": np.arange(10)},
    "an order of many": lambda m: {"order": np.arange(8_000_000)},
    "an order of 32 bits": lambda m: {"order": m["order"].astype(np.int32)},
    "an order of bytes": lambda m: {"order": m["order"].astype(np.int8)},
    "a sample twice": lambda m: {"order": np.zeros_like(m["order"])},
    "three slots": lambda m: {"slots": np.tile(m["slots"], (3, 1))},
    "no slots": lambda m: {"slots": m["slots"][:0]},
    "doubled parameters": doubled,
    "numbers of another type": single,
    "slots of another type": lambda m: {"slots": m["slots"].astype(np.float32)},
    "a position inside a batch": lambda m: {"position": 3},
    "a position at the end": lambda m: {"position": len(m["order"])},
    "sums of single precision": lambda m: {"sums": m["sums"].astype(np.float32)},
    "sums of other samples": lambda m: {"sums": m["sums"] + 1},
    "an epoch to come": lambda m: {"epoch": 10**6},
    "a rate that grows": lambda m: {"watch": m["watch"] * 2},
    "epochs waited that are no number": lambda m: {"watch": m["watch"] * np.nan},
    "a generator of bytes": lambda m: {"generator_key": m["generator_key"].astype(np.uint8)},
    "a generator of 64 bits": lambda m: {"generator_key": m["generator_key"].astype(np.uint64)},
    "half precision": lambda m: {n: m[n].astype(np.float16) for n in ("parameters", "slots")},
    "best weights of another net": lambda m: {"best": np.zeros(3)},
}


@pytest.fixture
def folder(run: InProcess) -> Path:
    """A run that has ended after four epochs."""
    run_experiment(composed(*RUN), run.cwd / "parent", {}, QUIETLY)
    return run.cwd / "parent"


@pytest.mark.parametrize("case", FORGERIES)
def test_a_branch_from_a_forged_snapshot_is_refused(
    case: str, folder: Path, run: InProcess
) -> None:
    path = RunFolder(folder).snapshot()
    with np.load(path) as arrays:
        members = {name: arrays[name] for name in arrays.files}
    reforge(path, **FORGERIES[case](members))
    ended = run("from=parent", MORE, "hydra.run.dir=branch")
    if case == "numbers of another type":
        assert (ended.code, "float32" in ended.err) == (2, True)
    else:
        assert (ended.code, f"{path.name} is not a sound snapshot" in ended.err) == (4, True)
    assert ended.err.count("\n") == 1
    assert not (run.cwd / "branch").exists()


@pytest.mark.parametrize("case", FORGERIES)
def test_a_run_goes_on_from_the_snapshot_before_a_forged_one(
    case: str, folder: Path, run: InProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    whole, path = run.cwd / "whole", RunFolder(folder).snapshot()
    run_experiment(composed(*RUN, MORE), whole, {}, QUIETLY)
    with np.load(path) as arrays:
        members = {name: arrays[name] for name in arrays.files}
    reforge(path, **FORGERIES[case](members))
    capfd.readouterr()
    assert run_command(resume_main, [str(folder), MORE]) == 0
    (warning,) = capfd.readouterr().err.splitlines()
    assert warning.startswith("warning: ")
    assert f"{path.name} is not a sound snapshot" in warning
    with (
        np.load(RunFolder(folder).snapshot()) as found,
        np.load(RunFolder(whole).snapshot()) as expected,
    ):
        for name in ("parameters", "slots", "order", "generator_key"):
            np.testing.assert_array_equal(found[name], expected[name])


def test_a_branch_from_another_runs_snapshot_is_refused(folder: Path, run: InProcess) -> None:
    run_experiment(composed(*RUN, "seed=5"), run.cwd / "other", {}, QUIETLY)
    path = RunFolder(folder).snapshot()
    copy(RunFolder(run.cwd / "other").snapshot(), path)
    ended = run("from=parent", MORE, "hydra.run.dir=branch")
    assert ended.code == 4
    assert f"{path.name} is another run's snapshot; use one of its own" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"classes": np.array(["b", "a"])}, "classes: b a, repeated 0 1"),
        ({"classes": None}, "classes: the snapshot has none"),
        ({"input_names": np.array(["y", "x"])}, "input_names: y x, repeated "),
        ({"target_shift": np.zeros(1), "target_scale": np.ones(1)}, "the repetition has none"),
        ({"activations": np.array(["tanh", "linear"])}, "activations: tanh linear, repeated"),
        ({"input_scale": np.array([2.0, 2]), "input_shift": np.zeros(2)}, "input_scale"),
    ],
)
def test_verifying_tells_what_else_a_forged_snapshot_says(
    members: dict[str, object], words: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reforge(RunFolder(folder).snapshot(), **members)
    capfd.readouterr()
    assert run_command(verify_main, [str(folder)]) == 1
    told = capfd.readouterr().out
    assert "differs, first at step" in told
    assert words in told
