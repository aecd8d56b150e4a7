"""Sweeps handed to launchers as slices, whose processes and machines are lost, or share no disk."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner import load_runs
from runner.run_folder.job_rows import FILE, JobRows
from runner.run_folder.layout import read_run
from tests.end_to_end.commands import ENVIRONMENT, InProcess, command, ending, start
from tests.end_to_end.test_launchers import (
    LENIENT,
    PACKAGES,
    SWEEP,
    assert_failures_are_told,
    table,
    wait_for_training,
    wait_until,
)
from tests.sweeping.test_earlier_jobs import weights

LONG = ("-m", "stopping.target=null", "stopping.max_steps=4000000")
FEW = ("stopping.target=null", "stopping.max_steps=20000", "network.dropout.rate=0.1")
MANY = ("-m", "seed=range(1,201)", *FEW, "sweep.record=rows")
ROWS = ("sweep.record=rows", "hydra.sweep.dir=s")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep in rows as the pool leaves it."""
    cwd = tmp_path_factory.mktemp("own")
    assert command(*SWEEP, *ROWS, cwd=cwd).code == 1
    return cwd / "s"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 short jobs in rows, of which nobody was lost."""
    cwd = tmp_path_factory.mktemp("many")
    assert command(*MANY, "hydra.sweep.dir=s", cwd=cwd).code == 0
    return cwd / "s"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three long jobs of which none was lost."""
    cwd = tmp_path_factory.mktemp("long")
    assert command(*LONG, "seed=1,2,3", "hydra.sweep.dir=s", cwd=cwd).code == 0
    return cwd / "s"


# Of Ray's rows tells the cluster below.
SLICED = [
    pytest.param(name, marks=[pytest.mark.release] if name == "ray" else [])
    for name in ("basic", *PACKAGES)
]


@pytest.mark.parametrize("launcher", SLICED)
def test_rows_of_another_launcher_are_those_of_the_pool(
    launcher: str, own: Path, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES.get(launcher, "hydra"))
    sweep = (*SWEEP, *ROWS, f"hydra/launcher={launcher}")
    ended = ending(start(*sweep, cwd=tmp_path, **LENIENT), timeout=300)
    assert_failures_are_told(ended)
    assert_rows_are_the_same(tmp_path / "s", own)


def assert_rows_are_the_same(sweep: Path, other: Path) -> None:
    assert table(sweep) == table(other)
    rows, others = ({row.number: row.weights for row in JobRows(path)} for path in (sweep, other))
    assert rows == others
    told, mine = ((path / "sweep.log").read_text().splitlines() for path in (sweep, other))
    assert told[1:] == mine[1:]
    left = {path.name for path in sweep.iterdir()} - {".submitit"}
    assert left == {FILE, "multirun.yaml", "results.csv", "sweep.log"}


@pytest.mark.parametrize("slices", [1, 3, 100])
def test_slices_are_as_many_as_are_asked_for(slices: int, run: InProcess) -> None:
    jobs = ("-m", "seed=range(1,8)", "stopping.target=null", "stopping.max_steps=5")
    ended = run(*jobs, *ROWS, "hydra/launcher=basic", f"sweep.slices={slices}")
    assert (ended.code, ended.err) == (0, "")
    assert f"Launching {min(7, slices)} jobs locally" in ended.out
    assert load_runs(run.cwd / "s")["seed"].tolist() == list(range(1, 8))


def test_slices_are_refused_where_nothing_reads_them(run: InProcess) -> None:
    ended = run("-m", "seed=1,2", "sweep.slices=2")
    assert ended.code == 2
    assert "'sweep.slices=2' is for other launchers; hydra/launcher=pool would not" in ended.err


@pytest.mark.parametrize(
    "launcher", ["joblib", pytest.param("submitit_local", marks=pytest.mark.release)]
)
def test_jobs_of_a_process_that_is_lost_are_handed_out_again(
    launcher: str, long: Path, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES[launcher])
    sweep = (*LONG, "seed=1,2,3", f"hydra/launcher={launcher}", "hydra.sweep.dir=s")
    process = start(*sweep, cwd=tmp_path, **LENIENT)
    os.kill(wait_for_training(tmp_path / "s" / "0"), signal.SIGKILL)
    ended = ending(process)
    assert ended.code == 0, ended
    assert f"hydra/launcher={launcher} gave up: " in ended.out
    assert " handed out again" in ended.out
    assert table(tmp_path / "s") == table(long)
    assert weights(tmp_path / "s") == weights(long)


