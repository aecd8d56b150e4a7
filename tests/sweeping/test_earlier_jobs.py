import csv
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from runner import load_runs
from runner.run_folder.run import RunFolder
from runner.run_folder.sweep_folder import SweepFolder
from runner.sweeping.earlier_jobs import Earlier, identity, numbers_for
from tests.end_to_end.commands import InProcess, command, ending, start

FEW = ("stopping.target=null", "stopping.max_steps=20", "hydra.sweep.dir=s")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob("*/**/*") if path.is_file()}


def rows(sweep: Path) -> list[dict[str, str]]:
    with open(sweep / "results.csv", newline="") as file:
        return list(csv.DictReader(file))


def weights(sweep: Path) -> dict[str, tuple[str, str]]:
    """Of each job its status and the checksum of its weights."""
    found = {}
    for path in SweepFolder(sweep).jobs:
        about = RunFolder(path).about()
        found[path.name] = about["status"], about["checksums"].get("parameters", "")
    return found


def test_a_finished_sweep_launched_again_runs_nothing(run: InProcess) -> None:
    assert run("-m", "seed=1,2,3", *FEW).code == 0
    before = contents(run.cwd / "s"), rows(run.cwd / "s")
    ended = run("-m", "seed=1,2,3", *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert "3 jobs are finished, 0 to run" in ended.out
    assert (contents(run.cwd / "s"), rows(run.cwd / "s")) == before


def test_new_values_add_jobs_and_leave_the_finished_as_they_are(run: InProcess) -> None:
    assert run("-m", "topology=3-4-1,3-2-1", "seed=1,2", *FEW).code == 0
    before = contents(run.cwd / "s")
    assert run("-m", "topology=3-4-1,3-2-1", "seed=1,3,2", *FEW).code == 0
    after = contents(run.cwd / "s")
    assert {path: after[path] for path in before} == before
    assert [(row["job"], row["topology"], row["seed"]) for row in rows(run.cwd / "s")] == [
        ("0", "3-4-1", "1"),
        ("1", "3-4-1", "2"),
        ("2", "3-2-1", "1"),
        ("3", "3-2-1", "2"),
        ("4", "3-2-1", "3"),
        ("5", "3-4-1", "3"),
    ]


def test_how_a_sweep_is_run_is_no_part_of_its_jobs(run: InProcess) -> None:
    assert run("-m", "seed=1,2", *FEW).code == 0
    assert "2 jobs are finished" in run("-m", "seed=1,2", "sweep.workers=1", *FEW).out


def test_jobs_whose_topology_follows_the_data_are_recognised(run: InProcess) -> None:
    assert run("-m", "topology=in-5-out", "seed=1,2", *FEW).code == 0
    assert "2 jobs are finished, 0 to run" in run("-m", "topology=in-5-out", "seed=1,2", *FEW).out


def test_a_job_given_twice_is_run_once_and_that_is_said(run: InProcess) -> None:
    ended = run("-m", "seed=1,1,2", *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert "3 jobs are given, 2 distinct: each of these is run once" in ended.out
    assert [(row["job"], row["seed"]) for row in rows(run.cwd / "s")] == [("0", "1"), ("1", "2")]


def test_failed_jobs_are_run_again_in_their_folders(run: InProcess) -> None:
    data = run.cwd / "points.csv"
    table = ("dataset=csv", "dataset.path=points.csv", "dataset.target=y", "topology=in-3-out")
    assert run("-m", *table, "seed=1,2", *FEW).code == 1
    data.write_text("a,b,y\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(60)))
    ended = run("-m", *table, "seed=1,2", *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert [(row["job"], row["status"]) for row in rows(run.cwd / "s")] == [
        ("0", "completed"),
        ("1", "completed"),
    ]


def test_a_folder_that_holds_a_sweep_is_refused_where_picking_up_is_not_wanted(
    run: InProcess,
) -> None:
    assert run("-m", "seed=1,2", *FEW).code == 0
    before = contents(run.cwd / "s")
    basic = ("hydra/launcher=basic", "hydra/sweeper=basic")
    for choices in ((), basic):
        ended = run("-m", "seed=1,2,3", "sweep.skip_finished=false", *choices, *FEW)
        assert ended.code == 5
        assert "already holds a sweep" in ended.err
    assert contents(run.cwd / "s") == before


LONG = ("-m", "seed=range(1,6)", "stopping.target=null", "stopping.max_steps=10000", "engine=numpy")


def wait_for(sweep: Path, jobs: int) -> None:
    deadline = time.monotonic() + 30
    while len(list(sweep.glob("*/run.json"))) < jobs and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep that nobody ended."""
    cwd = tmp_path_factory.mktemp("whole")
    assert command(*LONG, "hydra.sweep.dir=s", cwd=cwd).code == 0
    return cwd / "s"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_sweep_that_was_ended_comes_to_what_an_uninterrupted_one_does(
    whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = start(*LONG, "hydra.sweep.dir=s", cwd=tmp_path)
    wait_for(tmp_path / "s", 3)
    os.kill(process.pid, number)
    first = ending(process)
    assert first.code == (143 if number is signal.SIGTERM else -number)
    if number is signal.SIGTERM:
        assert "jobs are left; the same command with hydra.sweep.dir=" in first.out
    ended = command(*LONG, "hydra.sweep.dir=s", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert weights(tmp_path / "s") == weights(whole)
    assert [row["job"] for row in rows(tmp_path / "s")] == [str(job) for job in range(5)]


def test_jobs_that_are_being_run_are_not_begun_again(tmp_path: Path) -> None:
    process = start(*LONG, "stopping.max_steps=null", "stopping.max_seconds=60",
                    "hydra.sweep.dir=s", cwd=tmp_path)  # fmt: skip
    wait_for(tmp_path / "s", 1)
    ended = command(*LONG, "stopping.max_steps=null", "stopping.max_seconds=60",
                    "hydra.sweep.dir=s", cwd=tmp_path)  # fmt: skip
    process.terminate()
    ending(process)
    assert ended.code == 5
    assert "is in use by process" in ended.err


@pytest.mark.parametrize(
    ("known", "taken", "numbers"),
    [
        ([None, None], set(), [0, 1]),
        ([1, None, 0], {0, 1}, [1, 2, 0]),
        ([None, None, 1], {1}, [0, 2, 1]),
        ([None, 0, None], {0, 1}, [3, 0, 2]),
        ([None, None], {0, 1, 7}, [8, 9]),
    ],
)
def test_a_job_keeps_its_number_or_has_that_of_its_place_or_a_new_one(
    known: list[int | None], taken: set[int], numbers: list[int]
) -> None:
    earlier = [None if number is None else Earlier(number, None) for number in known]
    assert numbers_for(earlier, 0, taken) == numbers


def test_an_identity_does_not_depend_on_the_order_of_keys() -> None:
    assert identity({"a": 1, "b": {"c": 2, "d": 3}}) == identity({"b": {"d": 3, "c": 2}, "a": 1})
    assert identity({"a": 1}) != identity({"a": 2})
    assert identity({"a": 1, "sweep": {"workers": 1}}) == identity({"a": 1})


def test_what_earlier_configurations_lack_is_no_part_of_it() -> None:
    now = {"dataset": {"name": "csv", "shuffle": True, "first": None, "weight": None}}
    assert identity(now) == identity({"dataset": {"name": "csv"}})
    assert identity({"dataset": {"name": "csv", "first": 3}}) != identity(now)


STRANGERS = ("007", "٣", "00", "1x", "9" * 30, "-1")


def test_a_folder_that_is_not_named_as_the_runner_names_jobs_is_no_job(run: InProcess) -> None:
    few = (*FEW, "hydra.sweep.dir=s")
    assert run("-m", "seed=1,2", *few).code == 0
    sweep = run.cwd / "s"
    for name in STRANGERS:
        shutil.copytree(sweep / "0", sweep / name)
    shutil.copytree(sweep / "0", sweep / "7")  # that one is
    jobs = {"0", "1", "7"}
    assert {str(number) for number in SweepFolder(sweep).folders} == jobs
    assert {job.name for job in SweepFolder(sweep).jobs} == jobs
    assert {str(end.number) for end in SweepFolder(sweep).collect()} == jobs
    (sweep / "results.csv").touch()
    assert {Path(path).name for path in load_runs(sweep)["path"]} == jobs
    ended = run("-m", "seed=1,2,3", *few)
    assert (ended.code, ended.err) == (0, "")
    assert "2 jobs are finished, 1 to run" in ended.out
    assert {row["job"] for row in rows(sweep)} == {*jobs, "2"}
