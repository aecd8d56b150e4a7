"""How a sweep stands: what is counted, and what a terminal of any width shows of it."""

import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import runner
from runner.run_folder.job_end import JobEnd
from runner.sweeping.tally import Tally
from runner.training.metrics import held_out_first
from runner.watching.sweep_standing import FollowedSweep
from tests.end_to_end.commands import ENVIRONMENT, InProcess

NAMES = {0: "#0 a=1", 1: "#1 a=2", 2: "#2 a=3"}


def end(number: int, status: str = "completed", row: str = "", metric: str = "loss") -> JobEnd:
    return JobEnd(number, status, "", 0, "loss,accuracy,steps" if row else "", row, metric)


LOSS = held_out_first("val_loss")
HELD_OUT = JobEnd(1, "completed", "", 0, "loss,val_loss", "2,3", "loss")
BESTS: dict[str, tuple[Sequence[str], list[JobEnd], str]] = {
    "nothing yet": (LOSS, [], ""),
    "the least loss": (LOSS, [end(0, row="3,.5,9"), end(1, row="2,.5,9"), end(2, row="4,.5,9")],
                       "loss 2 of #1 a=2"),
    "the highest accuracy": (["accuracy"], [end(1, row="1,.8,9"), end(0, row="1,.9,9")],
                             "accuracy 0.9 of #0 a=1"),
    "the fewest steps": (["steps"], [end(0, row="1,.5,9"), end(1, row="2,.5,7")],
                         "steps 7 of #1 a=2"),
    "the first of equals": (LOSS, [end(1, row="1,.5,9"), end(0, row="1,.5,9")], "loss 1 of #0 a=1"),
    "by what is held out": (LOSS, [HELD_OUT, end(0, row="1,.5,9")], "val_loss 3 of #1 a=2"),
    "by that of later ones": (LOSS, [end(0, row="1,.5,9"), HELD_OUT], "val_loss 3 of #1 a=2"),
    "an infinite one, where no other is": (LOSS, [end(0, row="inf,.5,9")], "loss inf of #0 a=1"),
    "not one that failed": (LOSS, [end(0, "diverged", "1,.5,9"), end(1, row="2,.5,9")],
                            "loss 2 of #1 a=2"),
    "nor by what that one has": (LOSS, [end(0, "diverged", "1,.5,9"), HELD_OUT],
                                 "val_loss 3 of #1 a=2"),
    "not what is no number": (LOSS, [end(0, row="nan,.5,9"), end(1, row=",.5,9"),
                                     end(2, row="5,.5,9")], "loss 5 of #2 a=3"),
    "no such column": (["stps"], [end(0, row="1,.5,9")], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BESTS)
def test_the_best_job_so_far_is(case: str) -> None:
    columns, ends, best = BESTS[case]
    tally = Tally(3, 2, columns, NAMES)
    for each in ends:
        tally.count(each)
    assert tally.best == best


def test_of_jobs_that_stopped_at_one_target_the_first_there_is_the_best() -> None:
    tally = Tally(4, 2, ["accuracy"], NAMES)
    header = "accuracy,stopping.target,stop_reason,steps"
    rows = [
        "0.97,0.9,target,50",
        "0.91,0.9,target,40",
        "0.92,0.9,target,41",
        "0.89,0.9,max_steps,9",
    ]
    for number, row in enumerate(rows):
        tally.count(JobEnd(number, "completed", "", 0, header, row, "accuracy"))
    assert tally.best == f"accuracy 0.91 of {NAMES[1]}, the fewest steps to its target"
    beyond = JobEnd(0, "completed", "", 0, header, "0.96,0.95,target,60", "accuracy")
    tally.count(beyond)  # a higher one, which is worth more
    assert tally.best == f"accuracy 0.96 of {NAMES[0]}, the fewest steps to its target"


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_the_first_at_the_target_is_the_best_of_a_sweep_and_when_it_is_launched_again(
    record: str, run: InProcess
) -> None:
    sweep = ("-m", "seed=range(1,9)", "stopping.target=0.9", "hydra.sweep.dir=s")
    told = []
    for _ in range(2):
        ended = run(*sweep, f"sweep.record={record}")
        told += [line for line in ended.out.splitlines() if line.startswith("Best")]
    runs = runner.load_runs(run.cwd / "s")
    fewest = int(runs["steps"].to_numpy(float).argmin())
    value = f"mean_accuracy {runs['mean_accuracy'][fewest]:.6g} of #{fewest} seed={fewest + 1}"
    assert [line.split(", ")[:2] for line in told] == [
        [f"Best        {value}", "the fewest steps to its target"]
    ] * 2
    best = FollowedSweep(run.cwd / "s").standing()["best"]
    assert best["job"] == fewest


def test_of_losses_of_several_functions_none_is_the_best() -> None:
    tally = Tally(3, 2, LOSS, NAMES)
    for number, name in enumerate(("squared_error", "huber")):
        tally.count(
            JobEnd(number, "completed", "", 0, "loss,loss.name", f"{number},{name}", "loss")
        )
    assert tally.best == ""
    assert "Best        none: loss is of 2 kinds; runner.compare takes what" in tally.summary


@pytest.mark.parametrize(
    ("columns", "row", "said"),
    [
        (["top_5_accuracy"], "1,.5,9", "no job has top_5_accuracy"),
        (LOSS, "nan,.5,9", "is no number"),
    ],
)
def test_where_none_is_the_best_that_is_said(columns: Sequence[str], row: str, said: str) -> None:
    tally = Tally(2, 2, columns, NAMES)
    tally.count(end(0, "failed"))
    assert "Best" not in tally.summary
    tally.count(end(1, row=row))
    assert f"{said}" in tally.summary.partition("Best        none: ")[2]


def test_what_is_done_failed_and_running_is_counted() -> None:
    tally = Tally(3, 2, LOSS, NAMES)
    assert tally.counts == "0 of 3 jobs done, 0 failed, 2 running"
    assert re.fullmatch(r"0:00:0\d passed", tally.times)
    tally.count(end(1, "failed"))
    tally.count(end(0, row="1,.5,9"))
    assert tally.counts.startswith("2 of 3 jobs done, 1 failed, 1 running, ")
    tally.count(end(2, "interrupted"))
    assert tally.summary.startswith("Jobs        1 completed, 1 failed, ")
    tally.count(end(2, "diverged"))
    assert tally.counts.startswith("3 of 3 jobs done, 2 failed, ")
    assert re.fullmatch(r"0:00:0\d passed, 0:00:00 left", tally.times)


def test_no_time_is_promised_where_the_rest_takes_longer_than_those_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tally = Tally(3, 2, LOSS, NAMES)
    now = 110.0
    tally.count(end(0, row="1,.5,9"))
    assert tally.times == "0:00:10 passed, 0:00:20 left"
    now = 125.0
    assert tally.times == "0:00:25 passed, 0:00:05 left"
    now = 140.0
    assert tally.times == "0:00:40 passed, longer than expected"
    tally.count(end(1, row="1,.5,9"))
    assert tally.times == "0:00:40 passed, 0:00:20 left"


def seen_on_a_terminal(*arguments: str, columns: int, cwd: Path) -> str:
    """What `python -m runner` writes on a terminal so many characters wide."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments],
        cwd=cwd,
        env={**ENVIRONMENT, "COLUMNS": str(columns), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the terminal's other side is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    assert process.wait(timeout=60) == 0
    reader.join()
    os.close(ours)
    return b"".join(parts).decode()


@pytest.mark.parametrize("columns", [60, 120])
def test_a_terminal_shows_how_the_sweep_stands_and_keeps_the_outcome(
    columns: int, tmp_path: Path
) -> None:
    seen = seen_on_a_terminal(
        "-m", "seed=range(1,41)", "optimizer=sgd,adam", "stopping.max_steps=30",
        "hydra.sweep.dir=s", columns=columns, cwd=tmp_path,
    )  # fmt: skip
    display, outcome = seen[: seen.rindex("\x1b[2K")], seen[seen.rindex("\x1b[2K") + 4 :]
    assert outcome.split()[:3] == ["Jobs", "80", "completed,"]
    lines = re.sub(r"\x1b\[[\d?;]*[a-zA-Z]", "\n", display).splitlines()
    assert any(line.startswith("0 of 80 jobs done, 0 failed") for line in lines)
    assert any(line.startswith("best mean_accuracy ") for line in lines)
    assert max(map(len, lines)) <= columns
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")  # the cursor is there again


def test_what_is_no_terminal_is_sent_plain_text(run: InProcess) -> None:
    ended = run("-m", "seed=1,2", "stopping.max_steps=5", "hydra.sweep.dir=s")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    assert [line.split()[0] for line in ended.out.splitlines()] == ["Jobs", "Best", "Folder"]


def test_a_later_launch_adds_to_the_log_and_knows_the_best_before(run: InProcess) -> None:
    few = ("stopping.target=null", "stopping.max_steps=5", "hydra.sweep.dir=s")
    assert run("-m", "seed=1,2,3", *few).code == 0
    before = (run.cwd / "s" / "sweep.log").read_text()
    ended = run("-m", "seed=range(1,5)", *few)
    added = (run.cwd / "s" / "sweep.log").read_text().removeprefix(before).splitlines()
    assert " 1 job to run, 3 finished before (#0-3); best by val_mean_accuracy, " in added[0]
    assert added[1].startswith("#3 completed seed=4 ")
    assert len(added) == 2
    rows = [line.split("mean_accuracy=")[1] for line in (*before.splitlines()[1:], added[1])]
    best = max(float(row.split(",")[0]) for row in rows)
    assert f"Best        mean_accuracy {best:.6g} of #" in ended.out


def test_another_launchers_jobs_have_their_lines_too(run: InProcess) -> None:
    logs = []
    for launcher in ("pool", "basic"):
        few = ("stopping.target=null", "stopping.max_steps=5", f"hydra.sweep.dir={launcher}")
        assert run("-m", "topology=3-4-1,2-4-1", f"hydra/launcher={launcher}", *few).code == 1
        lines = (run.cwd / launcher / "sweep.log").read_text().splitlines()
        logs.append(sorted(re.sub(r", [\d.]+ s$", "", line) for line in lines if line[0] == "#"))
    assert logs[0] == [line.replace("=basic", "=pool") for line in logs[1]]
    assert len(logs[0]) == 2


def test_the_best_job_is_the_best_on_held_out_data(run: InProcess) -> None:
    folds = ("dataset.test=null", "dataset.folds=5", "dataset.fold=range(5)")
    ended = run("-m", "dataset=digits", *folds, "stopping.max_epochs=1", "hydra.sweep.dir=s")
    assert "Best        val_accuracy 0." in ended.out
