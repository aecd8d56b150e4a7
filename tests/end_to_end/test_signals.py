import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot, parameters_checksum
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import ENVIRONMENT, ending, start

ENDLESS = ("stopping.target=null", "stopping.max_seconds=60")


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Waits for something that `process` is about to do."""
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def training(folder: Path) -> Callable[[], bool]:
    """Whether the run has begun to train."""
    # The snapshot that a run begins with is the last thing it writes before it trains.
    return lambda: any(folder.glob("snapshots/*.npz"))


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("batch_size", ["null", "3"])
def test_a_run_that_is_interrupted_leaves_a_results_row(
    batch_size: str, name: str, code: int, tmp_path: Path
) -> None:
    process = start(*ENDLESS, f"batch_size={batch_size}", "hydra.run.dir=run", cwd=tmp_path)
    folder = tmp_path / "run"
    wait_until(training(folder), process)
    time.sleep(0.5)
    process.send_signal(signal.Signals[name])
    ended = ending(process)
    assert (ended.code, ended.err) == (code, "")
    assert "Interrupted: " in ended.out
    assert f"Goes on by  python -m runner.resume {folder}\n" in ended.out
    assert (folder / "plots").exists() == (name == "SIGINT")

    about = json.loads((folder / "run.json").read_text())
    assert (about["status"], about["stop_reason"]) == ("interrupted", "interrupted")
    row = read_row(folder / "results.csv")
    assert row["status"] == "interrupted"
    state = load_snapshot(RunFolder(folder).snapshot())
    assert state.step == int(row["steps"]) > 0
    assert about["checksums"]["parameters"] == parameters_checksum(state.parameters)
    last = (folder / "history.csv").read_text().splitlines()[-1]
    assert last.startswith(f"{state.step},")


def test_an_interrupted_sweep_starts_no_more_jobs(tmp_path: Path) -> None:
    process = start(
        "-m", "seed=1,2,3", *ENDLESS, "sweep.workers=1", "hydra.sweep.dir=sweep", cwd=tmp_path
    )
    wait_until(training(tmp_path / "sweep" / "0"), process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    ended = ending(process)
    assert (ended.code, ended.err) == (130, "")
    assert not (tmp_path / "sweep" / "1").exists()
    assert read_row(tmp_path / "sweep" / "results.csv")["status"] == "interrupted"


def catches(process: subprocess.Popen[str], name: str) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (signal.Signals[name] - 1) & 1)


@pytest.mark.parametrize("name", ["SIGUSR1", "SIGUSR2"])
def test_a_warning_that_comes_before_training_is_heeded_once_it_begins(
    name: str, tmp_path: Path
) -> None:
    choices = (*ENDLESS, "recording.on_sigusr1=stop", "hydra.run.dir=run")
    process = start(*choices, cwd=tmp_path)
    wait_until(lambda: catches(process, name), process)
    assert not (tmp_path / "run").exists()
    process.send_signal(signal.Signals[name])
    ended = ending(process)
    assert (ended.code, ended.err) == (143, "")
    assert read_row(tmp_path / "run" / "results.csv")["status"] == "interrupted"


JOBS = ("-m", "seed=1,2", *ENDLESS, "sweep.workers=2", "hydra.sweep.dir=sweep")


def both_train(tmp_path: Path) -> Callable[[], bool]:
    """Whether both jobs have begun to train."""
    folders = [tmp_path / "sweep" / number for number in "01"]
    return lambda: all(training(folder)() for folder in folders)


def test_a_warning_to_a_sweep_has_every_running_job_write_a_snapshot(tmp_path: Path) -> None:
    process = start(*JOBS, cwd=tmp_path)
    wait_until(both_train(tmp_path), process)
    process.send_signal(signal.SIGUSR1)
    written = [tmp_path / "sweep" / number / "snapshots" for number in "01"]
    wait_until(lambda: all(len(list(folder.glob("*.npz"))) > 1 for folder in written), process)
    process.send_signal(signal.SIGTERM)
    assert ending(process).code == 143


def test_a_warning_ends_a_sweep_that_is_to_stop_then(tmp_path: Path) -> None:
    process = start(*JOBS, "recording.on_sigusr1=stop", cwd=tmp_path)
    wait_until(both_train(tmp_path), process)
    process.send_signal(signal.SIGUSR1)
    ended = ending(process)
    assert (ended.code, ended.err) == (143, "")
    for number in "01":
        folder = tmp_path / "sweep" / number
        row = read_row(folder / "results.csv")
        assert row["status"] == "interrupted"
        assert load_snapshot(RunFolder(folder).snapshot()).step == int(row["steps"])


@pytest.mark.parametrize("sweep", [False, True], ids=["run", "sweep"])
def test_a_run_whose_terminal_is_closed_leaves_a_snapshot(sweep: bool, tmp_path: Path) -> None:
    place = ("-m", "seed=1,2", "hydra.sweep.dir=there") if sweep else ("hydra.run.dir=there/0",)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *place, *ENDLESS],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads
    )
    os.close(theirs)
    folder = tmp_path / "there" / "0"
    wait_until(training(folder), process)
    os.close(ours)
    assert process.wait(timeout=30) == 129
    row = read_row(folder / "results.csv")
    assert row["status"] == "interrupted"
    assert load_snapshot(RunFolder(folder).snapshot()).step == int(row["steps"])


def test_a_run_under_nohup_goes_on_when_its_terminal_is_closed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        ["/usr/bin/env", "nohup", sys.executable, "-m", "runner", *ENDLESS, "hydra.run.dir=run"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(training(tmp_path / "run"), process)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert ending(process).code == 143
