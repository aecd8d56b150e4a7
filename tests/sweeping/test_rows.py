"""Sweeps that keep rows: what they leave says what folders say, and gives any folder back."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import runner
from runner.errors import SnapshotError
from runner.run_folder.job_rows import FILE, JobRows, checksum_of
from runner.run_folder.kept_job import KeptJob
from tests.end_to_end.commands import InProcess
from tests.test_face import contents

ROWS = ("-m", "sweep.record=rows", "sweep.workers=1", "hydra.sweep.dir=rows")
FOLDERS = ("-m", "hydra.sweep.dir=folders")
FEW = ("stopping.target=null", "stopping.max_steps=60")
TIMES = ["seconds", "steps_per_second", "started", "finished"]

SWEEPS = {
    "dropout": ("seed=range(1,17)", *FEW),
    "mini-batches and held-out samples": (
        "dataset=digits",
        "dataset.first=100",
        "dataset.test=0.2",
        "optimizer=adam,sgd",
        "seed=range(1,11)",
        "dtype=float32",
        "stopping.max_epochs=3",
        "recording.history=1",
    ),
    "numbers, and steps that end within an epoch": (
        "dataset=sine",
        "seed=range(1,13)",
        "schedule=cosine",
        "stopping.max_steps=37",
        "stopping.max_epochs=null",
        "stopping.target=null",
    ),
    "samples that are divided by the seed": (
        "dataset=digits",
        "dataset.first=100",
        "dataset.test=0.3",
        "dataset.split_seed=${seed}",
        "seed=range(1,13)",
        "stopping.max_epochs=2",
    ),
    "some seeds of many diverge": (
        "network.activation.hidden=linear",
        "network.activation.output=linear",
        "optimizer.learning_rate=0.1",
        "seed=range(1,21)",
        "stopping.target=0.99",
        "stopping.max_steps=2000",
    ),
    "a job that fails and one that diverges": (
        "topology=3-4-1,2-4-1",
        "optimizer.learning_rate=10,1e200",
        "network.activation.hidden=linear",
        *FEW,
    ),
    "classes, held-out samples and the best weights": (
        "dataset=digits",
        "dataset.first=200",
        "dataset.validation=0.2",
        "seed=1,2",
        "stopping.max_epochs=4",
        "stopping.metric=val_loss",
        "stopping.patience=2",
        "stopping.restore_best=true",
        "dtype=float32",
    ),
    "numbers, a schedule and the reference engine": (
        "dataset=sine",
        "engine=numpy",
        "optimizer=adam",
        "schedule=cosine",
        "dataset.noise=0.1,0.2",
        "stopping.max_epochs=5",
        "stopping.target=null",
    ),
    "a recurrent net with its statistics": (
        "dataset=digits",
        "topology=8x8-6GRU-out",
        "dataset.first=64",
        "seed=4,5",
        "stopping.max_epochs=2",
        "recording.layer_statistics=true",
        "recording.history=1",
    ),
}


@pytest.fixture(params=list(SWEEPS))
def both(request: pytest.FixtureRequest, run: InProcess) -> Path:
    ends = [run(*place, *SWEEPS[request.param]) for place in (ROWS, FOLDERS)]
    assert ends[0].code == ends[1].code
    assert ends[0].code in (0, 1), ends[0].err
    return run.cwd


def test_the_best_of_rows_is_told_by_any_result(run: InProcess) -> None:
    for jobs in ("2", "3"):  # made, and then grown
        ended = run(*ROWS, f"seed=range({jobs})", *FEW, "sweep.objective=loss")
        assert ended.code == 0, ended.err
        assert "Best        loss " in ended.err + ended.out


def test_a_row_says_once_what_its_history_says_and_no_value_that_its_overrides_say(
    run: InProcess,
) -> None:
    assert run(*ROWS, "seed=1,2", "optimizer.learning_rate=1,0.5", *FEW).code == 0
    rows = list(JobRows(run.cwd / "rows"))
    assert [row.changes for row in rows] == [""] * 4
    assert rows[3].overrides == '{"2":"seed=2","3":"optimizer.learning_rate=0.5"}'
    assert KeptJob(rows[3]).changes == {"seed": 2, "optimizer.learning_rate": 0.5}
    assert {len(row.results) // 8 for row in rows} == {3}  # seconds and two times
    for job in map(KeptJob, rows):
        names, history = job.history
        assert job.results["loss"] == history[-1, names.index("loss")]
        assert {name: job.number(name) for name in ("steps", "parameters")} == {
            name: job.results[name] for name in ("steps", "parameters")
        }
        assert job.number("status") is None


def test_some_rows_are_read_without_the_others(run: InProcess) -> None:
    assert run(*ROWS, "seed=range(6)", *FEW).code == 0
    assert [row.number for row in JobRows(run.cwd / "rows", (4, 1, 9))] == [1, 4]


@pytest.mark.filterwarnings("ignore:left out")
def test_a_sweep_in_rows_reads_as_one_in_folders(both: Path) -> None:
    rows, folders = runner.load_runs(both / "rows"), runner.load_runs(both / "folders")
    assert [Path(path).name for path in rows["path"]] == [Path(p).name for p in folders["path"]]
    untimed = rows.columns.difference([*TIMES, "path"])
    pd.testing.assert_frame_equal(rows[untimed], folders[untimed])
    mine, theirs = (runner.load_history(both / name) for name in ("rows", "folders"))
    other = ["run", "seconds"]
    pd.testing.assert_frame_equal(mine.drop(columns=other), theirs.drop(columns=other))
    for path in map(Path, folders.loc[folders["status"] == "completed", "path"]):
        row, folder = (runner.load_network(both / n / path.name) for n in ("rows", "folders"))
        assert row.parameters.tobytes() == folder.parameters.tobytes()
        inputs = np.linspace(-1, 1, 3 * folder.network.topology.sizes[0]).reshape(3, -1)
        assert row.predict(inputs).tobytes() == folder.predict(inputs).tobytes()


def test_a_row_gives_back_the_folder_that_the_job_would_have_left(both: Path) -> None:
    from runner.expand import main

    jobs = [row.number for row in JobRows(both / "rows")]
    assert main([str(both / "rows"), *map(str, jobs)]) == 0
    for job in map(str, jobs):
        made, left = contents(both / "rows" / job), contents(both / "folders" / job)
        assert made.keys() == left.keys()
        # They say of which folder and by which command they are.
        told = (".hydra/", "run.log")
        differing = {name for name in made if made[name] != left[name]}
        assert {name for name in differing if not name.startswith(told)} == set()


def test_rows_are_verified(both: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from runner.verify import main

    assert main([str(both / "rows")]) == 0
    assert "identical" in capfd.readouterr().out
    assert not [path for path in (both / "rows").iterdir() if path.is_dir()]


def test_a_finished_sweep_in_rows_runs_nothing_again_and_grows_by_what_is_new(
    run: InProcess,
) -> None:
    assert run(*ROWS, "topology=3-4-1,3-2-1", "seed=1,2", *FEW).code == 0
    before = (run.cwd / "rows" / FILE).read_bytes()
    ended = run(*ROWS, "seed=2,1", "topology=3-4-1,3-2-1", *FEW)  # however they are given
    assert "4 jobs are finished, 0 to run" in ended.out
    assert (run.cwd / "rows" / FILE).read_bytes() == before
    ended = run(*ROWS, "topology=3-4-1,3-2-1", "seed=1,2,3", *FEW)
    assert "4 jobs are finished, 2 to run" in ended.out
    runs = runner.load_runs(run.cwd / "rows")
    told = runs[["topology", "seed"]].astype(str).agg(" ".join, axis=1).tolist()
    assert told == ["3-4-1 1", "3-4-1 2", "3-2-1 1", "3-2-1 2", "3-4-1 3", "3-2-1 3"]


def test_jobs_of_another_default_are_known_by_what_they_come_to(run: InProcess) -> None:
    assert run(*ROWS, "seed=1,2", "batch_size=null", *FEW).code == 0
    ended = run(*ROWS, "seed=1,2", "optimizer=sgd", *FEW)
    assert "2 jobs are finished, 0 to run" in ended.out


def test_rows_of_other_data_do_not_come_into_one_table(run: InProcess) -> None:
    table = (
        "dataset=csv",
        "dataset.path=t.csv",
        "dataset.target=b",
        "topology=in-2-out",
        "batch_size=null",
        *FEW,
    )
    (run.cwd / "t.csv").write_text("a,b\n1,2\n2,3\n3,5\n4,4\n5,1\n6,2\n")
    assert run(*ROWS, *table, "seed=1,2").code == 0
    (run.cwd / "t.csv").write_text("a,b\n1,2\n2,3\n3,5\n4,4\n5,1\n6,3\n")
    ended = run(*ROWS, *table, "seed=1,2")
    assert ended.code == 3
    assert "are not those that there are now" in ended.err


def test_what_a_row_cannot_keep_is_refused(run: InProcess) -> None:
    for asked, told in {
        "recording.plots=true": "leave recording.plots=true out",
        "hydra.job.chdir=true": "keep sweep.record=folders",
    }.items():
        ended = run(*ROWS, "seed=1,2", asked, *FEW)
        assert ended.code == 2
        assert "sweep.record=rows: a row" in ended.err
        assert told in ended.err
        assert not (run.cwd / "rows").exists()


def test_a_row_goes_on_once_it_has_its_folder(run: InProcess) -> None:
    assert run(*ROWS, "topology=3-4-1,2-4-1", "seed=2", *FEW).code == 1
    rows = run.cwd / "rows"
    assert runner.resume(rows / "0").path == rows / "0"
    assert not (rows / "0").exists()  # it is complete
    further = runner.resume(rows / "0", "stopping.max_steps=90")
    whole = runner.train("seed=2", "stopping.target=null", "stopping.max_steps=90")
    assert further.network.parameters.tobytes() == whole.network.parameters.tobytes()
    with pytest.raises(SnapshotError, match=r"does not fit .*; launch its sweep again"):
        runner.resume(rows / "1")


def test_of_a_row_that_has_gone_on_everything_tells_its_folder(
    run: InProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    from runner.expand import main

    assert run(*ROWS, "seed=range(1,5)", *FEW).code == 0
    rows = run.cwd / "rows"
    runner.resume(rows / "2", "stopping.max_steps=90")
    assert main([str(rows), "3"]) == 0
    assert main([str(rows), "2", "3"]) == 1
    said = capfd.readouterr().out
    assert "2: has its folder already, with other weights than its row's" in said
    assert "3: has its folder already, with the bytes of its row" in said
    runs = runner.load_runs(rows)
    assert runs["steps"].tolist() == [60, 60, 90, 60]
    history = runner.load_history([f"{rows}/2/", f"{rows}/1/"])
    assert history.groupby("run", observed=True)["step"].max().tolist() == [90, 60]


def test_a_row_whose_weights_are_not_its_own_is_told_wherever_it_gets_its_folder(
    run: InProcess,
) -> None:
    assert run(*ROWS, "seed=1,2", *FEW).code == 0
    rows = run.cwd / "rows"
    with closing(sqlite3.connect(rows / FILE)) as connection, connection:
        columns = connection.execute("SELECT * FROM jobs WHERE number = 1").fetchone()
        forged = (*columns[:8], bytes(len(columns[8])))
        connection.execute(
            "UPDATE jobs SET weights = ?, checksum = ? WHERE number = 1",
            (forged[8], checksum_of(*forged)),
        )
    branched = run(f"from={rows}/1", "stopping.max_steps=90", "hydra.run.dir=branch")
    assert branched.code == 0
    assert "not the bytes of its row" in branched.err


def test_pictures_of_rows_are_made_for_those_that_are_named(run: InProcess) -> None:
    from runner.plots import main

    assert run(*ROWS, "seed=1,2", *FEW).code == 0
    with pytest.raises(SnapshotError, match=r"its jobs are rows.* such as .*rows/17"):
        main([str(run.cwd / "rows")])


def test_what_python_has_of_a_sweep_in_rows(run: InProcess) -> None:
    runs = runner.sweep(*FEW, "sweep.record=rows", topology=["3-4-1", "3-2-1"], seed=range(1, 4))
    one = runs.run(4)
    assert (one.settings["topology"], one.settings["seed"]) == ("3-2-1", 2)
    assert one.results["steps"] == one.history["step"].max() == 60
    assert "3-2-1" in one._repr_html_()
    assert not one.path.exists()
    assert one.plot("weights").png.startswith(b"\x89PNG")
    assert (one.path / "run.json").exists()  # a picture shows what the whole run has


def test_a_run_branches_off_from_a_row(run: InProcess) -> None:
    assert run(*ROWS, "seed=1,2", *FEW).code == 0
    row = run.cwd / "rows" / "1"
    branched = run(f"from={row}", "stopping.max_steps=90", "hydra.run.dir=branch")
    assert (branched.code, branched.err) == (0, "")
    assert (row / "snapshots" / "step-000000060.npz").exists()
    whole = run("seed=2", "stopping.target=null", "stopping.max_steps=90", "hydra.run.dir=whole")
    assert whole.code == 0
    ends = [runner.load_network(run.cwd / name).parameters for name in ("branch", "whole")]
    assert ends[0].tobytes() == ends[1].tobytes()


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep whose rows lie on several pages of their file."""
    folder = tmp_path_factory.mktemp("rows")
    runner.sweep(
        *FEW,
        "sweep.record=rows",
        "recording.history=1",
        f"hydra.sweep.dir={folder}/s",
        seed=range(60),
    )
    return folder / "s"


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a bit": lambda data, rng: flipped(data, rng.randrange(len(data)), 1),
    "a stretch": lambda data, rng: flipped(data, rng.randrange(len(data) - 4096), 4096),
    "its end": lambda data, rng: data[: rng.randrange(len(data))],
    "its beginning": lambda data, rng: flipped(data, 0, rng.randrange(1, 200)),
}


