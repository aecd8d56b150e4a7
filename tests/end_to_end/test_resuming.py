"""Resumed runs against uninterrupted ones: weights, history and results, but for times."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from runner.commands import run_command
from runner.errors import ConflictError
from runner.experiment.experiment import build
from runner.experiment.running import QUIETLY, Manner, run_experiment
from runner.resume import main as resume_main
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot, load_trained, read_snapshot
from runner.run_folder.tables import read_row
from runner.storage.locks import locked
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from tests.end_to_end.commands import ENVIRONMENT, InProcess, composed, ending, start

TIMES = ("seconds", "steps_per_second", "started", "finished")
DIGITS = ("dataset=digits", "recording.predictions=100000")
HELD_OUT = (*DIGITS, "dataset.validation=0.2")
WATCHING = (*HELD_OUT, "stopping.metric=val_loss")
RESTORING = (*WATCHING, "stopping.restore_best=true")

CASES: dict[str, tuple[list[str], str, int, int]] = {
    "the default run": (["stopping.target=null"], "max_steps", 700, 2500),
    "engine=numpy": (["engine=numpy", "stopping.target=null"], "max_steps", 70, 250),
    "mini-batches, stopped inside an epoch": (
        ["stopping.target=null", "batch_size=3", "recording.history=1"],
        *("max_steps", 70, 250),
    ),
    "forward dropout, numpy": (
        ["engine=numpy", "stopping.target=null", "batch_size=3", "network.dropout.stage=forward"],
        *("max_steps", 70, 250),
    ),
    "float32, early stopping": (
        [*WATCHING, "dtype=float32", "stopping.patience=50"],
        *("max_epochs", 2, 5),
    ),
    "the best weights restored": (
        [*RESTORING, "stopping.patience=2", "optimizer.learning_rate=0.03"],
        *("max_epochs", 3, 12),
    ),
    "plateau": (
        [*WATCHING, "schedule=plateau", "schedule.patience=0", "optimizer.learning_rate=0.03"],
        *("max_epochs", 3, 8),
    ),
    "the best weights restored, stopped inside an epoch": (
        [*RESTORING, "stopping.patience=3", "network.batch_norm=true"],
        *("max_steps", 70, 300),
    ),
    "a held-out target, stopped inside an epoch": (
        [*HELD_OUT, "stopping.metric=val_accuracy", "stopping.target=0.999"],
        *("max_steps", 70, 200),
    ),
    "a fold": (
        [*DIGITS, "dataset.test=null", "dataset.folds=3", "dataset.fold=1"],
        *("max_epochs", 2, 4),
    ),
    "convolution, normalised and dropped, stopped inside an epoch": (
        [
            *(*DIGITS, "topology=in-4C3p1-MP2-6C2-12-out", "engine=numpy"),
            *("network.batch_norm=true", "network.dropout.rate=[0.1,0.2,0,0.3]"),
        ],
        *("max_steps", 40, 100),
    ),
    "convolution, the compiled engine": (
        [*DIGITS, "topology=in-4C3p1-MP2-12-out", "network.dropout.rate=0.1"],
        *("max_steps", 70, 130),
    ),
    "recurrent layers over an image's rows": (
        [*DIGITS, "topology=8x8-6LSTM-5GRU-out", "engine=numpy"],
        *("max_steps", 40, 100),
    ),
    "data that the run draws, a target a step": (
        ["dataset=addition_sequences", "dataset.samples=60", "batch_size=7"],
        *("max_steps", 10, 25),
    ),
    "distortions, stopped inside an epoch": (
        [*DIGITS, "dataset.distortion.alpha=8"],
        *("max_steps", 70, 130),
    ),
    **{
        f"schedule={name}": (["stopping.target=null", f"schedule={name}"], "max_steps", 70, 250)
        for name in SCHEDULES
        if name != "plateau" and not SCHEDULES[name].needs_length
    },
    **{
        f"optimizer={name}": (
            ["stopping.target=null", f"optimizer={name}", "optimizer.learning_rate=0.01"],
            *("max_steps", 70, 250),
        )
        for name in OPTIMIZERS
    },
}


def trained(run: Path, *overrides: str, **limits: int) -> Path:
    """A run by these overrides and limits of `stopping`, which need no composing of their own."""
    config = composed("recording.plots=false", *overrides)
    config["stopping"] |= limits
    run_experiment(config, run, {}, QUIETLY)
    return run


def resumed(*arguments: object) -> int:
    return run_command(resume_main, [str(argument) for argument in arguments])


def table(path: Path) -> list[dict[str, str]]:
    """A CSV file but for its times."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: row[key] for key in row if key not in TIMES} for row in rows]


