"""Lines about launches in sweep.log, and what they say when they are read."""

import signal
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from runner.analysis.runs import load_runs
from runner.errors import Stop, StorageError
from runner.run_folder.run import RunFolder
from runner.run_folder.sweep_log import Launch, last_launch, stop_line
from runner.sweeping.tally import SweepLog
from runner.watching.sweep_standing import FollowedSweep
from tests.end_to_end.commands import InProcess, command, ending, start

UNENDING = 100_000_000
FIRST_TAKES_LONG = (
    f"stopping.max_steps={UNENDING},1,2,3,4", "stopping.target=null", "engine=numpy",
    "sweep.workers=2", "hydra.sweep.dir=s",
)  # fmt: skip
LAUNCH = Launch([range(1000), range(1200, 1201), range(5000, 5233)], 1, ["val_loss", "loss"])


def test_what_is_written_of_a_launch_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "sweep.log"
    assert last_launch(tmp_path) is None
    log.write_text(f"{LAUNCH.line}\n#0 completed seed=1: loss=0.1, 1 s\n")
    assert last_launch(tmp_path) == LAUNCH
    assert "1,233 jobs to run, 1 finished before (#0-999,1200,5000-5232); best by" in LAUNCH.line
    assert LAUNCH.missing({*range(1000), *range(5002, 6000)}) == [1200, 5000, 5001]
    with log.open("a") as file:
        file.write(f"{stop_line(3)}\n")
    assert last_launch(tmp_path) == LAUNCH._replace(is_stopped=True)
    with log.open("a") as file:
        file.write(f"{LAUNCH._replace(finished=0).line}\n")
    assert last_launch(tmp_path) == LAUNCH._replace(finished=0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-01T00:00:00 1 job to run, 2 finished before\n", Launch([range(3)], 2, [])),
        (f"x {'9' * 5000} jobs to run, 0 finished before\n", None),
        ("x 9,999,999,999 jobs to run, 0 finished before\n", None),
        ("x 2 jobs to run, 0 finished before (#0-999999999)\n", None),
        ("x 2 jobs to run, 0 finished before (#5-2)\n", None),
        ("#0 failed 5 jobs to run, 0 finished before: x\n", None),
        ("", None),
    ],
)
def test_logs_of_before_and_lines_of_jobs(text: str, found: Launch | None, tmp_path: Path) -> None:
    (tmp_path / "sweep.log").write_text(text)
    assert last_launch(tmp_path) == found


def test_a_line_that_is_torn_is_ended_by_the_next_launch(tmp_path: Path) -> None:
    log = tmp_path / "sweep.log"
    for before, after in (("", ""), ("#0 compl", "#0 compl\n"), ("#0 x\n", "#0 x\n")):
        log.write_text(before)
        with SweepLog(tmp_path, lambda: 0) as opened:
            opened.begin(LAUNCH)
        assert log.read_text().startswith(f"{after}2")
        assert last_launch(tmp_path) == LAUNCH


@pytest.mark.parametrize("error", [Stop(None, 1), KeyboardInterrupt(), StorageError("full")])
def test_whatever_stops_a_launch_its_last_line_says_how_many_are_left(
    error: BaseException, tmp_path: Path
) -> None:
    with suppress(type(error)), SweepLog(tmp_path, lambda: 3) as log:
        log.begin(LAUNCH)
        raise error
    assert (tmp_path / "sweep.log").read_text().endswith(" stopped, 3 jobs left\n")
    launch = last_launch(tmp_path)
    assert launch is not None
    assert launch.is_stopped


def test_failed_jobs_of_other_launches_are_none_of_the_ones_left(tmp_path: Path) -> None:
    few = ("stopping.max_steps=5", "stopping.target=null", "hydra.sweep.dir=s")
    assert command("-m", "topology=2-4-1,2-5-1", *few, cwd=tmp_path).code == 1
    _, *given = FIRST_TAKES_LONG
    process = start("-m", f"stopping.max_steps=1,{UNENDING},2", *given, cwd=tmp_path)
    log = tmp_path / "s" / "sweep.log"
    while process.poll() is None and log.read_text().count(" completed ") < 2:
        time.sleep(0.01)
    process.terminate()
    assert ending(process).code == 143
    told = FollowedSweep(tmp_path / "s").standing()
    assert (told["status"], told["done"], told["planned"]) == ("stopped", 4, 5)


