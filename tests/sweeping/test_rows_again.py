"""A sweep that keeps rows launched again: on other rows, after failures, over files of others."""

import csv
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from runner import load_runs
from runner.errors import ConflictError
from runner.experiment.drawing import drawn_pictures
from runner.experiment.expanding import expand, with_folder
from runner.run_folder.job_rows import FILE, JobRows
from runner.run_folder.run import RunFolder
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.writing_rows import JobRowsWriter
from runner.sweeping import results_table
from tests.end_to_end.commands import InProcess, command, ending, start

ROWS = ("-m", "sweep.record=rows", "sweep.workers=1", "hydra.sweep.dir=s", "seed=range(1,6)")
SHORT = ("stopping.target=null", "stopping.max_steps=20")
LONGER = ("stopping.target=null", "stopping.max_steps=21")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep in rows, to be copied."""
    cwd = tmp_path_factory.mktemp("sweep")
    assert command(*ROWS, *SHORT, cwd=cwd).code == 0
    return cwd / "s"


@pytest.fixture
def copy(sweep: Path, run: InProcess) -> Path:
    """A copy of it where commands run."""
    shutil.copytree(sweep, run.cwd / "s")
    return run.cwd / "s"


@pytest.fixture(params=[0.0, 1.0], ids=["written at once", "written each second"])
def writes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long lines of results.csv wait."""
    monkeypatch.setattr(results_table, "SECONDS_BETWEEN_WRITES", request.param)


def lines(folder: Path) -> list[dict[str, str]]:
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_table_says_what_rows_say(folder: Path, jobs: int) -> None:
    table, rows = lines(folder), list(JobRows(folder))
    assert [int(line["job"]) for line in table] == [row.number for row in rows] == [*range(jobs)]
    runs = load_runs(folder)
    steps = [int(line["steps"]) if line["steps"] else None for line in table]
    assert steps == [None if pd.isna(each) else each for each in runs["steps"]]
    assert [line["status"] for line in table] == runs["status"].tolist()


@pytest.mark.usefixtures("writes")
@pytest.mark.parametrize("other", [LONGER, (*SHORT, "network.activation.hidden=tanh")])
def test_jobs_of_another_option_come_beside_the_rows_that_there_are(
    run: InProcess, copy: Path, other: tuple[str, ...]
) -> None:
    assert run(*ROWS, *other).code == 0
    assert_table_says_what_rows_say(copy, 10)


@pytest.mark.usefixtures("writes")
def test_a_table_that_is_lost_or_stale_is_made_anew(run: InProcess, copy: Path) -> None:
    (copy / "results.csv").unlink()
    assert run(*ROWS, *SHORT, "seed=range(1,7)").code == 0
    assert_table_says_what_rows_say(copy, 6)
    text = (copy / "results.csv").read_text()
    (copy / "results.csv").write_text(text.replace("completed", "failed", 1))
    ended = run(*ROWS, *SHORT, "seed=range(1,7)")
    assert (ended.code, ended.err) == (0, "")
    assert_table_says_what_rows_say(copy, 6)


def test_a_row_has_the_pictures_of_its_folder_and_gets_none(copy: Path) -> None:
    of_row = drawn_pictures(copy / "1", {})
    assert not (copy / "1").exists()
    with_folder(copy / "1")
    of_folder = drawn_pictures(copy / "1", {})
    for name in ("straight_line", "dark/straight_line"):  # a row does not keep where it began
        del of_folder[name]
    assert of_row == of_folder
    assert {"learning_curve", "dark/learning_curve"} <= of_row.keys()


def test_a_sweep_in_folders_keeps_the_results_of_rows(run: InProcess, copy: Path) -> None:
    folders = [text for text in ROWS if text != "sweep.record=rows"]
    assert run(*folders, *LONGER).code == 0
    table = lines(copy)
    assert [line["steps"] for line in table] == ["20"] * 5 + ["21"] * 5
    assert all(line["seed"] and line["optimizer.name"] for line in table)


