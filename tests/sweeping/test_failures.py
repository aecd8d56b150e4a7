"""A sweep survives its jobs (real errors, thrown where data are read; real processes killed)."""

import csv
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.assembly.loading import load_dataset
from runner.data.dataset import Dataset
from runner.settings import DatasetSettings
from runner.sweeping import sharing
from tests.end_to_end.commands import InProcess, ending, start


def raises(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


FAULTS: dict[int, tuple[Callable[[], object], str]] = {
    2: (raises(ZeroDivisionError("nothing there")), "ZeroDivisionError: nothing there"),
    3: (raises(MemoryError("no more")), "MemoryError: no more"),
    4: (lambda: sys.exit(3), "SystemExit: 3"),
    5: (lambda: os.kill(os.getpid(), signal.SIGKILL), "its process was ended by SIGKILL"),
    6: (lambda: os._exit(9), "its process ended with exit code 9"),
    7: (raises(RecursionError("too deep")), "RecursionError: too deep"),
}
"""By `dataset.split_seed`: what happens, and what is said of it."""

SWEEP = (
    "-m",
    "dataset.split_seed=range(1,9)",
    "stopping.target=null",
    "stopping.max_steps=20",
    "hydra.sweep.dir=s",
)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs go wrong while they read their data."""

    def load(settings: DatasetSettings) -> Dataset:
        seed = settings.split.split_seed
        if seed in FAULTS:
            FAULTS[seed][0]()
        return load_dataset(settings)

    monkeypatch.setattr(sharing, "load_dataset", load)


@pytest.mark.usefixtures("faulty")
def test_a_sweep_goes_on_whatever_happens_in_its_jobs(run: InProcess) -> None:
    ended = run(*SWEEP)
    assert ended.code == 1
    first, *others = ended.err.splitlines()
    assert first == "error: 6 of the sweep's 8 jobs failed:"
    with open(run.cwd / "s" / "results.csv", newline="") as file:
        statuses = [row["status"] for row in csv.DictReader(file)]
    assert statuses == ["completed", *["failed"] * 6, "completed"]
    for line, (seed, (_, message)) in zip(others, FAULTS.items(), strict=True):
        assert line.startswith(f"  #{seed - 1} dataset.split_seed={seed} ")
        assert message in line
        assert message in (run.cwd / "s" / str(seed - 1) / "run.log").read_text()


@pytest.mark.usefixtures("faulty")
def test_failed_jobs_run_when_the_cause_is_gone(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*SWEEP).code == 1
    monkeypatch.setattr(sharing, "load_dataset", load_dataset)
    ended = run(*SWEEP)
    assert (ended.code, ended.err) == (0, "")
    assert "2 jobs are finished, 6 to run" in ended.out


@pytest.mark.usefixtures("faulty")
def test_the_first_failure_ends_a_sweep_that_is_to_fail_fast(run: InProcess) -> None:
    ended = run(*SWEEP, "sweep.fail_fast=true", "sweep.workers=1")
    assert ended.code == 1
    assert "ZeroDivisionError: nothing there" in ended.err
    assert not (run.cwd / "s" / "7").exists()


def test_jobs_that_run_when_a_sweep_fails_fast_end_in_order(tmp_path: Path) -> None:
    sweep = start(
        "-m", "topology=3-4-1,2-4-1", "stopping.target=null", "stopping.max_seconds=50",
        "sweep.workers=2", "sweep.fail_fast=true", "hydra.sweep.dir=s", cwd=tmp_path,
    )  # fmt: skip
    ended = ending(sweep)
    assert ended.code == 1
    assert "1 of the sweep's" in ended.err
    about = tmp_path / "s" / "0" / "run.json"
    assert not about.exists() or json.loads(about.read_text())["status"] == "interrupted"


def test_a_job_whose_process_is_killed_while_it_trains_is_listed_and_the_others_end(
    tmp_path: Path,
) -> None:
    arguments = ("stopping.target=null", "stopping.max_steps=30000", "engine=numpy")
    sweep = start("-m", "seed=range(1,7)", *arguments, "hydra.sweep.dir=s", cwd=tmp_path)
    killed: set[str] = set()
    deadline = time.monotonic() + 40
    while len(killed) < 2 and time.monotonic() < deadline:
        for number in {"1", "3"} - killed:
            kill_job(tmp_path / "s" / number, killed)
        time.sleep(0.005)
    ended = ending(sweep)
    assert killed == {"1", "3"}
    assert ended.code == 1
    assert "error: 2 of the sweep's 6 jobs failed:" in ended.err
    statuses = [
        json.loads((tmp_path / "s" / str(number) / "run.json").read_text())["status"]
        for number in range(6)
    ]
    assert statuses == ["completed", "failed", "completed", "failed", "completed", "completed"]
    for number in sorted(killed):
        assert f"#{number} seed={int(number) + 1} " in ended.err
        assert "SIGKILL" in (tmp_path / "s" / number / "run.log").read_text()


def kill_job(folder: Path, killed: set[str]) -> None:
    """Kills the process that a job's run.json names, once it is there and trains."""
    if (folder / "history.csv").exists():
        about = json.loads((folder / "run.json").read_text())
        if about["status"] == "running":
            os.kill(about["process"]["id"], signal.SIGKILL)
            killed.add(folder.name)