def flipped(data: bytes, start: int, count: int) -> bytes:
    """The bytes with so many of them changed."""
    middle = bytes(255 - byte for byte in data[start : start + count])
    return data[:start] + middle + data[start + count :]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("seed", range(6))
def test_of_a_damaged_file_what_is_sound_is_read_and_the_rest_is_run_again(
    damage: Callable[[bytes, random.Random], bytes],
    seed: int,
    sweep: Path,
    tmp_path: Path,
    run: InProcess,
) -> None:
    place = tmp_path / "s"
    shutil.copytree(sweep, place)
    whole = {row.number: row for row in JobRows(sweep)}
    rng = random.Random(seed)  # noqa: S311 - no secret
    (place / FILE).write_bytes(damage((sweep / FILE).read_bytes(), rng))
    ended = run(
        *("-m", "seed=range(60)", *FEW, "sweep.record=rows", "recording.history=1"),
        f"hydra.sweep.dir={place}",
    )
    assert ended.code == 0, ended.err
    again = {row.number: row for row in JobRows(place)}
    assert again.keys() == whole.keys()
    for number, row in again.items():
        assert row.weights == whole[number].weights
        mine, theirs = (KeptJob(each).history[1] for each in (row, whole[number]))
        assert mine[:, 3:].tobytes() == theirs[:, 3:].tobytes()
    table = runner.load_runs(place)
    assert sorted(Path(path).name for path in table["path"]) == sorted(map(str, whole))


