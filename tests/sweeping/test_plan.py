"""A look at a sweep before it starts: its jobs, nets, time and disk, and nothing left behind."""

import re
import tempfile
import time
from pathlib import Path

import pytest

from runner.data.dataset import Dataset
from runner.experiment import sharing
from runner.experiment.loading import load_dataset
from runner.network.topology import Topology
from runner.settings import DatasetSettings
from runner.sweeping import measuring
from runner.sweeping.job import Job
from runner.sweeping.measuring import Net, Trial
from runner.sweeping.plan import Group, duration, estimate_of, print_estimate
from tests.end_to_end.commands import InProcess

FEW = ("stopping.target=null", "stopping.max_steps=5", "hydra.sweep.dir=s")
PLAN = "sweep.plan=true"


@pytest.fixture(autouse=True)
def short_trials(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(measuring, "SECONDS", 1.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_plan_counts_jobs_and_nets_and_leaves_nothing(run: InProcess) -> None:
    ended = run("-m", "topology=3-4-1,3-8-1", "seed=1,2,2", PLAN, *FEW)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "Jobs        6: 4 distinct, 2 given again; 0 finished, 4 to run"
    assert lines[1] == "  #0 topology=3-4-1 seed=1 stopping.target=null stopping.max_steps=5"
    assert [line.split()[:4] for line in lines[6:8]] == [
        ["3-4-1", "eight_samples", "2", "16"],
        ["3-8-1", "eight_samples", "2", "32"],
    ]
    assert lines[8].startswith("Time        about ")
    assert " jobs tried" in lines[8]
    assert lines[9].startswith("Disk        about ")
    assert list(run.cwd.iterdir()) == []
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_a_plan_of_one_net_has_its_layers(run: InProcess) -> None:
    ended = run("-m", "dataset=digits", "topology=in-8C3-MP2-out", "seed=1,2", PLAN, *FEW)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    start = lines.index(["layer", "makes", "parameters", "multiply-adds"])
    assert lines[start + 2] == ["8C3", "8x6x6", "80", "2,592"]
    assert lines[start + 5] == ["total", "810", "3,312"]


def test_a_single_run_is_planned_as_a_sweep_of_one(run: InProcess) -> None:
    ended = run("topology=3-5-1", PLAN, "stopping.max_steps=5")
    assert (ended.code, ended.err) == (0, "")
    assert "1 to run" in ended.out
    assert ["total", "20", "20"] in [line.split() for line in ended.out.splitlines()]
    assert list(run.cwd.iterdir()) == []


def test_a_plan_knows_what_is_finished_and_touches_none_of_it(run: InProcess) -> None:
    assert run("-m", "seed=1,2", *FEW).code == 0
    before = files(run.cwd)
    ended = run("-m", "seed=2,3,4", PLAN, *FEW)
    assert "3: 3 distinct, 0 given again; 1 finished, 2 to run" in ended.out
    assert "#1 seed=2 stopping.target=null stopping.max_steps=5  (completed)" in ended.out
    assert files(run.cwd) == before
    ended = run("-m", "seed=1,2", PLAN, *FEW)
    assert "2 finished, 0 to run" in ended.out
    assert "Time" not in ended.out


def test_a_planned_sweep_runs_as_many_jobs_as_were_told(run: InProcess) -> None:
    sweep = ("-m", "topology=3-4-1,3-8-1", "sweep.repeats=3", *FEW)
    assert "Jobs        6: 6 distinct" in run(*sweep, PLAN).out
    assert "Jobs        6 completed, 0 failed" in run(*sweep).out


def test_data_sets_of_different_sizes_are_tried_each(run: InProcess) -> None:
    few = ("stopping.target=null", "stopping.max_epochs=1", "batch_size=10")
    ended = run("-m", "dataset=moons", "topology=2-4-1", *few, "dataset.samples=100,9000", PLAN)
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split()[:4] for line in ended.out.splitlines() if line.startswith("2-4-1 ")]
    assert rows == [
        ["2-4-1", "moons", "samples=100", "1"],
        ["2-4-1", "moons", "samples=9000", "1"],
    ]


def test_splits_of_one_data_set_are_one_row(run: InProcess) -> None:
    ended = run("-m", "dataset=moons", "topology=2-4-1", "dataset.split_seed=1,2", *FEW, PLAN)
    rows = [line.split()[:3] for line in ended.out.splitlines() if line.startswith("2-4-1 ")]
    assert rows == [["2-4-1", "moons", "2"]]


def test_a_net_that_does_not_fit_is_told_beforehand(run: InProcess) -> None:
    ended = run("-m", "topology=3-4-1,2-4-1", PLAN, *FEW)
    assert ended.code == 0
    assert "a job of topology=2-4-1 will fail: topology=2-4-1 does not fit" in ended.out
    assert "Time        about" in ended.out


def test_a_sweep_takes_as_long_as_its_longest_job(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [
        Group("2-4-1", f"moons samples={seconds}", [Job(0, [])], Net((trial(seconds),)))
        for seconds in (50, 1, 1)
    ]
    estimate = estimate_of(groups, 4, 0.0)
    assert estimate is not None
    print_estimate(estimate)
    assert capsys.readouterr().out.startswith("Time        about 50 s on 4 processes")


def trial(seconds: float) -> Trial:
    return Trial(seconds, 100, 10, 0.0, 1000.0, "about", Topology((2, 4, 1)))


def test_a_job_that_would_be_refused_refuses_the_plan(run: InProcess) -> None:
    ended = run("-m", "seed=1,-3", PLAN, *FEW)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: #1 seed=-3")
    assert list(run.cwd.iterdir()) == []


SURENESS = {
    " on 2 processes": ("stopping.max_steps=100",),
    " or less on 2 processes": ("stopping.max_steps=100_000_000_000", "stopping.target=1"),
    " or more on 2 processes": ("stopping.target=1",),
}


@pytest.mark.parametrize("bound", SURENESS)
def test_a_time_is_as_sure_as_its_trials(bound: str, run: InProcess) -> None:
    ended = run("-m", "seed=1,2", PLAN, *SURENESS[bound])
    assert (ended.code, ended.err) == (0, "")
    assert re.search(rf"^Time        about [\d.,]+ \w+{bound}, by ", ended.out, re.MULTILINE)
    (net,) = (line for line in ended.out.splitlines() if line.startswith("3-4-1 "))
    assert net.split()[1:4] == ["eight_samples", "2", "16"]
    assert ("B or less in folders" in ended.out) == (" or " in bound)
    if "or less" in bound:  # about as long as all its steps take
        rate, hours = net.split()[4:6]
        steps = float(rate.replace(",", "")) * float(hours.replace(",", "")) * 3600
        assert steps == pytest.approx(1e11, rel=0.5)  # means of two trials


def test_a_job_that_diverges_is_a_trial_too(run: InProcess) -> None:
    wild = ("optimizer.learning_rate=1e300", "network.activation.output=linear")
    ended = run("-m", *wild, "seed=1,2", PLAN, *FEW)
    assert "on 2 processes, by " in ended.out
    assert "will fail" not in ended.out


def test_a_plan_whose_jobs_take_too_long_to_begin_says_so_and_knows_its_net(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(settings: DatasetSettings) -> Dataset:
        time.sleep(1)
        return load_dataset(settings)

    monkeypatch.setattr(sharing, "load_dataset", slowly)
    monkeypatch.setattr(measuring, "SECONDS", 0.05)
    ended = run("-m", "seed=1,2", PLAN, *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert "Time        unknown: no job has come to an end in the time for trying some" in ended.out
    assert ["total", "16", "16"] in [line.split() for line in ended.out.splitlines()]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0012, "1.2 ms"), (0.15, "0.15 s"), (12.3, "12 s"), (300, "5 min"), (9000, "2.5 h")],
)
def test_durations_are_read_by_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_plan_tells_what_folders_and_rows_take(run: InProcess) -> None:
    for record, time_bound in {"folders": "", "rows": " or less"}.items():
        plan = run("-m", "seed=range(1,41)", PLAN, *FEW, f"sweep.record={record}").out
        told = re.search(r"Disk +about (\d+\.\d) MB in folders, (\d+\.\d) kB in rows", plan)
        assert told is not None, plan
        assert 1 < float(told[1]) < 5
        assert 24 < float(told[2]) < 80  # 600 bytes a job, its weights and its history
        assert re.search(rf"^Time        about [\d.]+ \w+{time_bound} on ", plan, re.MULTILINE)