def told(run: Path) -> dict[str, Any]:
    """All that a run says of its mathematics."""
    about = json.loads((run / "run.json").read_text())
    names = ("predictions.csv", "results.csv", "history.csv")
    return {
        "status": about["status"],
        "checksums": about["checksums"],
        **{name: table(run / name) for name in names if (run / name).exists()},
    }


@pytest.mark.parametrize("case", CASES)
def test_a_run_resumed_is_the_run_that_never_stopped(case: str, tmp_path: Path) -> None:
    overrides, limit, first, last = CASES[case]
    whole = trained(tmp_path / "whole", *overrides, **{limit: last})
    run = trained(tmp_path / "run", *overrides, **{limit: first})
    assert resumed(run, f"stopping.{limit}={last}") == 0
    assert told(run) == told(whole)
    assert int(table(run / "results.csv")[0]["steps"]) > first


def test_a_snapshot_of_a_former_end_does_not_stand_for_the_best_weights(tmp_path: Path) -> None:
    overrides = (*RESTORING, "stopping.patience=2", "optimizer.learning_rate=0.03")
    run = trained(tmp_path / "run", *overrides, max_epochs=3)
    ended = RunFolder(run).snapshot()
    assert read_snapshot(ended, lambda members: bool(members["restored"]))
    assert resumed(run, "stopping.max_epochs=12") == 0
    assert not read_snapshot(ended, lambda members: bool(members["restored"]))
    assert load_trained(ended).parameters.tobytes() == load_snapshot(ended).parameters.tobytes()


def interrupt(run: Path) -> None:
    """Makes a run that has ended one that was killed just before it said so."""
    about = json.loads((run / "run.json").read_text())
    about |= {"status": "running", "finished": None, "stop_reason": None}
    (run / "run.json").write_text(json.dumps(about))
    (run / "results.csv").unlink()


SLICED = (
    *("recording.snapshots.seconds=1e-9", "recording.snapshots.keep=null"),
    "recording.durable=false",  # a power cut is another test's
)
"""A snapshot of every report, most of them inside an epoch."""
BATCHES = ("stopping.target=null", "stopping.max_epochs=20", "batch_size=3")
PLANE = ("dataset=moons", "dataset.samples=90", "dataset.validation=0.3")
FOLD = ("dataset.test=null", "dataset.folds=3", "dataset.fold=1")
BRIEF = (*HELD_OUT, "stopping.max_epochs=4")
STATEFUL: dict[str, tuple[str, ...]] = {
    **{
        f"schedule={name}": (*BATCHES, f"schedule={name}")
        for name in SCHEDULES
        if SCHEDULES[name].needs_length
    },
    "plateau": (
        *(*BRIEF, "stopping.metric=val_loss", "optimizer.learning_rate=0.03"),
        *("schedule=plateau", "schedule.patience=0"),
    ),
    "batch normalisation": (*BRIEF, "network.batch_norm=true"),
    "batch normalisation, numpy": (*BRIEF, "network.batch_norm=true", "engine=numpy"),
    "dropout": (*BRIEF, "network.dropout.rate=0.2", "network.dropout.stage=forward"),
    "dropout, numpy": (
        *(*BRIEF, "network.dropout.rate=0.2", "network.dropout.stage=forward"),
        "engine=numpy",
    ),
    "regularization": (
        *(*BRIEF, "regularization.l1=1e-4", "regularization.l2=1e-4"),
        *("regularization.clip_norm=1", "regularization.max_norm=1"),
    ),
    "distortions": (*BRIEF, "dataset.distortion.alpha=8"),
    "statistics of layers": (*BRIEF, "recording.layer_statistics=true"),
    "a fold": (*DIGITS, *FOLD, "stopping.max_epochs=4"),
    "patience": (*WATCHING, "stopping.patience=2", "optimizer.learning_rate=0.03"),
    "the best weights": (
        *(*RESTORING, "stopping.patience=2", "optimizer.learning_rate=0.03"),
        "network.batch_norm=true",
    ),
    "a plateau": (
        *HELD_OUT,
        "stopping.metric=val_loss",
        "stopping.plateau=3",
        "stopping.min_delta=0.05",
    ),
    "a held-out target": (*HELD_OUT, "stopping.metric=val_accuracy", "stopping.target=0.95"),
    "full batches, held out": (
        *(*PLANE, "batch_size=null", "stopping.max_epochs=30", "stopping.target=null"),
        *("stopping.metric=val_loss", "stopping.restore_best=true"),
    ),
    "regression": ("dataset=sine", "stopping.max_epochs=5", "stopping.target=null"),
}


