"""A sweep survives its jobs: those that fail, those that are killed, and faults of our own."""

import csv
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path

import pytest

import runner
from runner.data.dataset import Dataset
from runner.experiment import sharing
from runner.experiment.loading import load_dataset
from runner.run_folder.job_end import JobEnd
from runner.settings import DatasetSettings
from runner.sweeping.tally import SweepLog
from tests.end_to_end.commands import InProcess, ending, start

DATA = {
    "good.csv": "a,b,y\n" + "".join(f"{i},{i % 3},{i % 7}.5\n" for i in range(60)),
    "broken.csv": "a,b,y\n1,2,x\n3,4\n",
}
PATHS = ("good.csv", "missing.csv", "broken.csv")
TOPOLOGIES = ("in-3-out", "in-6000-6000-out")  # the latter's weights take 0.29 GB
RATES = ("0.1", "1e300")


def outcome(path: str, topology: str, rate: str) -> tuple[str, str]:
    """What becomes of a job, and what is said of it."""
    if path != "good.csv":
        return "failed", path
    if topology != "in-3-out":
        return "failed", "MemoryError"
    return ("completed", "") if rate == "0.1" else ("diverged", "training diverged")


@contextmanager
def memory_limited(bytes_left: int) -> Iterator[None]:
    """While entered, this process and its children can take so much more memory of their own.

    That is no limit that the runner asks for before it begins, as `ulimit -v` is.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = pages * resource.getpagesize() + bytes_left
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def test_a_sweep_goes_on_where_data_memory_or_numbers_fail(run: InProcess) -> None:
    for name, content in DATA.items():
        (run.cwd / name).write_text(content)
    sweep = (
        "-m", "dataset=csv", "dataset.target=y", f"dataset.path={','.join(PATHS)}", "network=relu",
        f"topology={','.join(TOPOLOGIES)}", f"optimizer.learning_rate={','.join(RATES)}",
        "stopping.target=null", "stopping.max_steps=20", "hydra.sweep.dir=s",
    )  # fmt: skip
    with memory_limited(800 << 20):
        ended, again = run(*sweep), run(*sweep)
    expected = [outcome(*job) for job in product(PATHS, TOPOLOGIES, RATES)]
    assert ended.code == 1
    first, *others = ended.err.splitlines()
    assert first == "error: 11 of the sweep's 12 jobs failed:"
    assert statuses(run.cwd / "s") == [status for status, _ in expected]
    failed = [(number, said) for number, (status, said) in enumerate(expected) if said]
    for line, (number, said) in zip(others, failed, strict=True):
        assert line.startswith(f"  #{number} dataset=csv ")
        assert said in line
        about = json.loads((run.cwd / "s" / str(number) / "run.json").read_text())
        assert said in about["error"]
    assert "2 jobs are finished, 10 to run" in again.out


@contextmanager
def files_limited(size: int) -> Iterator[None]:
    """While entered, no file of this process and its children grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_sweep_whose_own_table_cannot_be_written_loses_nothing(run: InProcess) -> None:
    sweep = ("-m", "seed=range(1,41)", "stopping.target=null", "stopping.max_steps=20")
    with files_limited(12_000):  # its jobs' files are smaller
        ended = run(*sweep, "hydra.sweep.dir=s")
    assert ended.code == 6
    assert re.fullmatch(r"error: .*/s/results.csv: File too large; .*\n", ended.err)
    again = run(*sweep, "hydra.sweep.dir=s")
    assert (again.code, again.err) == (0, "")
    assert re.match(r"(\d+) jobs are finished", again.out)
    assert statuses(run.cwd / "s") == ["completed"] * 40


