import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import runner
from runner import compare
from runner.analysis import csv_tables
from runner.analysis.runs import load_runs, without_results
from runner.configuration.composing import compose
from runner.errors import SettingsError, SnapshotError
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.sweep_log import Launch


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs below two days."""
    root = tmp_path_factory.mktemp("outputs")
    places = {"2018-01-01/a": "3-4-1", "2018-01-01/b": "3-1", "2018-01-02/c": "3-2-1"}
    for place, topology in places.items():
        config = compose([f"topology={topology}", "stopping.max_steps=5"])
        run_experiment(config, root / place, {}, QUIETLY)
    return root


def test_a_folder_of_runs_is_a_table_with_a_row_a_run(outputs: Path) -> None:
    runs = load_runs(outputs)
    assert runs["topology"].tolist() == ["3-4-1", "3-1", "3-2-1"]
    assert runs["steps"].tolist() == [5, 5, 5]
    assert runs["optimizer.learning_rate"].tolist() == [10, 10, 10]
    assert [Path(path).name for path in runs["path"]] == ["a", "b", "c"]
    assert runs.attrs["unreadable"] == {}


def test_columns_have_the_types_of_what_they_mean(outputs: Path) -> None:
    runs = load_runs(outputs)
    expected = {
        "topology": "string",
        "seed": "Int64",
        "batch_size": "float64",  # null everywhere
        "network.bias": "boolean",
        "optimizer.learning_rate": "float64",
        "stopping.max_steps": "Int64",
        "status": "category",
        "stop_reason": "category",
        "steps": "Int64",
        "loss": "float64",
        "path": "string",
    }
    assert {name: str(runs[name].dtype) for name in expected} == expected
    for name in ("started", "finished"):
        assert isinstance(runs[name].dtype, pd.DatetimeTZDtype)
    assert (runs["finished"] >= runs["started"]).all()
    assert (runs["finished"] - pd.Timestamp.now("UTC")).abs().max() < pd.Timedelta("1h")


def test_columns_that_never_differ_are_read_as_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        f"{job},3-4-1,{job + 1},auto,,true,0.1,{job % 3 or ''},completed,target,{job},0.{job % 2}"
        for job in range(2500)
    ]
    names = "job,topology,seed,engine,from,bias,rate,some,status,stop_reason,steps,loss"
    (tmp_path / "results.csv").write_text("\n".join([names, *lines, ""]))
    monkeypatch.setattr(csv_tables, "BLOCK", 10_000)
    quick = load_runs(tmp_path)
    monkeypatch.setattr(csv_tables, "MANY", 10_000)
    pd.testing.assert_frame_equal(quick, load_runs(tmp_path))
    quick.loc[7, ["engine", "rate"]] = "numpy", 0.2
    assert quick["engine"][6:9].tolist() == ["auto", "numpy", "auto"]
    assert quick["rate"].nunique() == 2


def test_configurations_that_differ_share_a_table(tmp_path: Path) -> None:
    for name, optimizer in {"a": "sgd", "b": "adam", "c": "sgd"}.items():
        config = compose([f"optimizer={optimizer}", "stopping.max_steps=5"])
        run_experiment(config, tmp_path / name, {}, QUIETLY)
    runs = load_runs(tmp_path)
    assert runs["optimizer.name"].tolist() == ["sgd", "adam", "sgd"]
    assert runs["optimizer.beta1"].isna().tolist() == [True, False, True]
    names = list(runs)
    assert names.index("optimizer.beta1") < names.index("status") < names.index("steps")
    assert names[-1] == "path"


def test_several_folders_are_joined(outputs: Path) -> None:
    runs = load_runs(outputs / "2018-01-02", outputs / "2018-01-01" / "b")
    assert runs["topology"].tolist() == ["3-2-1", "3-1"]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda content: bytes(len(content)),
    "torn in the header": lambda content: content[:100],
    "torn in the row": lambda content: content[: content.index(b"completed")],
    "torn at its end": lambda content: content[:-1],
    "not UTF-8": lambda content: content.replace(b"sigmoid", b"\xff\xfe"),
    "open quote": lambda content: content.replace(b"sigmoid", b'"', 1),
    "something else": lambda _: b"a,b\n1,2\n",
    "no row": lambda content: content.split(b"\n")[0] + b"\n",
    "two rows": lambda content: content + content.split(b"\n")[1] + b"\n",
    "a column twice": lambda content: content.replace(b"seed", b"steps", 1),
    "another status": lambda content: content.replace(b",completed", b",complet\x01d"),
    "steps that are no number": lambda content: content.replace(b"max_steps,5,", b"max_steps,s,"),
    "half a step": lambda content: content.replace(b"max_steps,5,", b"max_steps,5.5,"),
    "steps beyond counting": lambda content: content.replace(
        b"max_steps,5,", b"max_steps,99999999999999999999,"
    ),
    "seconds that are no number": lambda content: content.replace(
        b"max_steps,5,5,", b"max_steps,5,5,x"
    ),
    "a time that is none": lambda content: content.replace(b",20", b",20x"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_named_and_the_others_read(
    damage: str, tmp_path: Path, outputs: Path
) -> None:
    content = (outputs / "2018-01-01" / "a" / "results.csv").read_bytes()
    for name in ("before", "damaged", "later"):
        (tmp_path / name).mkdir()
        written = DAMAGES[damage](content) if name == "damaged" else content
        assert (written == content) == (name != "damaged")
        (tmp_path / name / "results.csv").write_bytes(written)
    with pytest.warns(UserWarning, match="left out 1: .*damaged: results.csv"):
        runs = load_runs(tmp_path)
    assert [Path(path).name for path in runs["path"]] == ["before", "later"]
    assert list(runs.attrs["unreadable"]) == [str(tmp_path / "damaged")]
    assert str(runs["steps"].dtype) == "Int64"


UNFINISHED = {
    "run.json that is torn": ('{"status": "comp', "run.json"),
    "run.json that is empty": ("", "run.json"),
    "run.json of something else": ("[1]", "does not describe a run"),
    "results that are gone": ('{"status": "completed"}', "completed, and no results.csv"),
    "no run.json": (None, "run.json: No such file"),
}


@pytest.mark.parametrize("damage", UNFINISHED)
def test_a_folder_that_should_hold_results_is_named(
    damage: str, tmp_path: Path, outputs: Path
) -> None:
    shutil.copytree(outputs / "2018-01-01" / "a", tmp_path / "run")
    (tmp_path / "run" / "results.csv").unlink()
    content, problem = UNFINISHED[damage]
    if content is None:
        (tmp_path / "run" / "run.json").unlink()
    else:
        (tmp_path / "run" / "run.json").write_text(content)
    with pytest.warns(UserWarning, match="left out 1: "):
        runs = load_runs(tmp_path)
    assert problem in runs.attrs["unreadable"][str(tmp_path / "run")]


def test_of_1000_runs_200_damaged_ones_are_named_and_800_read(
    tmp_path: Path, outputs: Path
) -> None:
    content = (outputs / "2018-01-01" / "a" / "results.csv").read_bytes()
    for number in range(1000):
        (tmp_path / f"run{number:03}").mkdir()
        damage = list(DAMAGES.values())[number // 5 % len(DAMAGES)]
        written = damage(content) if number % 5 == 0 else content
        (tmp_path / f"run{number:03}" / "results.csv").write_bytes(written)
    with pytest.warns(UserWarning, match="left out 200: ") as warned:
        runs = load_runs(tmp_path)
    assert len(runs) == 800
    expected = {str(tmp_path / f"run{number:03}") for number in range(0, 1000, 5)}
    assert set(runs.attrs["unreadable"]) == expected
    told = [name for name in sorted(expected) if name in str(warned[0].message)]
    assert len(told) == 20


@pytest.fixture
def sweep(tmp_path: Path, outputs: Path) -> Path:
    """A sweep of three jobs, as collected when it ended."""
    for number, day in enumerate(("2018-01-01/a", "2018-01-01/b", "2018-01-02/c")):
        shutil.copytree(outputs / day, tmp_path / str(number))
    SweepFolder(tmp_path).collect()
    return tmp_path


def test_a_sweep_is_read_from_its_table(sweep: Path) -> None:
    expected = ["3-4-1", "3-1", "3-2-1"]
    shutil.rmtree(sweep / "1")
    runs = load_runs(sweep)
    assert runs["topology"].tolist() == expected
    assert runs["path"].tolist() == [str(sweep / str(number)) for number in range(3)]


def test_the_jobs_of_a_sweep_stand_in_for_its_damaged_table(sweep: Path) -> None:
    (sweep / "results.csv").write_bytes((sweep / "results.csv").read_bytes()[:-20])
    with pytest.warns(UserWarning, match="left out 1: .*last line is torn"):
        runs = load_runs(sweep)
    assert runs["topology"].tolist() == ["3-4-1", "3-1", "3-2-1"]


def test_a_table_with_a_job_twice_is_not_believed(sweep: Path) -> None:
    with open(sweep / "results.csv", "a") as table:
        table.write((sweep / "results.csv").read_text().splitlines(keepends=True)[1])
    with pytest.warns(UserWarning, match="left out 1: .*it holds a job twice"):
        runs = load_runs(sweep)
    assert runs["topology"].tolist() == ["3-4-1", "3-1", "3-2-1"]


def test_jobs_that_ended_after_a_sweep_was_collected_are_read_too(sweep: Path) -> None:
    content = (sweep / "0" / "results.csv").read_text()
    shutil.copytree(sweep / "0", sweep / "10")
    (sweep / "11").mkdir()  # has not ended
    resumed = sweep / "1" / "results.csv"
    resumed.write_text(content.replace("3-4-1", "3-9-1"))
    late = (sweep / "results.csv").stat().st_mtime + 10
    os.utime(resumed, (late, late))
    runs = load_runs(sweep)
    assert [Path(path).name for path in runs["path"]] == ["0", "2", "1", "10"]
    assert runs["topology"].tolist() == ["3-4-1", "3-2-1", "3-9-1", "3-4-1"]


def test_texts_kept_from_spreadsheets_read_as_they_were(tmp_path: Path, outputs: Path) -> None:
    content = (outputs / "2018-01-01" / "a" / "results.csv").read_text()
    (tmp_path / "results.csv").write_text(content.replace("eight_samples", "'=1+1"))
    assert load_runs(tmp_path)["dataset.name"].tolist() == ["=1+1"]


def test_runs_that_have_not_ended_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "run.json").write_text('{"status": "running"}')
    assert load_runs(tmp_path).empty


WAY = "where that was cut short, the command that began it, in the same folder, goes on"


def test_jobs_of_a_sweep_without_results_are_counted_and_told(
    sweep: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(sweep, tmp_path / "sweeps" / "first"))
    jobs = len(load_runs(copy))
    (copy / "sweep.log").write_text(f"{Launch([range(jobs)], 0, ['loss']).line}\n")
    assert without_results(load_runs(copy)) == []
    header, *lines = (copy / "results.csv").read_text().splitlines()
    (copy / "results.csv").write_text("\n".join([header, *lines[2:], ""]))
    for job in (0, 1):
        shutil.rmtree(copy / str(job))
    told = f"2 of the {jobs} jobs of {copy} have no results yet; {WAY}"
    assert load_runs(copy).attrs["without_results"] == {str(copy): (2, jobs)}
    assert without_results(load_runs(copy)) == [told]
    for options in ([], ["--by", "topology"]):
        assert compare.main([str(copy), *options]) == 0
        assert told in capfd.readouterr().out
    for name in "abc":
        shutil.copytree(copy, copy.parent / name)
    several = f"8 of {4 * jobs} jobs of 4 sweeps have no results yet; {WAY}"
    assert without_results(load_runs(copy.parent)) == [several]


def test_a_link_back_up_is_not_followed(tmp_path: Path, outputs: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "round").symlink_to(tmp_path)
    (tmp_path / "runs" / "away").symlink_to(outputs)
    assert load_runs(tmp_path).empty


def test_a_job_that_is_a_link_or_not_a_number_is_left_out_and_named(
    sweep: Path, outputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = Path(shutil.copytree(sweep, tmp_path_factory.mktemp("links") / "sweep"))
    shutil.rmtree(copy / "1")
    (copy / "1").symlink_to(outputs)
    with pytest.warns(UserWarning, match="link elsewhere"):
        runs = load_runs(copy)
    assert str(copy / "1") not in set(runs["path"])
    assert len(runs) == len(load_runs(sweep)) - 1
    table = (copy / "results.csv").read_text()
    (copy / "results.csv").write_text(table.replace("\n0,", "\n../../etc,"))
    with pytest.warns(UserWarning, match="not numbered"):
        assert all(path.startswith(str(copy)) for path in load_runs(copy)["path"])


def test_runs_are_looked_for_six_levels_down_and_not_in_hidden_folders(
    outputs: Path, tmp_path: Path
) -> None:
    run = load_runs(outputs)["path"][0]
    for place in ("a/b/c/d/e/run", "a/b/c/d/e/f/run", ".trash/run"):
        shutil.copytree(run, tmp_path / place)
    assert load_runs(tmp_path)["path"].tolist() == [f"{tmp_path}/a/b/c/d/e/run"]


def test_ten_thousand_folders_without_runs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.analysis.runs.MOST_FOLDERS", 20)
    for place in range(20):
        (tmp_path / str(place)).mkdir()
    with pytest.raises(SnapshotError, match="20 folders without a run in them"):
        load_runs(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nowhere is not a folder"):
        load_runs(tmp_path / "nowhere")


def test_a_list_of_folders_is_told_how_several_are_given() -> None:
    with pytest.raises(SettingsError, match=r"given a list; .* load_runs\(\*folders\)"):
        load_runs(["a", "b"])  # type: ignore[arg-type]


def test_a_run_that_lies_below_several_folders_counts_once(outputs: Path) -> None:
    runs = load_runs(outputs, outputs / "2018-01-01", f"{outputs}/2018-01-02/")
    assert [Path(path).name for path in runs["path"]] == ["a", "b", "c"]


def test_completion_offers_what_there_is() -> None:
    assert "load_runs" in dir(runner)


def test_it_can_be_had_from_the_package_itself() -> None:
    assert runner.load_runs is load_runs
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = runner.nothing
