"""Lines about launches in sweep.log, and what they say when they are read."""

import time
from pathlib import Path

import pytest

from runner.analysis.runs import load_runs
from runner.run_folder.job_rows import JobRows
from runner.run_folder.sweep_log import Launch, last_launch, stop_line
from runner.watching.sweep_standing import FollowedSweep
from tests.end_to_end.commands import InProcess, command, ending, start

LAUNCH = Launch(1234, 1, 20, ["val_loss", "loss"])


def test_what_is_written_of_a_launch_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "sweep.log"
    assert last_launch(tmp_path) is None
    log.write_text(f"{LAUNCH.line}\n#0 completed seed=1: loss=0.1, 1 s\n")
    assert last_launch(tmp_path) == LAUNCH
    assert LAUNCH.planned == 1255
    with log.open("a") as file:
        file.write(f"{stop_line(3)}\n")
    assert last_launch(tmp_path) == LAUNCH._replace(is_stopped=True)
    with log.open("a") as file:
        file.write(f"{LAUNCH._replace(others=0).line}\n")
    assert last_launch(tmp_path) == LAUNCH._replace(others=0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-01T00:00:00 1 job to run, 0 finished before\n", Launch(1, 0, 0, [])),
        ("#0 failed 5 jobs to run, 0 finished before: x\n", None),
        ("", None),
    ],
)
def test_logs_of_before_and_lines_of_jobs(text: str, found: Launch | None, tmp_path: Path) -> None:
    (tmp_path / "sweep.log").write_text(text)
    assert last_launch(tmp_path) == found


def test_jobs_of_other_launches_are_told_of(run: InProcess) -> None:
    few = ("stopping.max_steps=5", "stopping.target=null", "hydra.sweep.dir=s")
    for seeds, expected in (("1,2", (2, 0, 0)), ("2,3,4", (2, 1, 1)), ("4,5", (1, 1, 3))):
        assert run("-m", f"seed={seeds}", *few).code == 0
        launch = last_launch(run.cwd / "s")
        assert launch is not None
        assert launch[:3] == expected
        assert launch.best_by[-1] == "mean_accuracy"
    told = FollowedSweep(run.cwd / "s").standing()
    assert (told["status"], told["done"], told["planned"]) == ("completed", 5, 5)


UNENDING = 100_000_000
FIRST_TAKES_LONG = (
    f"stopping.max_steps={UNENDING},1,2,3,4", "stopping.target=null", "engine=numpy",
    "sweep.workers=2", "hydra.sweep.dir=s",
)  # fmt: skip


def test_what_has_ended_is_told_though_a_job_before_it_takes_long(tmp_path: Path) -> None:
    process = start("-m", *FIRST_TAKES_LONG, cwd=tmp_path)
    table = tmp_path / "s" / "results.csv"
    while process.poll() is None and not (table.exists() and len(load_runs(tmp_path / "s")) == 4):
        time.sleep(0.01)
    assert FollowedSweep(tmp_path / "s").standing()["done"] == 4
    log = (tmp_path / "s" / "sweep.log").read_text()
    assert {line.split()[0] for line in log.splitlines()[1:]} == {"#1", "#2", "#3", "#4"}
    process.terminate()
    assert ending(process).code == 143
    assert load_runs(tmp_path / "s")["status"].tolist() == ["interrupted", *["completed"] * 4]


def test_rows_are_kept_though_a_job_before_them_takes_long(tmp_path: Path) -> None:
    process = start("-m", *FIRST_TAKES_LONG, "sweep.record=rows", cwd=tmp_path)
    rows = JobRows(tmp_path / "s")
    while process.poll() is None and not (rows.is_there and len(rows.numbers) == 4):
        time.sleep(0.05)
    process.kill()
    ending(process)
    few = [text.replace(f"{UNENDING},", "5,") for text in FIRST_TAKES_LONG]
    again = command("-m", *few, "sweep.record=rows", cwd=tmp_path)
    assert "4 jobs are finished, 1 to run" in again.out
    assert len(load_runs(tmp_path / "s")) == 5


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_a_sweep_that_was_interrupted_is_stopped_at_once(record: str, tmp_path: Path) -> None:
    _, *given = FIRST_TAKES_LONG
    steps = f"stopping.max_steps=1,{UNENDING},{UNENDING + 1},{UNENDING + 2}"
    process = start("-m", steps, *given, f"sweep.record={record}", cwd=tmp_path)
    while process.poll() is None and not (tmp_path / "s" / "results.csv").exists():
        time.sleep(0.01)
    followed = FollowedSweep(tmp_path / "s")
    assert followed.standing()["status"] == "running"
    process.terminate()
    assert ending(process).code == 143
    launch = last_launch(tmp_path / "s")
    assert launch is not None
    assert launch.is_stopped
    told = followed.standing()
    assert (told["status"], told["done"], told["planned"]) == ("stopped", 1, 4)