def test_a_sweep_that_loses_a_process_twice_tells_so_and_goes_on_when_launched_again(
    long: Path, tmp_path: Path
) -> None:
    pytest.importorskip("joblib")
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    sweep = (*LONG, "seed=1,2,3", *joblib, "hydra.sweep.dir=s")
    process = start(*sweep, cwd=tmp_path, **LENIENT)
    job = tmp_path / "s" / "0"
    first = wait_for_training(job)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: read_run(job)["process"]["id"] != first)
    os.kill(read_run(job)["process"]["id"], signal.SIGKILL)
    ended = ending(process)
    assert ended.code == 1, ended
    told = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert told[0].startswith("error: hydra/launcher=joblib gave up: ")
    assert "of 3 jobs have not ended: the same command with hydra.sweep.dir=" in told[0]
    assert re.search("#0 .*seed=1: .*its process was ended from outside", ended.err)
    again = command(*sweep, cwd=tmp_path, **LENIENT)
    assert again.code == 0, again
    assert table(tmp_path / "s") == table(long)


def test_rows_of_a_process_that_is_lost_are_kept_and_the_others_made_anew(
    many: Path, tmp_path: Path
) -> None:
    psutil = pytest.importorskip("psutil")
    pytest.importorskip("joblib")
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "sweep.slices=2")
    process = start(*MANY, *joblib, "hydra.sweep.dir=s", cwd=tmp_path, **LENIENT)
    wait_until(lambda: len(list(tmp_path.glob(f"s/.slices/*/*/{FILE}"))) == 2)
    workers = [
        each
        for each in psutil.Process(process.pid).children()
        if "LokyProcess" in str(each.cmdline())
    ]
    workers[0].kill()
    ended = ending(process, timeout=300)
    assert ended.code == 0, ended
    again = re.findall(r"; (\d+) jobs? handed out again", ended.out)
    assert len(again) == 1
    assert 0 < int(again[0]) < 200
    assert_rows_are_the_same(tmp_path / "s", many)


@pytest.mark.slow
def test_rows_of_a_sweep_that_is_killed_are_taken_up(many: Path, tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    joblib = (*MANY, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "sweep.slices=2")
    process = start(*joblib, "hydra.sweep.dir=s", cwd=tmp_path, **LENIENT)
    wait_until(lambda: len(list(tmp_path.glob(f"s/.slices/*/*/{FILE}"))) == 2)
    process.kill()
    process.communicate()
    ended = command(*joblib, "hydra.sweep.dir=s", cwd=tmp_path, **LENIENT)
    assert ended.code == 0, ended
    assert re.search("[0-9] jobs are finished, [0-9]+ to run", ended.out)
    assert table(tmp_path / "s") == table(many)


HIDDEN = 'mount -t tmpfs none hidden && cd hidden && "$0" "$@"; code=$?; cp -r s ..; exit $code'
"""Runs a command in a folder that no other process sees; brings back what it leaves."""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Ray cluster of two nodes, each with a folder of its own to work in."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(connect=False)
    try:
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            monkeypatch.chdir(tmp_path / name)
            cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()


@pytest.mark.filterwarnings("default")
def test_a_running_ray_cluster_whose_nodes_see_none_of_the_sweeps_disk(
    cluster: Any, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], check=False).returncode:
        pytest.skip("this system lets nobody hide a folder")
    (tmp_path / "hidden").mkdir()
    ray = ("hydra/launcher=ray", f"hydra.launcher.ray.init.address={cluster.address}")

    def swept(*arguments: str) -> subprocess.CompletedProcess[str]:
        runner = (sys.executable, "-m", "runner", *SWEEP, *ray, *arguments)
        return subprocess.run(
            [*apart, "sh", "-c", HIDDEN, *runner],
            cwd=tmp_path,
            env={**ENVIRONMENT, **LENIENT},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    ended = swept(*ROWS)
    assert ended.returncode == 1, ended
    assert "error: 2 of the sweep's 4 jobs failed:" in ended.stderr
    assert_rows_are_the_same(tmp_path / "s", own)
    assert not [*tmp_path.glob("first/*"), *tmp_path.glob("second/*")]
    ended = swept("hydra.sweep.dir=s")
    assert ended.returncode == 1
    assert "jobs run on another disk than the sweep's; give a hydra.sweep.dir" in ended.stderr


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("retries", [0, pytest.param(3, marks=pytest.mark.release)])
def test_jobs_of_a_node_that_is_lost_are_run_again(
    retries: int, cluster: Any, many: Path, tmp_path: Path
) -> None:
    ray = (
        "hydra/launcher=ray",
        f"hydra.launcher.ray.init.address={cluster.address}",
        f"+hydra.launcher.ray.remote.max_retries={retries}",
        "sweep.slices=4",
    )
    process = start(*MANY, *ray, "hydra.sweep.dir=s", cwd=tmp_path, **LENIENT)
    wait_until(lambda: len(list(tmp_path.glob(f"s/.slices/*/*/{FILE}"))) >= 2)
    (second,) = cluster.worker_nodes
    cluster.remove_node(second, allow_graceful=False)
    ended = ending(process, timeout=300)
    assert ended.code == 0, ended
    assert ("handed out again" in ended.out) == (retries == 0)
    assert_rows_are_the_same(tmp_path / "s", many)