def test_where_a_job_cannot_be_recorded_those_that_run_are_interrupted(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    few = ("stopping.target=null", "engine=numpy", "hydra.sweep.dir=s")
    assert command("-m", "stopping.max_steps=1", *few, cwd=tmp_path).code == 0
    (tmp_path / "s" / "3").touch()
    long = f"stopping.max_steps=1,{UNENDING},{UNENDING + 1},3"
    ended = command("-m", long, *few, "sweep.workers=3", cwd=tmp_path)
    assert ended.code == 6
    statuses = {RunFolder(tmp_path / "s" / job).status for job in "12"}
    assert statuses <= {"interrupted", "absent"}  # one may not have begun


def test_rows_that_had_ended_before_ctrl_c_are_kept_on_another_launcher(tmp_path: Path) -> None:
    few = (f"stopping.max_steps=1,{UNENDING}", "stopping.target=null", "engine=numpy")
    rows = ("hydra/launcher=basic", "sweep.record=rows", "hydra.sweep.dir=s")
    process = start("-m", *few, *rows, cwd=tmp_path)
    while process.poll() is None and not (tmp_path / "s" / "sweep.log").exists():
        time.sleep(0.01)
    time.sleep(4)  # nothing says that the second job has begun
    process.send_signal(signal.SIGINT)
    assert ending(process).code == 130
    assert load_runs(tmp_path / "s")["steps"].tolist() == [1]


def test_of_jobs_in_too_many_stretches_nothing_is_counted(tmp_path: Path) -> None:
    many = Launch([range(n, n + 1) for n in range(0, 40_000, 2)], 0, ["loss"])
    (tmp_path / "sweep.log").write_text(f"{many.line}\n")
    assert len(many.line) < 100
    assert last_launch(tmp_path) == many._replace(jobs=[])


def test_jobs_of_other_launches_are_told_of(run: InProcess) -> None:
    few = ("stopping.max_steps=5", "stopping.target=null", "hydra.sweep.dir=s")
    launches = {"1,2": ("0-1", 0), "2,3,4": ("1-3", 1), "4,5": ("2,4", 1)}
    for seeds, (numbers, finished) in launches.items():
        assert run("-m", f"seed={seeds}", *few).code == 0
        launch = last_launch(run.cwd / "s")
        assert launch is not None
        assert f", {finished} finished before (#{numbers}); best by " in launch.line
        assert launch.best_by[-1] == "mean_accuracy"
    told = FollowedSweep(run.cwd / "s").standing()
    assert (told["status"], told["done"], told["planned"]) == ("completed", 5, 5)


def test_what_has_ended_is_told_though_a_job_before_it_takes_long(tmp_path: Path) -> None:
    process = start("-m", *FIRST_TAKES_LONG, cwd=tmp_path)
    table = tmp_path / "s" / "results.csv"
    followed = FollowedSweep(tmp_path / "s")
    while process.poll() is None and not (table.exists() and followed.standing()["done"] == 4):
        time.sleep(0.01)
    log = (tmp_path / "s" / "sweep.log").read_text()
    assert {line.split()[0] for line in log.splitlines()[1:]} == {"#1", "#2", "#3", "#4"}
    process.terminate()
    assert ending(process).code == 143
    assert load_runs(tmp_path / "s")["status"].tolist() == ["interrupted", *["completed"] * 4]


def test_rows_are_kept_though_a_job_before_them_takes_long(tmp_path: Path) -> None:
    process = start("-m", *FIRST_TAKES_LONG, "sweep.record=rows", cwd=tmp_path)
    followed = FollowedSweep(tmp_path / "s")
    (tmp_path / "s").mkdir(exist_ok=True)
    while process.poll() is None and followed.standing()["done"] < 4:
        time.sleep(0.05)
    process.kill()
    ending(process)
    table = tmp_path / "s" / "results.csv"
    whole = table.read_text()
    for left in (whole, whole.rpartition("\n4,")[0] + "\n", whole[:-9], None):  # torn, or none
        table.unlink() if left is None else table.write_text(left)
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            runs = load_runs(tmp_path / "s")
        assert runs["stopping.max_steps"].tolist() == [1, 2, 3, 4]
        assert runs.attrs["without_results"] == {str(tmp_path / "s"): (1, 5)}
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