def test_a_link_in_the_place_of_rows_is_not_followed(sweep: Path, tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(sweep / FILE)
    with pytest.raises(SnapshotError, match="symbolic link"):
        list(JobRows(tmp_path))


FORGERIES: dict[str, tuple[str, str, object]] = {
    "changes that are no mapping": ("jobs", "changes", "[1]"),
    "an override in no place": ("jobs", "overrides", '{"99": "seed=3"}'),
    "a value of no key": ("jobs", "changes", '{"no.such": 3}'),
    "a time of no calendar": ("jobs", "results", np.array([1e300, 1e300]).tobytes()),
    "steps that are no number": ("jobs", "history", np.full(5, np.nan).tobytes()),
    "changes nested too deep": ("jobs", "changes", "[" * 100_000),
    "overrides that are a number": ("jobs", "overrides", 3),
    "results of another number": ("jobs", "results", b"12345678"),
    "a history torn off": ("jobs", "history", b"123"),
    "weights of no whole number": ("jobs", "weights", b"123"),
    "a configuration that is none": ("bases", "configuration", "null"),
    "a kind of no status": ("kinds", "about", "{}"),
    "a kind of strange columns": ("kinds", "about", '{"status":"completed","last":{"loss":3}}'),
}


@pytest.mark.parametrize(("table", "column", "value"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_row_is_a_damaged_one(
    table: str, column: str, value: object, sweep: Path, tmp_path: Path
) -> None:
    place = tmp_path / "s"
    shutil.copytree(sweep, place)
    with closing(sqlite3.connect(place / FILE)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - of ours
        for row in connection.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608 - of ours
            key = "number" if table == "jobs" else "id"
            right = checksum_of(*row[:-1])
            connection.execute(f"UPDATE {table} SET checksum = {right} WHERE {key} = {row[0]}")  # noqa: S608
    rows = JobRows(place)
    assert list(rows) == []
    assert not rows.is_sound
    with pytest.raises(SnapshotError, match="is damaged; the sweep launched again"):
        rows.row(3)


def test_a_file_of_other_tables_is_none_of_ours(sweep: Path, tmp_path: Path) -> None:
    place = tmp_path / "s"
    shutil.copytree(sweep, place)
    with closing(sqlite3.connect(place / FILE)) as connection, connection:
        connection.execute("ALTER TABLE jobs RENAME TO others")
        connection.execute(
            "CREATE VIEW jobs AS WITH RECURSIVE endless(number) AS "
            "(SELECT 1 UNION ALL SELECT number + 1 FROM endless) SELECT * FROM endless"
        )
    with pytest.raises(SnapshotError, match="other tables than those of the runner's"):
        list(JobRows(place))