@pytest.mark.parametrize("case", STATEFUL)
def test_a_run_goes_on_from_any_of_its_snapshots_to_the_same_bytes(
    case: str, tmp_path: Path
) -> None:
    run = trained(tmp_path / "run", *STATEFUL[case], *SLICED)
    before, paths = told(run), list(RunFolder(run).snapshots.values())
    steps = [load_snapshot(path).step for path in paths]
    assert 0 < steps[1] < steps[len(steps) // 2] < steps[-1]
    for place in (1, len(paths) // 2):
        copy = Path(copytree(run, tmp_path / str(place)))
        for path in list(RunFolder(copy).snapshots.values())[place + 1 :]:
            path.unlink()
        interrupt(copy)
        assert resumed(copy) == 0
        assert told(copy) == before


ENDINGS: dict[str, list[str]] = {
    "target": ["stopping.target=0.9"],
    "target on a loss": ["stopping.metric=loss", "stopping.target=0.2", "engine=numpy"],
    "max_steps": ["stopping.target=null", "stopping.max_steps=30"],
    "max_epochs in batches": ["stopping.target=null", "stopping.max_epochs=9", "batch_size=3"],
    "max_epochs": ["stopping.target=null", "stopping.max_epochs=9"],
    "max_seconds": ["stopping.target=null", "stopping.max_seconds=0.05"],
    "plateau": ["stopping.metric=loss", "stopping.plateau=3", "stopping.min_delta=0.5"],
    "patience": [*WATCHING, "stopping.patience=1", "optimizer.learning_rate=0.05"],
    "a held-out target": [*HELD_OUT, "stopping.metric=val_accuracy", "stopping.target=0.8"],
}


@pytest.mark.parametrize("case", ENDINGS)
def test_a_run_killed_after_its_last_snapshot_makes_no_step_more(case: str, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", *ENDINGS[case])
    before = told(run)
    interrupt(run)
    assert resumed(run) == 0
    assert told(run) == before


def test_a_damaged_snapshot_is_named_and_the_one_before_it_is_used(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    overrides = ("stopping.target=null", "stopping.max_steps=500", "recording.snapshots.epochs=100")
    run = trained(tmp_path / "run", *overrides)
    before = told(run)
    interrupt(run)
    for path in list(RunFolder(run).snapshots.values())[-2:]:
        path.write_bytes(path.read_bytes()[:-1])
    assert resumed(run) == 0
    said = capfd.readouterr().err
    assert "step-000000500.npz is not a sound snapshot" in said
    assert "step-000000400.npz is not a sound snapshot" in said
    assert "Traceback" not in said
    assert told(run) == before
    assert json.loads((run / "run.json").read_text())["resumed"][0]["step"] == 300


def test_a_run_without_any_sound_snapshot_begins_anew(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", "stopping.target=null", "stopping.max_steps=500")
    before = told(run)
    interrupt(run)
    for path in list(RunFolder(run).snapshots.values()):
        path.write_bytes(b"")
    assert resumed(run) == 0
    assert told(run) == before


def test_another_runs_snapshot_is_not_gone_on_from(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    limits = ("stopping.target=null", "stopping.max_steps=500")
    run, other = trained(tmp_path / "run", *limits), trained(tmp_path / "other", *limits, "seed=2")
    before = told(run)
    interrupt(run)
    newest = list(RunFolder(run).snapshots.values())[-1]
    newest.write_bytes((other / "snapshots" / newest.name).read_bytes())
    assert resumed(run) == 0
    assert "is another run's snapshot" in capfd.readouterr().err
    assert told(run) == before


def test_a_complete_run_has_nothing_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run", "stopping.max_steps=5")
    before = (run / "run.json").read_bytes()
    capfd.readouterr()
    assert resumed(run) == 0
    assert "nothing to do" in capfd.readouterr().out
    assert (run / "run.json").read_bytes() == before


SHORT = ("stopping.target=null", "stopping.max_steps=50")
BOTH = (*SHORT, "stopping.max_epochs=50")
WORSE = (*WATCHING, "stopping.patience=1", "optimizer.learning_rate=0.05")
STILL = (*WATCHING, "stopping.plateau=1", "stopping.min_delta=0.2")
GOOD = (*HELD_OUT, "stopping.metric=val_accuracy", "stopping.target=0.8")
NOTHING_ADDED: list[tuple[tuple[str, ...], str, str]] = [
    (SHORT, "stopping.max_steps=50", "max_steps=50 is met; a larger"),  # what it was
    (SHORT, "stopping.max_seconds=900", "max_steps=50 is met; a larger"),  # another limit
    (BOTH, "stopping.max_steps=90", "max_epochs=50 is met; a larger"),  # not the one met
    ((), "stopping.max_steps=9000000", "target=0.9999 is met; a harder"),
    (WORSE, "stopping.max_epochs=99", "patience=1 is met; a larger"),
    (STILL, "stopping.max_epochs=99", "plateau=1 is met; a larger"),
    (GOOD, "stopping.max_steps=9000", "target=0.8 is met; a harder"),
]


@pytest.mark.parametrize(("overrides", "change", "holds"), NOTHING_ADDED)
def test_a_complete_run_that_would_make_no_step_more_is_left_alone(
    overrides: tuple[str, ...],
    change: str,
    holds: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = trained(tmp_path / "run", *overrides)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    capfd.readouterr()
    assert resumed(run, change) == 0
    out = capfd.readouterr().out
    assert f"is complete, nothing to do: stopping.{holds} one " in out
    assert out.count("\n") == 1
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_resumed_run_says_from_which_step_it_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run", *SHORT)
    assert "resumed     from" not in (run / "run.log").read_text()
    capfd.readouterr()
    assert resumed(run, "stopping.max_steps=60") == 0
    assert "resumed     from step 50\n" in capfd.readouterr().out
    assert "resumed     from step 50\n" in (run / "run.log").read_text()


def test_the_compiled_engines_threads_may_change_and_change_no_byte(tmp_path: Path) -> None:
    wide = ("dataset=digits", "topology=64-40-10", "engine=compiled", "stopping.max_epochs=1")
    runs = [trained(tmp_path / name, *wide) for name in ("one", "two")]
    for run, changes in zip(runs, ((), ("threads=2",)), strict=True):
        assert resumed(run, "stopping.max_epochs=2", *changes) == 0
    one, two = (json.loads((run / "run.json").read_text()) for run in runs)
    assert (one["configuration"]["threads"], two["configuration"]["threads"]) == (1, 2)
    assert one["checksums"] == two["checksums"]


REFUSED: list[tuple[tuple[str, ...], str, int, str]] = [
    (SHORT, "seed=2", 2, "seed cannot change"),
    (SHORT, "optimizer.learning_rate=2", 2, "from="),
    ((*SHORT, "engine=numpy"), "threads=2", 2, "threads cannot change"),
    (SHORT, "stopping.max_steps=49", 2, "has made 50"),
    (SHORT, "stopping.max_step=60", 2, "did you mean"),
    (SHORT, "stopping.max_steps=-1", 2, "of at least 1"),
    (SHORT, "stopping.max_steps=60,70", 2, "is not one new value"),
    ((*SHORT, "schedule=cosine"), "stopping.max_steps=90", 2, "steps already made"),
    ((*SHORT, "optimizer.learning_rate=1e200"), "stopping.max_steps=90", 7, "from="),
]


@pytest.mark.parametrize(("overrides", "change", "code", "words"), REFUSED)
def test_what_a_resumed_run_may_not_change_is_refused(
    overrides: tuple[str, ...],
    change: str,
    code: int,
    words: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    extreme = ("network.activation.output=linear",) if code == 7 else ()
    run = trained(tmp_path / "run", *overrides, *extreme)
    before = told(run)
    capfd.readouterr()
    assert resumed(run, change) == code
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert told(run) == before


def test_other_data_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "table.csv"
    file.write_text("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(20)))
    overrides = (f"dataset.path={file}", "dataset.target=y", "stopping.max_epochs=2")
    run = trained(tmp_path / "run", "dataset=csv", *overrides)
    file.write_text(file.read_text().replace("19,361", "19,362"))
    assert resumed(run, "stopping.max_epochs=4") == 3
    assert "the data set is not the one" in capfd.readouterr().err


def test_a_run_in_use_is_left_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path / "run", "stopping.max_steps=5")
    with locked(run):
        assert resumed(run, "stopping.max_steps=9") == ConflictError.exit_code
    assert "is in use" in capfd.readouterr().err


def link(run: Path) -> None:
    (run.parent / "elsewhere").mkdir()
    (run / "history.csv").rename(run.parent / "elsewhere" / "history.csv")
    (run / "history.csv").symlink_to(run.parent / "elsewhere" / "history.csv")


def link_snapshots(run: Path) -> None:
    (run / "snapshots").rename(run.parent / "elsewhere")
    (run / "snapshots").symlink_to(run.parent / "elsewhere")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no run.json": (lambda run: (run / "run.json").unlink(), "holds no run"),
    "torn run.json": (lambda run: (run / "run.json").write_bytes(b'{"status"'), "cannot be read"),
    "empty run.json": (lambda run: (run / "run.json").write_bytes(b""), "cannot be read"),
    "a list in run.json": (lambda run: (run / "run.json").write_text("[]"), "cannot be read"),
    "a linked history": (link, "is a symbolic link"),
    "linked snapshots": (link_snapshots, "is a symbolic link"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_directory_is_refused_in_one_line(
    damage: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run", "stopping.max_steps=5")
    change, words = DAMAGES[damage]
    change(run)
    capfd.readouterr()
    assert resumed(run, "stopping.max_steps=9") == 4
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_leftovers_and_a_torn_configuration_do_not_matter(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", *SHORT)
    before = told(run)
    interrupt(run)
    (run / ".hydra").mkdir()
    (run / ".hydra" / "config.yaml").write_text("topology: [")
    leftover = run / "snapshots" / ".step-000000040.npz.123.tmp"
    leftover.write_bytes(b"half")
    with open(run / "history.csv", "a") as history:
        history.write("51,51,0.1,")
    assert resumed(run) == 0
    assert told(run) == before
    assert not leftover.exists()


def test_a_copied_run_goes_on_where_it_lies(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", *SHORT)
    before = told(run)
    interrupt(run)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(run), str(copy)], check=True)  # noqa: S607
    with locked(run):
        assert resumed(copy) == 0
    assert told(copy) == before


def test_a_sweep_resumes_its_unfinished_jobs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = tmp_path / "sweep"
    for job in range(3):
        trained(sweep / str(job), *SHORT, f"seed={job}")
    before = [told(sweep / str(job)) for job in range(3)]
    finished = (sweep / "1" / "run.json").read_bytes()
    for job in (0, 2):
        interrupt(sweep / str(job))
    capfd.readouterr()
    assert resumed(sweep) == 0
    out = capfd.readouterr().out
    assert "#0: max_steps reached" in out
    assert "#1" not in out
    assert [told(sweep / str(job)) for job in range(3)] == before
    assert (sweep / "1" / "run.json").read_bytes() == finished
    assert [row["seed"] for row in table(sweep / "results.csv")] == ["0", "1", "2"]
    assert resumed(sweep) == 0
    assert "nothing to do" in capfd.readouterr().out


@pytest.mark.parametrize("first", ["seed=1,2", "seed=1,2,3"])
def test_a_sweep_says_how_many_of_its_jobs_were_never_started(
    first: str, run: InProcess, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """first: of the launch before, which leaves two jobs or one to run."""
    sweep = tmp_path / "sweep"
    for seeds in (first, "seed=1,2,3,4"):
        assert run("-m", seeds, *SHORT, f"hydra.sweep.dir={sweep}").code == 0
    for job in (2, 3):
        rmtree(sweep / str(job))
    interrupt(sweep / "1")
    capfd.readouterr()
    for _ in range(2):
        assert resumed(sweep) == 1
        out = capfd.readouterr().out
        assert "2 of its jobs were never started, or left nothing to go on from; the command" in out
        assert "nothing to do" not in out
    assert run("-m", "seed=1,2,3,4", *SHORT, f"hydra.sweep.dir={sweep}").code == 0
    assert resumed(sweep) == 0


KILLED = ("stopping.target=null", "stopping.max_steps=60000", "engine=numpy", "batch_size=3")
OFTEN = ("recording.snapshots.seconds=0.02", "recording.history=50", "recording.plots=false")


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_random_resumes_to_the_same_weights(seed: int, tmp_path: Path) -> None:
    limits = (*KILLED, *OFTEN, "stopping.max_steps=6000")
    whole = trained(tmp_path / "whole", *limits)
    run, instants = tmp_path / "run", random.Random(seed)  # noqa: S311
    process = start(*limits, "hydra.run.dir=run", cwd=tmp_path)
    while not list(RunFolder(run).snapshots.values()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    for _ in range(2):
        time.sleep(instants.uniform(0, 0.6))
        process.kill()
        process.communicate()
        command = [sys.executable, "-m", "runner.resume", "run"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
        )
        time.sleep(instants.uniform(1, 2))
    assert ending(process).code == 0
    assert told(run) == told(whole)


@pytest.mark.parametrize(("mode", "code"), [("snapshot", 130), ("stop", 143)])
@pytest.mark.parametrize("name", ["SIGUSR1", "SIGUSR2"])
def test_a_clusters_warning_snapshots_and_stops_where_asked(
    name: str, mode: str, code: int, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    limits = ("stopping.target=null", f"recording.on_sigusr1={mode}", "stopping.max_seconds=60")
    few = ("recording.snapshots.epochs=null", "recording.plots=false")
    process = start(*limits, *few, "hydra.run.dir=run", cwd=tmp_path)
    while not (run / "run.log").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.Signals[name])
    while len(list(RunFolder(run).snapshots.values())) < 2:
        assert mode == "stop" or process.poll() is None, process.communicate()
        time.sleep(0.02)
    if mode == "snapshot":
        process.send_signal(signal.SIGINT)
    assert ending(process).code == code
    assert told(run)["status"] == "interrupted"


def test_a_signal_that_somebody_waits_for_is_handed_on_when_the_run_has_ended(
    tmp_path: Path,
) -> None:
    heard: list[str] = []
    config = composed("stopping.target=null", "stopping.max_seconds=60", "recording.plots=false")
    run = tmp_path / "run"

    def handler(number: int, _frame: object) -> None:
        heard.append(told(run)["status"])

    before = signal.signal(signal.SIGUSR2, handler)
    try:
        code = f"import os, time; time.sleep(1.5); os.kill({os.getpid()}, {signal.SIGUSR2:d})"
        sender = subprocess.Popen([sys.executable, "-c", code])
        outcome = run_experiment(config, run, {}, QUIETLY)
    finally:
        signal.signal(signal.SIGUSR2, before)
        sender.wait()
    assert outcome.status == "interrupted"
    assert heard == ["interrupted"]


def test_of_several_runs_those_that_can_go_on_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = [trained(tmp_path / name, *SHORT) for name in ("one", "damaged", "two")]
    (runs[1] / "run.json").write_text("{")
    capfd.readouterr()
    assert resumed(*runs, tmp_path / "none", "stopping.max_steps=60") == 4
    said = capfd.readouterr().err
    assert said.count("error: ") == said.count("\n") == 2
    assert [read_row(run / "results.csv")["steps"] for run in runs] == ["60", "50", "60"]


def test_a_run_goes_on_with_the_engine_that_auto_came_to(tmp_path: Path) -> None:
    config = composed("recording.plots=false", *SHORT)
    without_numba = Manner(
        "nothing", one_of_many=True, build=lambda config, _: build(config, "numpy")
    )
    run_experiment(config, tmp_path, {}, without_numba)
    assert resumed(tmp_path, "stopping.max_steps=60") == 0
    assert json.loads((tmp_path / "run.json").read_text())["engine"] == "numpy"


def test_a_whole_sweep_goes_on_further_than_it_was_asked_to(run: InProcess) -> None:
    limit = ("stopping.target=null", "stopping.max_steps=50")
    assert run("-m", "seed=1,2", *limit, "hydra.sweep.dir=s").code == 0
    assert resume_main([str(run.cwd / "s"), "stopping.max_steps=80"]) == 0
    assert [read_row(run.cwd / "s" / job / "results.csv")["steps"] for job in "01"] == ["80", "80"]