def test_a_sweep_ends_where_what_becomes_of_its_jobs_cannot_be_recorded(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(settings: DatasetSettings) -> Dataset:
        if settings.split.split_seed == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        return load_dataset(settings)

    monkeypatch.setattr(sharing, "load_dataset", load)
    ended = run(*SWEEP, "sweep.workers=1")
    assert ended.code == 6
    assert re.fullmatch(r"error: .*/s/2: File too large; free space or .*\n", ended.err)
    monkeypatch.setattr(sharing, "load_dataset", load_dataset)
    again = run(*SWEEP)
    assert (again.code, again.err) == (0, "")
    assert "2 jobs are finished, 5 to run" in again.out


@pytest.mark.parametrize("launcher", ["pool", "basic"])
def test_a_job_whose_folder_cannot_be_made_ends_the_sweep_with_its_name(
    launcher: str, run: InProcess
) -> None:
    sweep = ("-m", "seed=1,2,3", "stopping.target=null", "stopping.max_steps=20")
    arguments = (*sweep, "hydra.sweep.dir=s", f"hydra/launcher={launcher}")
    begun = ("-m", "seed=1", *arguments[2:])
    assert run(*begun).code == 0
    (run.cwd / "s" / "1").touch()
    ended = run(*arguments)
    assert ended.code == 6
    assert re.fullmatch(r"error: .*s/1: .*; free space or choose another place\n", ended.err)
    (run.cwd / "s" / "1").unlink()
    assert run(*arguments).code == 0
    assert statuses(run.cwd / "s") == ["completed"] * 3


def statuses(sweep: Path) -> list[str]:
    with open(sweep / "results.csv", newline="") as file:
        return [row["status"] for row in csv.DictReader(file)]


def raises(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


FAULTS: dict[int, tuple[Callable[[], object], str]] = {
    2: (raises(ZeroDivisionError("nothing there")), "ZeroDivisionError: nothing there"),
    3: (raises(RecursionError("too deep")), "RecursionError: too deep"),
    4: (lambda: sys.exit(3), "SystemExit: 3"),
    5: (lambda: os.kill(os.getpid(), signal.SIGKILL), "its process was ended by SIGKILL"),
    6: (lambda: os._exit(9), "its process ended with exit code 9"),
}
"""By `dataset.split_seed`: what nothing real brings about at will, and what is said of it."""

SWEEP = (
    "-m",
    "dataset.split_seed=range(1,8)",
    "dataset.validation=0.25",
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
def test_a_sweep_goes_on_after_faults_that_nobody_foresaw(run: InProcess) -> None:
    ended = run(*SWEEP)
    assert ended.code == 1
    first, *others = ended.err.splitlines()
    assert first == "error: 5 of the sweep's 7 jobs failed:"
    assert statuses(run.cwd / "s") == ["completed", *["failed"] * 5, "completed"]
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
    assert "2 jobs are finished, 5 to run" in ended.out


@pytest.mark.usefixtures("faulty")
def test_the_first_failure_ends_a_sweep_that_is_to_fail_fast(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3, 7):  # a process that dies takes along what it has not told yet
        monkeypatch.delitem(FAULTS, seed)

    def told_slowly(log: SweepLog, end: JobEnd, overrides: str) -> None:
        time.sleep(2 * end.failed)  # in which the process would run all others
        add(log, end, overrides)

    add = SweepLog.add
    monkeypatch.setattr(SweepLog, "add", told_slowly)
    many = ("-m", "dataset.split_seed=range(1,101)", *SWEEP[2:])
    ended = run(*many, "sweep.fail_fast=true", "sweep.workers=1")
    assert ended.code == 1
    assert "ZeroDivisionError: nothing there" in ended.err
    assert not (run.cwd / "s" / "99").exists()


def test_jobs_that_run_when_a_sweep_fails_fast_end_in_order(tmp_path: Path) -> None:
    sweep = start(
        "-m", "seed=1,2", "stopping.target=null", "stopping.max_seconds=50",
        "sweep.workers=2", "sweep.fail_fast=true", "hydra.sweep.dir=s", cwd=tmp_path,
    )  # fmt: skip
    first, second = tmp_path / "s" / "0", tmp_path / "s" / "1"
    killed: set[str] = set()
    deadline = time.monotonic() + 40
    while not killed and time.monotonic() < deadline:
        if trains(first):
            kill_job(second, killed)
        time.sleep(0.005)
    ended = ending(sweep)
    assert killed == {"1"}
    assert ended.code == 1
    assert "error: 1 of the sweep's 2 jobs failed:" in ended.err
    assert [json.loads((job / "run.json").read_text())["status"] for job in (first, second)] == [
        "interrupted",
        "failed",
    ]


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
    assert statuses(tmp_path / "s") == [
        "failed" if str(number) in killed else "completed" for number in range(6)
    ]
    for number in sorted(killed):
        assert f"#{number} seed={int(number) + 1} " in ended.err
        assert "SIGKILL" in (tmp_path / "s" / number / "run.log").read_text()


def kill_job(folder: Path, killed: set[str]) -> None:
    """Kills the process that a job's run.json names, once it is there and trains."""
    if trains(folder):
        about = json.loads((folder / "run.json").read_text())
        os.kill(about["process"]["id"], signal.SIGKILL)
        killed.add(folder.name)


def trains(folder: Path) -> bool:
    """Whether a job has come to its training and not to its end."""
    if not (folder / "history.csv").exists():
        return False
    return bool(json.loads((folder / "run.json").read_text())["status"] == "running")


@pytest.mark.parametrize("place", ["shell", "python"])
def test_a_fault_of_the_runner_is_not_told_as_a_mistake(
    place: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(*_: object) -> None:
        raise ValueError("of ours")

    monkeypatch.setattr("runner.sweeping.results_table.ResultsTable.add", add)
    monkeypatch.chdir(run.cwd)
    sweep: Callable[..., object] = runner.sweep if place == "python" else partial(run, "-m")
    with pytest.raises(ValueError, match="of ours") as raised:
        sweep("seed=1,2", "stopping.max_steps=5")
    assert type(raised.value) is ValueError