def test_a_failed_job_that_is_run_again_has_one_line(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = (*ROWS, *SHORT, "topology=3-4-1,2-4-1")
    assert run(*sweep).code == 1
    monkeypatch.setattr(SweepFolder, "collect", lambda _self: pytest.fail("the table is whole"))
    again = run(*sweep)
    assert again.code == 1
    assert "5 jobs are finished, 5 to run" in again.out
    assert_table_says_what_rows_say(run.cwd / "s", 10)


def test_of_losses_of_several_kinds_none_is_the_best_again(run: InProcess) -> None:
    kinds = ("loss.reduction=sum,mean", "stopping.metric=loss", "stopping.target=null")
    for _ in range(2):
        ended = run(*ROWS, *kinds, "stopping.max_steps=5")
        assert "Best        none: loss is of 2 kinds" in ended.out


@pytest.mark.parametrize("watched", ["val_loss,val_accuracy", "val_accuracy,val_loss"])
def test_the_best_of_jobs_that_watch_this_or_that_is_the_same_again(
    run: InProcess, watched: str
) -> None:
    data = ("dataset=spirals", "dataset.validation=0.2", "optimizer.learning_rate=1.0")
    ends = ("stopping.patience=1", "stopping.max_epochs=60", "stopping.target=null")
    best = []
    for _ in range(2):
        ended = run(*ROWS, *data, *ends, f"stopping.metric={watched}", "seed=range(1,13)")
        best += [line for line in ended.out.splitlines() if line.startswith("Best")]
    metric, _ = watched.split(",")
    assert best[0].startswith(f"Best        {metric} ")
    assert best == [best[0]] * 2


FOREIGN: dict[str, str] = {
    "an index of a person's": "CREATE INDEX mine ON jobs (kind)",
    "the schema of another version": "PRAGMA user_version = 2",
}


@pytest.mark.parametrize("change", FOREIGN)
def test_a_file_that_cannot_be_read_as_it_is_stays_and_nothing_runs(
    run: InProcess, copy: Path, change: str
) -> None:
    with closing(sqlite3.connect(copy / FILE)) as connection, connection:
        connection.execute(FOREIGN[change])
    before = (copy / FILE).read_bytes()
    ended = run(*ROWS, *LONGER)
    assert ended.code == 4
    assert len(ended.err.splitlines()) == 1
    assert (copy / FILE).read_bytes() == before


def test_what_is_left_of_a_damaged_file_gets_another_name(run: InProcess, copy: Path) -> None:
    content = bytearray((copy / FILE).read_bytes())
    content[:100] = bytes(100)
    (copy / FILE).write_bytes(content)
    ended = run(*ROWS, *SHORT)
    assert ended.code == 0
    assert "its jobs are taken for ones that are missing" in ended.err
    assert (copy / f"{FILE}.damaged").read_bytes() == content
    assert_table_says_what_rows_say(copy, 5)


def test_rows_wait_for_a_lock_and_are_written_at_the_next_try(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(JobRows(copy))
    writer = JobRowsWriter(tmp_path, durable=True)
    monkeypatch.setattr("runner.run_folder.job_rows.SECONDS_OF_WAIT", 0.1)
    writer.add(rows[0])
    writer.flush()
    other = rows[1]._replace(base=rows[1].base._replace(hydra="{}"))
    writer.add(other)
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM jobs").fetchone()
        with pytest.raises(ConflictError, match="another process"):
            writer.flush()
    writer.flush()
    assert list(JobRows(tmp_path)) == [rows[0], other]


def test_who_reads_slowly_keeps_nobody_from_writing(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.run_folder.job_rows.STRETCH", 2)
    monkeypatch.setattr("runner.run_folder.job_rows.SECONDS_OF_WAIT", 0.1)
    reader = iter(JobRows(copy))
    first = next(reader)
    writer = JobRowsWriter(copy, durable=True)
    writer.add(first._replace(number=9))
    writer.flush()
    assert [row.number for row in reader] == [1, 2, 3, 4, 9]


def test_half_of_an_expansion_stands_in_for_no_row(run: InProcess) -> None:
    long = ("stopping.target=null", "stopping.max_steps=3000000")
    assert run(*ROWS, *long, "seed=1").code == 0
    folder = run.cwd / "s"
    process = start("s", "0", cwd=run.cwd, module="runner.expand")
    deadline = time.monotonic() + 60
    while not list(folder.glob(".0.*/snapshots/*.npz")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    ending(process)
    assert RunFolder(folder / "0").kept is not None
    (folder / "0").mkdir()  # nor does an empty folder
    expanded = expand(folder / "0")
    assert expanded is not None
    assert expanded.same
    assert expanded.made_now
    assert f"Folder      {folder / '0'}" in (folder / "0" / "run.log").read_text()


def test_a_folder_of_others_in_the_place_of_a_row_stays(run: InProcess, copy: Path) -> None:
    (copy / "2").mkdir()
    (copy / "2" / "notes.txt").write_text("mine")
    ended = ending(start("s", "2", cwd=run.cwd, module="runner.expand"))
    assert ended.code == 5, ended.err
    assert [path.name for path in (copy / "2").iterdir()] == ["notes.txt"]
    assert not list(copy.glob(".2.*"))


DAMAGES: dict[str, Callable[[bytearray], None]] = {
    "no page at all": lambda content: content.__setitem__(slice(0, 16), b"x" * 16),
    "words that are no UTF-8": lambda content: content.__setitem__(
        slice(0x10, len(content)), b"\xff" * (len(content) - 0x10)
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_none_is_told_in_a_line(run: InProcess, copy: Path, damage: str) -> None:
    content = bytearray((copy / FILE).read_bytes())
    DAMAGES[damage](content)
    (copy / FILE).write_bytes(content)
    ended = ending(start("s", cwd=run.cwd, module="runner.compare"))
    assert "Traceback" not in ended.err
