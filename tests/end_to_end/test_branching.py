import json
from pathlib import Path

import pytest

from runner.recording.snapshots import load_snapshot, newest_snapshot, snapshot_path
from runner.recording.tables import read_row
from tests.end_to_end.commands import InProcess

LIMITS = ("stopping.target=null", "recording.plots=false")
PARENTS: dict[str, tuple[str, ...]] = {
    "the default run": ("recording.snapshots.epochs=900",),
    "mini-batches and Adam": ("recording.snapshots.epochs=300", "batch_size=3", "optimizer=adam"),
}


def parent(run: InProcess, *overrides: str) -> Path:
    assert run(*LIMITS, "hydra.run.dir=parent", *overrides).code == 0
    return run.cwd / "parent"


@pytest.mark.parametrize("case", PARENTS)
def test_a_branch_that_changes_nothing_is_its_parent(case: str, run: InProcess) -> None:
    folder = parent(run, "stopping.max_steps=2000", *PARENTS[case])
    assert run("from=parent@900", "hydra.run.dir=branch").code == 0
    branch = run.cwd / "branch"
    last, again = load_snapshot(newest_snapshot(folder)), load_snapshot(newest_snapshot(branch))
    assert again.step == last.step == 2000
    assert again.parameters.tobytes() == last.parameters.tobytes()
    start = load_snapshot(snapshot_path(branch, 900)).parameters
    assert start.tobytes() == load_snapshot(snapshot_path(folder, 900)).parameters.tobytes()


def test_a_branch_keeps_its_parents_configuration_and_says_where_it_comes_from(
    run: InProcess,
) -> None:
    folder = parent(run, "topology=3-5-1", "stopping.max_steps=1000", "seed=4")
    assert run("from=parent", "optimizer.learning_rate=1", "stopping.max_steps=1500").code == 0
    branch = next((run.cwd / "outputs").glob("*/*"))
    row = read_row(branch / "results.csv")
    assert (row["topology"], row["seed"], row["steps"]) == ("3-5-1", "4", "1500")
    assert float(row["optimizer.learning_rate"]) == 1
    assert (row["parent"], row["parent_step"]) == (str(folder), "1000")
    lineage = json.loads((branch / "run.json").read_text())["lineage"]
    weights = json.loads((folder / "run.json").read_text())["checksums"]["parameters"]
    assert lineage == {"run": str(folder), "step": 1000, "parameters": weights}
    first = (branch / "history.csv").read_text().splitlines()[1]
    assert int(first.split(",")[0]) > 1000


@pytest.mark.parametrize(
    "change", ["optimizer=adam", "seed=9", "batch_size=4", "dataset=xor_constant", "schedule=step"]
)
def test_a_branch_may_change_anything_but_its_network(change: str, run: InProcess) -> None:
    parent(run, "stopping.max_steps=1000")
    ended = run("from=parent", change, "stopping.max_steps=1200", "hydra.run.dir=branch")
    assert (ended.code, ended.err) == (0, "")
    assert read_row(run.cwd / "branch" / "results.csv")["steps"] == "1200"


def test_branches_are_swept_over(run: InProcess) -> None:
    parent(run, "stopping.max_steps=1000")
    rates = "optimizer.learning_rate=1,2"
    ended = run("-m", "from=parent", rates, "stopping.max_steps=1200", "hydra.sweep.dir=sweep")
    assert (ended.code, ended.err) == (0, "")
    rows = [read_row(run.cwd / "sweep" / job / "results.csv") for job in "01"]
    assert [float(row["optimizer.learning_rate"]) for row in rows] == [1, 2]
    assert {row["parent_step"] for row in rows} == {"1000"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("from=nowhere@3",), 4, "holds no run"),
        (("from=parent@7",), 4, "it has those of 0, 1000"),
        (("from=parent@soon",), 2, "is not a run and a step"),
        (("from=parent", "topology=3-8-1"), 2, "keep topology and dtype"),
        (("from=parent", "topology=3-2-2-2-1"), 2, "keep topology and dtype"),  # also 16 weights
        (("from=parent", "dtype=float32"), 2, "keep topology and dtype"),
        (("from=parent", "experiment=eleven_lines"), 2, "experiment=eleven_lines has no effect"),
        (("from=parent", "network.initializer.name=normal"), 2, "brings its weights"),
    ],
)
def test_a_branch_from_nothing_is_refused(
    arguments: tuple[str, ...], code: int, words: str, run: InProcess
) -> None:
    parent(run, "stopping.max_steps=1000")
    ended = run(*arguments)
    assert ended.code == code
    assert words in ended.err
    assert ended.err.count("\n") == 1
