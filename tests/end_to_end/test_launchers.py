"""Sweeps on the engines that exist: joblib, submitit's local executor, a local Ray cluster, Optuna.

The real things, each started by its test; every sweep is held against one of the runner's own.
"""

import csv
import json
import os
import re
import shutil
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
import yaml

from runner import load_runs
from runner.run_folder.layout import read_run
from tests.end_to_end.commands import Ending, InProcess, command, ending, start

SWEEP = ("-m", "topology=3-4-1,2-4-1", "seed=1,2", "stopping.target=null", "stopping.max_steps=20")
PACKAGES = {"joblib": "joblib", "submitit_local": "submitit", "ray": "ray"}
LENIENT = {"PYTHONWARNINGS": "default"}
"""Ray, Optuna and what they load warn of one another's old habits."""


def table(sweep: Path) -> list[dict[str, str]]:
    """The sweep's results without times."""
    with open(sweep / "results.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    timed = ("seconds", "steps_per_second", "started", "finished")
    return [{name: row[name] for name in row if name not in timed} for row in rows]


def jobs(sweep: Path) -> dict[str, tuple[str, str, list[str]]]:
    """Of each job its status, the checksum of its weights, and the names of its files."""
    found = {}
    for path in sweep.glob("[0-9]*"):
        about = json.loads((path / "run.json").read_text(encoding="utf-8"))
        files = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
        found[path.name] = about["status"], about["checksums"].get("parameters", ""), files
    return found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep as the runner's own launcher leaves it."""
    cwd = tmp_path_factory.mktemp("own")
    assert command(*SWEEP, "hydra.sweep.dir=s", cwd=cwd).code == 1
    return cwd / "s"


@pytest.mark.parametrize("launcher", PACKAGES)
def test_a_sweep_on_another_launcher_leaves_what_it_leaves_on_the_runners_own(
    launcher: str, own: Path, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[launcher])
    sweep = (*SWEEP, f"hydra/launcher={launcher}", "hydra.sweep.dir=s")
    ended = ending(start(*sweep, cwd=tmp_path, **LENIENT), timeout=300)  # a cluster's start is slow
    assert_failures_are_told(ended)
    assert jobs(tmp_path / "s") == jobs(own)
    assert table(tmp_path / "s") == table(own)
    assert load_runs(tmp_path / "s")["status"].tolist() == ["completed"] * 2 + ["failed"] * 2


def assert_failures_are_told(ended: Ending) -> None:
    assert ended.code == 1, ended
    told = ended.err[ended.err.index("error: ") :].splitlines()
    assert told[0] == "error: 2 of the sweep's 4 jobs failed:"
    assert [line.split()[0] for line in told[1:]] == ["#2", "#3"]
    assert all("topology=2-4-1 does not fit" in line for line in told[1:])


RATES = "optimizer.learning_rate=tag(log, interval(0.1, 30))"
OPTUNA = ("-m", "hydra/sweeper=optuna", "hydra.sweep.dir=s")


def optimized(sweep: Path) -> tuple[float, float]:
    """The best learning rate, and what it came to."""
    found = yaml.safe_load((sweep / "optimization_results.yaml").read_text(encoding="utf-8"))
    return found["best_params"]["optimizer.learning_rate"], found["best_value"]


@pytest.fixture
def optuna(run: InProcess) -> InProcess:
    """The runner with Optuna, loaded: Optuna 2, which Hydra 1.3's sweeper takes, warns then."""
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    with warnings.catch_warnings(action="ignore"):
        import optuna  # noqa: F401
    return run


SEARCHES = [
    ("loss", "minimize", ("stopping.metric=loss", "stopping.target=null")),
    ("mean_accuracy", "maximize", ("stopping.target=null",)),
    ("steps", "minimize", ("stopping.target=0.9", "sweep.objective=steps")),
]


@pytest.mark.parametrize(("column", "direction", "choices"), SEARCHES)
def test_optuna_finds_the_best_of_its_trials(
    column: str, direction: str, choices: tuple[str, ...], optuna: InProcess
) -> None:
    search = (RATES, "stopping.max_steps=2000", f"hydra.sweeper.direction={direction}")
    ended = optuna(*OPTUNA, *search, *choices, "hydra.sweeper.n_trials=6")
    assert ended.code == 0, ended
    rows = table(optuna.cwd / "s")
    assert [row["job"] for row in rows] == [str(number) for number in range(6)]
    best = {"minimize": min, "maximize": max}[direction](rows, key=lambda row: float(row[column]))
    found = float(best["optimizer.learning_rate"]), float(best[column])
    assert optimized(optuna.cwd / "s") == found


def test_optuna_learns_from_its_trials(optuna: InProcess) -> None:
    ended = optuna(*OPTUNA, RATES, "stopping.target=0.99", "sweep.objective=steps")
    assert ended.code == 0, ended
    steps = [int(row["steps"]) for row in table(optuna.cwd / "s")]
    at_random, learnt = steps[:10], steps[10:]
    assert len(learnt) == 10
    assert median(learnt) < median(at_random) / 4


FEW = (
    "stopping.target=null", "stopping.max_steps=20", "hydra.sweeper.n_trials=6",
    "hydra.sweeper.direction=maximize",
)  # fmt: skip


@pytest.mark.parametrize("launcher", ["pool", "basic"])
def test_a_search_launched_again_goes_on_where_it_was(launcher: str, optuna: InProcess) -> None:
    search = (*OPTUNA, RATES, *FEW, f"hydra/launcher={launcher}")
    assert optuna(*search).code == 0
    before = table(optuna.cwd / "s"), jobs(optuna.cwd / "s"), optimized(optuna.cwd / "s")
    shutil.rmtree(optuna.cwd / "s" / "3")
    ended = optuna(*search)
    assert ended.code == 0, ended
    assert ended.out.count("2 jobs are finished, 0 to run") == 2
    assert ended.out.count("1 job is finished, 1 to run") == 1
    assert (
        table(optuna.cwd / "s"), jobs(optuna.cwd / "s"), optimized(optuna.cwd / "s"),
    ) == before  # fmt: skip
    log = (optuna.cwd / "s" / "sweep.log").read_text().splitlines()
    assert sum(line.startswith("#") for line in log) == 7


def test_a_search_that_keeps_rows_goes_on_where_it_was(optuna: InProcess) -> None:
    search = (*OPTUNA, RATES, *FEW, "sweep.record=rows")
    assert optuna(*search).code == 0
    before = table(optuna.cwd / "s")
    ended = optuna(*search, "hydra.sweeper.n_trials=8")
    assert ended.code == 0, ended
    assert ended.out.count("2 jobs are finished, 0 to run") == 3
    again = table(optuna.cwd / "s")
    assert len(again) == 8
    assert again[:6] == before


@pytest.mark.parametrize(("best", "code"), [("minimize", 0), ("maximize", 2)])
def test_what_a_searchs_jobs_watch_says_which_is_the_best(
    best: str, code: int, optuna: InProcess
) -> None:
    jobs = ("dataset=choice(sine)", "stopping.max_epochs=2", f"hydra.sweeper.direction={best}")
    ended = optuna(*OPTUNA, "seed=range(1,9)", *jobs, "hydra.sweeper.n_trials=2")
    assert ended.code == code, ended
    assert ("would look for the worst mae" in ended.err) == (code == 2)


@pytest.mark.parametrize("objective", ["null", "loss"])
def test_a_search_optimises_one_metric(objective: str, optuna: InProcess) -> None:
    """Which data set is drawn first does not matter."""
    mixed = ("dataset=choice(sine,moons)", "stopping.max_epochs=2", "stopping.target=null")
    trials = ("hydra.sweeper.n_trials=9", f"sweep.objective={objective}")
    ended = optuna(*OPTUNA, "seed=range(1,9)", *mixed, *trials)
    assert ended.code == (2 if objective == "null" else 0), ended
    assert ("where the search looks for the best" in ended.err) == (objective == "null")


@pytest.mark.parametrize("launcher", ["pool", "basic"])
def test_the_line_of_a_searchs_job_says_all_its_settings(launcher: str, optuna: InProcess) -> None:
    ended = optuna(*OPTUNA, RATES, *FEW, f"hydra/launcher={launcher}")
    assert ended.code == 0
    lines = {line for line in ended.out.splitlines() if re.match(r"#\d+ ", line)}
    assert len(lines) == 6
    given = [text for text in FEW if not text.startswith("hydra.")]
    for line in lines:
        assert all(f" {text}" in line for text in (*given, "optimizer.learning_rate="))


def test_a_search_survives_failing_trials(optuna: InProcess) -> None:
    ended = optuna(*OPTUNA, "topology=choice(3-4-1,2-4-1,3-2-1)", *FEW)
    assert ended.code == 1
    statuses = {row["topology"]: row["status"] for row in table(optuna.cwd / "s")}
    assert statuses["2-4-1"] == "failed"
    assert "of the sweep's 6 jobs failed:" in ended.err
    found = yaml.safe_load((optuna.cwd / "s" / "optimization_results.yaml").read_text())
    assert statuses[found["best_params"]["topology"]] == "completed"


def test_a_search_ends_where_more_fail_than_it_may(optuna: InProcess) -> None:
    wrong = ("topology=choice(2-4-1,2-3-1)", "hydra.sweeper.max_failure_rate=0.5")
    ended = optuna(*OPTUNA, *wrong, *FEW)
    assert ended.code == 1
    assert len(table(optuna.cwd / "s")) == 2
    assert "error: 2 of the sweep's 2 jobs failed:" in ended.err


REFUSED = {
    "an objective that is misspelt": (
        ["sweep.objective=stps"], "is no result of these jobs; did you mean 'steps'?"),
    "an objective without data": (
        ["sweep.objective=val_accuracy"], "choose from loss, mae, "),
    "an objective of another task": (["sweep.objective=r2"], "choose from loss, mae, "),
    "the worst metric": (["hydra.sweeper.direction=minimize"], "the worst mean_accuracy; set hy"),
    "the worst objective": (["sweep.objective=test_loss"], "worst test_loss; set hydra.sweeper."),
    "a setting": (["seed=-1"], "seed=-1 is out of range"),
    "a setting on another launcher": (
        ["seed=-1", "hydra/launcher=basic"], "seed=-1 is out of range"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_search_is_checked_before_it_starts(case: str, optuna: InProcess) -> None:
    choices, expected = REFUSED[case]
    ended = optuna(*OPTUNA, RATES, *FEW, *choices)
    assert ended.code == 2
    assert expected in ended.err
    assert not list(optuna.cwd.glob("s/*/run.json"))


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for what is about to come true."""
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)


def wait_for_training(job: Path) -> int:
    """The process of a job, once it trains."""
    wait_until((job / "history.csv").exists)
    process: int = json.loads((job / "run.json").read_text(encoding="utf-8"))["process"]["id"]
    return process


def test_a_job_that_submitit_queues_again_goes_on_from_its_snapshot(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    choices = ("stopping.target=null", "stopping.max_steps=4000000")
    sweep = ("-m", "seed=1", *choices, "hydra/launcher=submitit_local", "hydra.sweep.dir=s")
    process = start(*sweep, cwd=tmp_path)
    os.kill(wait_for_training(tmp_path / "s" / "0"), signal.SIGUSR2)  # submitit's warning
    ended = ending(process)
    assert (ended.code, ended.err) == (0, "")
    about = json.loads((tmp_path / "s" / "0" / "run.json").read_text(encoding="utf-8"))
    assert [session["step"] for session in about["resumed"]] != []
    whole = ("seed=1", *choices, "recording.plots=false", "hydra.run.dir=whole")
    assert command(*whole, cwd=tmp_path).code == 0
    other = json.loads((tmp_path / "whole" / "run.json").read_text(encoding="utf-8"))
    assert about["checksums"] == other["checksums"]
    assert [row["status"] for row in table(tmp_path / "s")] == ["completed"]


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_values_are_added_to_a_sweep_on_another_launcher(launcher: str, run: InProcess) -> None:
    pytest.importorskip("joblib")
    few = ("stopping.target=null", "stopping.max_steps=20", f"hydra/launcher={launcher}")
    sweep = ("-m", *few, "hydra.sweep.dir=s")
    assert run(*sweep, "seed=1,3").code == 0
    before = jobs(run.cwd / "s")
    ended = run(*sweep, "seed=1,2,3,4")
    assert (ended.code, ended.err) == (0, "")
    assert "2 jobs are finished, 2 to run" in ended.out
    assert {name: jobs(run.cwd / "s")[name] for name in before} == before
    seeds = [(row["job"], row["seed"]) for row in table(run.cwd / "s")]
    assert seeds == [("0", "1"), ("1", "3"), ("2", "2"), ("3", "4")]


def test_settings_are_checked_before_another_launcher_starts(run: InProcess) -> None:
    ended = run("-m", "seed=1,-1", "hydra/launcher=basic", "hydra.sweep.dir=s")
    assert ended.code == 2
    assert ended.err.startswith("error: #1 seed=-1: seed=-1 is out of range")
    assert not list(run.cwd.glob("s/*/run.json"))


@pytest.mark.slow
def test_joblibs_workers_end_in_order_with_a_sweep_that_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    endless = ("stopping.target=null", "stopping.max_seconds=600")
    arguments = ("-m", "seed=1,2", *endless, "hydra/launcher=joblib", "hydra.sweep.dir=there")
    process = start(*arguments, cwd=tmp_path, PYTHONWARNINGS="default")
    folders = [tmp_path / "there" / number for number in "01"]
    wait_until(lambda: all((job / "history.csv").exists() for job in folders))
    process.kill()
    last = time.monotonic() + 60
    while {read_run(job)["status"] for job in folders} != {"interrupted"}:
        assert time.monotonic() < last
        time.sleep(0.05)
    process.communicate()
