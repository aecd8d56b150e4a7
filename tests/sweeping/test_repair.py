"""Finished jobs that have lost their results: a sweep launched again has every row again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.resume import main as resume
from runner.sweeping.job import run_job
from tests.end_to_end.commands import Ending, InProcess, composed
from tests.sweeping.test_earlier_jobs import FEW, rows, weights


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def blank(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def keep_header(path: Path) -> None:
    path.write_text(path.read_text().splitlines()[0] + "\n")


def claim_failure(path: Path) -> None:
    path.write_text(path.read_text().replace(",completed,", ",failed,"))


def keep_only_run_json(path: Path) -> None:
    kept = (path.parent / "run.json").read_bytes()
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    (path.parent / "run.json").write_bytes(kept)


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "cut": cut,
    "blank": blank,
    "without its row": keep_header,
    "of another end": claim_failure,
    "with all files but run.json": keep_only_run_json,
}


def without_times(sweep: Path) -> list[dict[str, str]]:
    timed = ("seconds", "steps_per_second", "started", "finished")
    return [{name: row[name] for name in row if name not in timed} for row in rows(sweep)]


def test_completed_jobs_whose_results_are_lost_are_finished_again(run: InProcess) -> None:
    sweep = ("-m", f"seed=range(0,{len(LOSSES) + 1})", *FEW)
    assert run(*sweep).code == 0
    before = without_times(run.cwd / "s"), weights(run.cwd / "s")
    for number, loss in enumerate(LOSSES.values()):
        loss(run.cwd / "s" / str(number) / "results.csv")
    ended = run(*sweep)
    assert (ended.code, ended.err) == (0, "")
    assert f"1 job is finished, {len(LOSSES)} to run" in ended.out
    assert (without_times(run.cwd / "s"), weights(run.cwd / "s")) == before
    assert f"{len(LOSSES) + 1} jobs are finished, 0 to run" in run(*sweep).out


def test_a_diverged_job_whose_results_are_lost_diverges_again(run: InProcess) -> None:
    wild = ("optimizer.learning_rate=0.1,1e300", "network.activation.output=linear")
    assert run("-m", *wild, *FEW).code == 1
    before = without_times(run.cwd / "s")
    assert [row["status"] for row in before] == ["completed", "diverged"]
    (run.cwd / "s" / "1" / "results.csv").unlink()
    ended = run("-m", *wild, *FEW)
    assert ended.code == 1
    assert "1 of the sweep's 2 jobs failed" in ended.err
    assert without_times(run.cwd / "s") == before


@pytest.mark.parametrize("rate", ["0.1", "1e300"], ids=["completed", "diverged"])
def test_a_job_given_out_again_ended_as_it_had(rate: str, tmp_path: Path) -> None:
    config = composed(*FEW, f"optimizer.learning_rate={rate}", "network.activation.output=linear")
    first = run_job(config, {}, tmp_path / "0", 0)
    written = (tmp_path / "0" / "run.json").read_bytes()
    again = run_job(config, {}, tmp_path / "0", 0)
    assert (again.status, again.text, again.row) == (first.status, first.text, first.row)
    assert (tmp_path / "0" / "run.json").read_bytes() == written


def test_a_sweep_is_mended_wherever_it_is_damaged(run: InProcess) -> None:
    sweep = ("-m", "seed=1,2,3", *FEW)
    assert run(*sweep).code == 0
    before = without_times(run.cwd / "s")
    (run.cwd / "s" / "2" / "results.csv").unlink()
    (run.cwd / "s" / "results.csv").unlink()
    assert resume([str(run.cwd / "s")]) == 0
    assert without_times(run.cwd / "s") == before
    (run.cwd / "s" / "results.csv").unlink()
    (run.cwd / "s" / "1" / "run.json").write_text("{")
    ended = run(*sweep)
    assert ended.code == 0
    assert "s/1/run.json cannot be read; its job is taken for one that is missing" in ended.err
    assert [(row["job"], row["seed"]) for row in rows(run.cwd / "s")] == [
        ("0", "1"),
        ("2", "3"),
        ("3", "2"),
    ]


TABLE = ("dataset=csv", "dataset.path=points.csv", "dataset.target=y", "batch_size=null")


def points(path: Path, factor: int) -> None:
    lines = [f"{i},{i % 3},{factor * i % 7}" for i in range(60)]
    path.write_text("\n".join(["a,b,y", *lines, ""]))


CONTINUED = {
    "the same sweep": ("topology=in-3-out", "seed=1,2"),
    "new values": ("topology=in-3-out", "seed=3", "dataset.split_seed=7"),
    "the file named otherwise": ("topology=in-3-out", "seed=4", "dataset.path=./points.csv"),
    "a look before": ("topology=in-3-out", "seed=1,2", "sweep.plan=true"),
}


def assert_refused(ended: Ending) -> None:
    assert ended.code == 3
    assert ended.err.startswith("error: dataset.path='")
    assert "points.csv': the data that #0 in " in ended.err
    assert "give the files of before, or another hydra.sweep.dir" in ended.err
    assert ended.err.count("\n") == 1


def test_a_sweep_whose_data_have_changed_is_not_gone_on_with(run: InProcess) -> None:
    file = run.cwd / "points.csv"
    points(file, 1)
    assert run("-m", *TABLE, *CONTINUED["the same sweep"], *FEW).code == 0
    before = rows(run.cwd / "s"), weights(run.cwd / "s")
    description = (run.cwd / "s" / "multirun.yaml").read_bytes()
    points(file, 2)
    for name, choices in CONTINUED.items():
        ended = run("-m", *TABLE, *choices, *FEW)
        assert_refused(ended)
        assert (rows(run.cwd / "s"), weights(run.cwd / "s")) == before, name
        assert (run.cwd / "s" / "multirun.yaml").read_bytes() == description, name
    points(file, 1)
    assert run("-m", *TABLE, *CONTINUED["new values"], *FEW).code == 0
    assert len(rows(run.cwd / "s")) == 3


def test_a_sweep_that_holds_jobs_of_two_versions_is_told_so(run: InProcess) -> None:
    points(run.cwd / "points.csv", 1)
    sweep = ("-m", *TABLE, *CONTINUED["the same sweep"], *FEW)
    assert run(*sweep).code == 0
    path = run.cwd / "s" / "1" / "run.json"
    about = json.loads(path.read_text())
    about["checksums"]["data"] = "0" * 64
    path.write_text(json.dumps(about))
    ended = run(*sweep)
    assert_refused(ended)
    assert "are not those that #1 was trained on (000000000000…)" in ended.err


def test_data_that_are_gone_do_not_keep_a_finished_sweep_from_being_told(run: InProcess) -> None:
    points(run.cwd / "points.csv", 1)
    table = ("-m", *TABLE, "loss=squared_error")  # said, as the topology is: data decide of neither
    assert run(*table, *CONTINUED["the same sweep"], *FEW).code == 0
    (run.cwd / "points.csv").unlink()
    ended = run(*table, "topology=2-3-7", "seed=1,2", *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert "2 jobs are finished, 0 to run" in ended.out
