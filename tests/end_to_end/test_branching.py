import json
from pathlib import Path
from shutil import copy, copytree, rmtree

import pytest

from runner import verify
from runner.commands import run_command
from runner.experiment.running import QUIETLY, run_experiment
from runner.resume import main as resume_main
from runner.run_folder.layout import snapshot_path
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import InProcess, composed

LIMITS = ("stopping.target=null", "recording.plots=false")
PARENTS: dict[str, tuple[str, ...]] = {
    "the default run": ("recording.snapshots.epochs=900",),
    "mini-batches and Adam": ("recording.snapshots.epochs=300", "batch_size=3", "optimizer=adam"),
}


def parent(run: InProcess, *overrides: str) -> Path:
    folder = run.cwd / "parent"
    run_experiment(composed(*LIMITS, *overrides), folder, {}, QUIETLY)
    return folder


@pytest.mark.parametrize("case", PARENTS)
def test_a_branch_that_changes_nothing_is_its_parent(case: str, run: InProcess) -> None:
    folder = parent(run, "stopping.max_steps=2000", *PARENTS[case])
    assert run("from=parent@900", "hydra.run.dir=branch").code == 0
    branch = run.cwd / "branch"
    last, again = (
        load_snapshot(RunFolder(folder).snapshot()),
        load_snapshot(RunFolder(branch).snapshot()),
    )
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
        (("from=nowhere",), 4, "nowhere holds no run"),
        (("from=parent/snapshots/step-000001000.npz",), 2, "is a snapshot; expected parent@1000"),
        (("from=parent",), 2, "no step, for stopping.max_steps=1000 is met there"),
        (("from=parent", "stopping.max_steps=900"), 2, "stopping.max_steps=900 is met there"),
        (("from=parent@1000", "stopping.target=0.5"), 2, "stopping.target=0.5 is met there"),
        (("from=damaged@1000", "stopping.max_steps=2000"), 4, "is not a sound snapshot"),
        (("from=emptied@1000", "stopping.max_steps=2000"), 4, "holds no snapshot"),
        (("from=mixed@900", "stopping.max_steps=2000"), 4, "is another run's snapshot"),
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
    folder = parent(run, "stopping.max_steps=1000")
    RunFolder(Path(copytree(folder, run.cwd / "damaged"))).snapshot().write_bytes(b"PK")
    rmtree(Path(copytree(folder, run.cwd / "emptied")) / "snapshots")
    copytree(folder, run.cwd / "mixed")
    other = run("seed=2", "stopping.max_steps=900", "hydra.run.dir=other")
    assert other.code == 0
    for path in (run.cwd / "other" / "snapshots").glob("*900.npz"):
        copy(path, run.cwd / "mixed" / "snapshots")
    ended = run(*arguments)
    assert not (run.cwd / "outputs").exists() or not any((run.cwd / "outputs").glob("*/*"))
    assert ended.code == code
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_a_branch_is_said_to_be_one(run: InProcess) -> None:
    folder = parent(run, "stopping.max_steps=1000")
    ended = run("from=parent", "stopping.max_steps=1100", "hydra.run.dir=branch")
    assert f"branched    from step 1,000 of {folder}\n" in ended.out


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ("dataset.validation=0.3", "the validation part that dataset.validation=0.3 makes"),
        ("dataset.split_seed=2", "the test part that dataset.split_seed=2 makes"),
        ("dataset.folds=4", "the validation part that dataset.folds=4 makes"),
        ("dataset.test=null", None),
        ("optimizer=sgd", None),
        ("dataset=circles", None),
    ],
)
def test_a_branch_that_holds_out_what_its_run_may_have_trained_on_is_told(
    change: str, warned: str | None, run: InProcess
) -> None:
    small = ("dataset=moons", "dataset.samples=60", "engine=numpy", "dataset.test=0.2")
    parent(run, *small, "stopping.max_epochs=2")
    ended = run("from=parent", change, "stopping.max_epochs=3", "hydra.run.dir=branch")
    assert (ended.code, ended.err.count("\n")) == (0, 0 if warned is None else 1)
    log = (run.cwd / "branch" / "run.log").read_text()
    assert ("may have trained on" in log) == (warned is not None)
    assert (warned or "") in ended.err


def test_without_its_parent_a_branch_cannot_be_repeated_and_says_so(
    run: InProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = parent(run, "stopping.max_steps=1000")
    run("from=parent", "stopping.max_steps=1100", "hydra.run.dir=branch")
    assert run_command(verify.main, [str(run.cwd / "branch")]) == 0
    rmtree(folder)
    capfd.readouterr()
    assert run_command(verify.main, [str(run.cwd / "branch")]) == 4
    assert f"error: from={folder}@1000: {folder} holds no run" in capfd.readouterr().err
    assert run_command(resume_main, [str(run.cwd / "branch"), "stopping.max_steps=1200"]) == 0


SLOWED = (
    *("dataset=moons", "dataset.samples=60", "dataset.validation=0.3", "engine=numpy"),
    *("stopping.metric=val_loss", "stopping.max_epochs=9", "stopping.patience=8"),
    *("schedule=plateau", "schedule.patience=0", "optimizer.learning_rate=1e-9"),
    *("stopping.min_delta=1", "stopping.restore_best=true"),
)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("stopping.patience=null", True),
        ("optimizer.learning_rate=1e-8", False),
        ("schedule=constant", False),
        ("stopping.metric=val_accuracy", False),
        ("stopping.restore_best=false", False),
    ],
)
def test_a_branch_keeps_what_was_watched_only_where_it_still_means_something(
    change: str, kept: bool, run: InProcess
) -> None:
    folder = parent(run, *SLOWED)
    before = load_snapshot(RunFolder(folder).snapshot())
    assert before.watch.rate_factor < 1
    limit = "stopping.max_epochs=30"
    assert run("from=parent", change, limit, "hydra.run.dir=branch").code == 0
    after = load_snapshot(snapshot_path(run.cwd / "branch", before.step))
    fresh = load_snapshot(snapshot_path(folder, 0))
    expected = before if kept else fresh
    assert str(after.watch) == str(expected.watch)
    assert after.best.tobytes() == expected.best.tobytes()
