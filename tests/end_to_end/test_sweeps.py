import csv
import json
import re
from pathlib import Path

import pytest

from runner import load_runs
from tests.end_to_end.commands import Ending, InProcess, command


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ending, Path]:
    """A sweep of six jobs, two of which cannot be run."""
    cwd = tmp_path_factory.mktemp("sweep")
    ended = command(
        "-m",
        "topology=3-4-1,2-4-1,3-2-1",
        "seed=1,2",
        "stopping.max_steps=20",
        "hydra.sweep.dir=sweep",
        cwd=cwd,
    )
    return ended, cwd / "sweep"


def test_a_sweep_survives_its_failing_jobs(sweep: tuple[Ending, Path]) -> None:
    _, folder = sweep
    statuses = {
        path.parent.name: json.loads(path.read_text())["status"]
        for path in folder.glob("*/run.json")
    }
    assert statuses == {
        "0": "completed",
        "1": "completed",
        "2": "failed",
        "3": "failed",
        "4": "completed",
        "5": "completed",
    }


def test_a_sweep_with_failed_jobs_is_exit_code_1_and_names_each(
    sweep: tuple[Ending, Path],
) -> None:
    ended, _ = sweep
    assert ended.code == 1
    first, *others = ended.err.splitlines()
    assert first == "error: 2 of the sweep's 6 jobs failed:"
    assert [line.split()[0] for line in others] == ["#2", "#3"]
    assert all("topology=2-4-1 does not fit" in line for line in others)


def test_every_job_has_a_line_in_the_sweeps_log(sweep: tuple[Ending, Path]) -> None:
    ended, folder = sweep
    first, *lines = (folder / "sweep.log").read_text().splitlines()
    lines.sort()  # they come as jobs end
    assert " 6 jobs to run, 0 finished before (#0-5); best by val_mean_accuracy, " in first
    assert [line.split()[0] for line in lines] == [f"#{job}" for job in range(6)]
    assert re.fullmatch(
        r"#1 completed topology=3-4-1 seed=2 stopping.max_steps=20: mean_accuracy=0\.\d+, "
        r"max_steps reached after 20 steps, [\d.]+ s",
        lines[1],
    )
    failed = "#2 failed topology=2-4-1 seed=1 stopping.max_steps=20: topology=2-4-1 does not fit"
    assert lines[2].startswith(failed)
    assert "Jobs        4 completed, 2 failed" in ended.out
    assert re.search(
        r"^Best        mean_accuracy [\d.]+ of #\d topology=\S+ seed=\d, a single job; ",
        ended.out,
        re.MULTILINE,
    )
    assert f"Folder      {folder}" in ended.out


def test_a_sweeps_results_have_a_row_for_every_job(sweep: tuple[Ending, Path]) -> None:
    _, folder = sweep
    with open(folder / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["job"], row["topology"], row["seed"], row["status"]) for row in rows] == [
        ("0", "3-4-1", "1", "completed"),
        ("1", "3-4-1", "2", "completed"),
        ("2", "2-4-1", "1", "failed"),
        ("3", "2-4-1", "2", "failed"),
        ("4", "3-2-1", "1", "completed"),
        ("5", "3-2-1", "2", "completed"),
    ]
    assert [row["steps"] for row in rows] == ["20", "20", "", "", "20", "20"]


def test_a_sweep_loads_as_a_table(sweep: tuple[Ending, Path]) -> None:
    _, folder = sweep
    runs = load_runs(folder)
    assert len(runs) == 6
    assert runs["topology"].tolist() == [*["3-4-1"] * 2, *["2-4-1"] * 2, *["3-2-1"] * 2]
    assert runs["status"].value_counts().to_dict() == {"completed": 4, "failed": 2}
    assert runs["steps"].isna().tolist() == [False, False, True, True, False, False]
    assert runs["path"].tolist() == [str(folder / str(job)) for job in range(6)]
    assert (runs.groupby("topology")["mean_accuracy"].mean().dropna() > 0).all()


def test_a_failed_job_keeps_its_configuration_and_its_error(sweep: tuple[Ending, Path]) -> None:
    _, folder = sweep
    about = json.loads((folder / "2" / "run.json").read_text())
    assert "does not fit" in about["error"]
    assert "Traceback" in (folder / "2" / "run.log").read_text()
    assert (folder / "2" / ".hydra" / "overrides.yaml").read_text() == (
        "- topology=2-4-1\n- seed=1\n- stopping.max_steps=20\n"
    )


def test_a_diverged_job_counts_as_failed(run: InProcess) -> None:
    ended = run(
        "-m",
        "optimizer.learning_rate=0.001,1e6",
        "network.activation.hidden=linear",
        "network.activation.output=linear",
        "stopping.target=null",
        "stopping.max_steps=500",
    )
    assert ended.code == 1
    assert "1 of the sweep's 2 jobs failed" in ended.err
    assert "#1" in ended.err


def test_the_sweep_that_a_preset_brings_is_run(run: InProcess) -> None:
    ended = run("-m", "experiment=learning_rates", "stopping.max_steps=2", "hydra.sweep.dir=sweep")
    assert (ended.code, ended.err) == (0, "")
    runs = load_runs(run.cwd / "sweep")
    assert runs["optimizer.learning_rate"].tolist() == [0.001, 0.01, 0.1, 1, 10, 100, 1000]


def test_a_job_of_a_sweep_computes_what_a_single_run_does(
    sweep: tuple[Ending, Path], run: InProcess
) -> None:
    _, folder = sweep
    arguments = ("topology=3-2-1", "seed=2", "stopping.max_steps=20", "hydra.run.dir=here")
    assert run(*arguments).code == 0
    single = json.loads((run.cwd / "here" / "run.json").read_text())
    job = json.loads((folder / "5" / "run.json").read_text())
    assert job["checksums"] == single["checksums"]


def test_a_second_sweep_does_not_touch_the_folder_of_a_first(run: InProcess) -> None:
    few = ["stopping.target=null", "stopping.max_steps=2", "hydra.sweep.dir=sweep"]
    assert run("-m", "seed=1,2", *few).code == 0
    before = {path: path.read_bytes() for path in (run.cwd / "sweep").rglob("*") if path.is_file()}
    ended = run("-m", "seed=3", "sweep.skip_finished=false", *few)
    assert ended.code == 5
    assert "already holds a sweep" in ended.err
    after = {path: path.read_bytes() for path in (run.cwd / "sweep").rglob("*") if path.is_file()}
    assert after == before


def test_a_job_that_diverges_is_named_with_its_reason(run: InProcess) -> None:
    ended = run(
        "-m",
        "optimizer.learning_rate=1e300,1",
        "network.activation.output=linear",
        "stopping.target=null",
        "stopping.max_steps=5",
    )
    assert ended.code == 1
    assert "#0 optimizer.learning_rate=1e+300 " in ended.err
    assert "stopping.max_steps=5: training diverged" in ended.err
