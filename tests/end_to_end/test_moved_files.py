"""A run whose table has moved is read again where it lies now, by every command that reads data."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import runner
from runner import expand, plots, replay, report, verify
from runner.commands import run_command
from runner.errors import SettingsError
from runner.resume import main as resume_main
from runner.run_folder.tables import read_row
from tests.data.small_files import write_mnist
from tests.end_to_end.commands import InProcess

TABLE = "a,b,y\n" + "".join(f"{i},{i * 7 % 5},{'yes' if i % 3 else 'no'}\n" for i in range(40))
SMALL = ["dataset=csv", "dataset.target=y", "topology=in-3-out", "stopping.max_epochs=2"]
SMALL += ["recording.plots=false"]


@pytest.fixture
def moved(run: InProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, its branch and a sweep of rows, whose table and whose parent have other names now."""
    folder = run.cwd
    (folder / "old.csv").write_text(TABLE)
    table = [*SMALL, "dataset.path=old.csv"]
    assert run(*table, "hydra.run.dir=first").code == 0
    assert run("from=first", "stopping.max_epochs=4", "hydra.run.dir=branch").code == 0
    rows = ["sweep.record=rows", "hydra.sweep.dir=sweep", "seed=1,2,3"]
    assert run("-m", *table, *rows).code == 0
    (folder / "old.csv").rename(folder / "new.csv")
    (folder / "first").rename(folder / "parent")
    monkeypatch.chdir(folder)
    return folder


NOW = "dataset.path=new.csv"
COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], list[str], list[str]]] = {
    "verify": (verify.main, ["parent"], []),
    "verify a branch": (verify.main, ["branch"], ["from=parent"]),
    "verify rows": (verify.main, ["sweep"], []),
    "replay": (replay.main, ["parent", "-o", "r.html"], []),
    "replay a row": (replay.main, ["sweep/1", "-o", "r.html"], []),
    "expand": (expand.main, ["sweep", "1"], []),
    "resume": (resume_main, ["parent", "stopping.max_epochs=3"], []),
    "resume a row": (resume_main, ["sweep/1", "stopping.max_epochs=3"], []),
}


def test_each_command_says_so_and_takes_the_place_where_it_lies_now(
    moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, (main, arguments, more) in COMMANDS.items():
        assert run_command(main, arguments) == 3, name
        assert "old.csv is not there any more; say where" in capfd.readouterr().err, name
        assert run_command(main, [*arguments, NOW, *more]) == 0, name
        assert "differs" not in capfd.readouterr().out, name
    # What was recorded stays, in a run that goes on too: it is known by that.
    for run in ("branch", "parent"):
        assert read_row(moved / run / "results.csv")["dataset.path"] == "old.csv"
    assert run_command(verify.main, ["branch", NOW]) == 4
    assert "says where it lies now" in capfd.readouterr().err


def test_pictures_are_drawn_from_where_it_lies_now(
    moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(plots.main, ["branch", NOW, "--format", "svg"]) == 0
    assert run_command(plots.main, ["branch", "--format", "svg"]) == 1
    assert "old.csv is not there any more" in capfd.readouterr().err
    assert run_command(report.main, ["branch", NOW]) == 2  # which reads no data
    assert "learning_curve" in runner.Run("branch", NOW).pictures


def test_files_of_parts_may_have_moved_too(
    run: InProcess, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.cwd)
    parts = {"dataset.path": "all", "dataset.validation": "held", "dataset.test": "test"}
    for name in parts.values():
        Path(f"{name}.csv").write_text(TABLE)
    said = [f"{key}={name}.csv" for key, name in parts.items()]
    assert run(*SMALL, *said, "hydra.run.dir=first").code == 0
    now = ["first"]
    for key, name in parts.items():
        Path(f"{name}.csv").rename(f"{name}2.csv")
        assert run_command(verify.main, now) == 3
        assert f"{key}={name}.csv is not there any more; say where" in capfd.readouterr().err
        now.append(f"{key}={name}2.csv")
    assert run_command(verify.main, now) == 0
    assert "first: identical" in capfd.readouterr().out
    assert runner.Run(*now).pictures
    assert run_command(resume_main, [*now, "stopping.max_epochs=3"]) == 0
    row = read_row(Path("first/results.csv"))
    assert [row[key] for key in parts] == [f"{name}.csv" for name in parts.values()]
    assert run_command(verify.main, now) == 0
    Path("other.csv").write_text(TABLE.replace("1,2,yes", "1,3,yes"))
    now[-1] = "dataset.test=other.csv"
    for main, more in ((verify.main, []), (resume_main, ["stopping.max_epochs=4"])):
        assert run_command(main, [*now, *more]) == 3
        assert "the data set is not the one" in capfd.readouterr().err
    assert run_command(verify.main, ["first", "dataset.test=0.2"]) == 2
    assert "dataset.test=0.2 is no file" in capfd.readouterr().err


def test_a_branch_goes_on_whose_run_has_moved(moved: Path) -> None:
    for snapshot in (moved / "branch/snapshots").iterdir():
        snapshot.unlink()  # then it begins anew, at its run's end
    longer = ["branch", NOW, "stopping.max_epochs=6"]
    assert run_command(resume_main, longer) == 4
    assert run_command(resume_main, [*longer, "from=parent"]) == 0
    assert read_row(moved / "branch/results.csv")["parent"] == str(moved / "first")


USELESS: dict[str, tuple[Callable[[Sequence[str]], int], list[str]]] = {
    **{name: (main, words) for name, (main, words, _) in COMMANDS.items() if "branch" not in name},
    "plots": (plots.main, ["parent"]),
    "report": (report.main, ["parent", "--pictures", "all"]),
}


def test_a_place_that_no_run_reads_is_refused(
    moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, (main, words) in USELESS.items():
        assert run_command(main, [*words, NOW, "from=elsewhere"]) == 2, name
        told = capfd.readouterr().err
        assert "error: from=elsewhere would change nothing: " in told, name
        assert "begins from no other run; expected dataset.path=FILE, or leave it out\n" in told
    # A sweep's place need not be that of each of its jobs.
    assert run_command(verify.main, ["parent", "branch", NOW, "from=parent"]) == 0
    with pytest.raises(SettingsError, match=r"dataset.test=x.csv would change nothing: .*path"):
        runner.Run("parent", "dataset.test=x.csv")


def test_a_place_is_that_of_the_jobs_that_read_it(
    run: InProcess, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.cwd)
    for name in ("all.csv", "old.csv"):
        Path(name).write_text(TABLE)
    jobs = ("-m", *SMALL, "dataset.path=all.csv", "dataset.test=old.csv,0.25")
    assert run(*jobs, "hydra.sweep.dir=sweep").code == 0
    Path("old.csv").rename("new.csv")
    longer = "stopping.max_epochs=3"
    assert run_command(resume_main, ["sweep", "dataset.test=new.csv", longer]) == 0
    assert "failed" not in capfd.readouterr().out
    for more in ([], [longer]):  # though nothing is left to do
        assert run_command(resume_main, ["sweep", "from=elsewhere", *more]) == 2
        assert "each of 2 runs begins from no other run; expected" in capfd.readouterr().err


OTHERS = {
    "a text": ("dataset.path", ["dataset=text", "dataset.window=10", "topology=in-2RNN-out"]),
    "a folder of images": (
        "dataset.root",
        ["dataset=mnist", "batch_size=null", "topology=in-2-out"],
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_files_that_have_moved_are_told_so_too(
    case: str, run: InProcess, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.cwd)
    key, data = OTHERS[case]
    if key == "dataset.root":
        Path("old").mkdir()
        write_mnist(Path("old"))
    else:
        Path("old").write_text("so it goes on and on\n" * 20)
    said = [*data, f"{key}=./old", "stopping.max_steps=1", "hydra.run.dir=first"]
    assert run(*said, "recording.plots=false").code == 0
    Path("old").rename("new")
    assert run_command(verify.main, ["first"]) == 3
    assert f"{key}=./old is not there any more; say where it lies now" in capfd.readouterr().err
    assert run_command(verify.main, ["first", f"{key}=new"]) == 0


WRONG = {
    "other data": (NOW, 3, "the data set is not the one that the run began with"),
    "no such file": ("dataset.path=nowhere.csv", 3, "dataset.path='nowhere.csv': No such file"),
    "another key": ("seed=3", 2, "seed is not to be changed in a run that is there; expected data"),
}


@pytest.mark.parametrize("case", WRONG)
def test_other_places_are_refused(
    case: str, moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said, code, words = WRONG[case]
    (moved / "new.csv").write_text(TABLE.replace("1,2,yes", "1,3,yes"))
    assert run_command(verify.main, ["parent", said]) == code
    assert words in capfd.readouterr().err
