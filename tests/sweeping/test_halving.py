"""Sweeps that prune at rungs: who goes on follows from numbers alone, and in unpruned bytes."""

import csv
import itertools
import random
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runner
from runner.errors import Stop
from runner.experiment.differences import by_step
from runner.experiment.expanding import expand_all
from runner.run_folder.history import history_rows
from runner.run_folder.job_end import JobEnd
from runner.run_folder.run import RunFolder
from runner.run_folder.tables import read_results
from runner.sweeping import running_jobs
from runner.sweeping.course import Course
from runner.sweeping.halving import END, Halving, Standing
from runner.sweeping.job import Job
from runner.sweeping.sweep import Sweep
from tests.end_to_end.commands import InProcess, command, ending, start
from tests.sweeping.test_earlier_jobs import weights
from tests.sweeping.test_kills import WAYS

TIMES = ["seconds", "steps_per_second", "started", "finished"]
GRID = (
    "-m",
    "dataset=digits",
    "dataset.first=300",
    "optimizer.learning_rate=0.001,0.003,0.01,0.03,0.1,0.3,1,3",
    "seed=1,2",
    "stopping.target=null",
    "stopping.max_epochs=30",
)
HALVED = (*GRID, "sweep.halving.first=2")


def field(ranks: dict[int, float], order: list[int], factor: int) -> dict[int, list[int]]:
    """Who comes to each rung where jobs keep one rank, and come there in this order."""
    halving, found = Halving(sorted(ranks), 1, factor), {0: sorted(ranks)}
    waiting = [(job, 0) for job in order]
    while waiting:
        job, rung = waiting.pop(0)
        sent = list(halving.come(job, rung, Standing(ranks[job], ended=False)))
        for other, above in sent:
            found.setdefault(above, []).append(other)
        waiting[len(waiting) // 2 : len(waiting) // 2] = sent
        if not waiting and rung != END and halving.last is not None:
            found[END] = [halving.last]
            waiting = [(halving.last, END)]
            list(halving.come(halving.last, END, Standing(ranks[halving.last], ended=True)))
            return found
    return found


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_who_goes_on_does_not_depend_on_who_comes_first(count: int, factor: int) -> None:
    rng = random.Random(count)  # noqa: S311 - no secret
    ranks = {job: float(rng.randint(0, count)) for job in range(count)}
    whole = field(ranks, sorted(ranks), factor)
    for _ in range(10):
        assert field(ranks, rng.sample(sorted(ranks), count), factor) == whole


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_best_of_each_rung_go_on_and_the_best_of_all_to_its_end(factor: int) -> None:
    rng = random.Random(factor)  # noqa: S311 - no secret
    ranks = {job: rng.random() for job in range(60)}
    found = field(ranks, sorted(ranks), factor)
    for rung, above in itertools.pairwise(sorted(set(found) - {END})):
        best = sorted(found[rung], key=lambda job: -ranks[job])[: len(found[rung]) // factor]
        assert set(best) <= set(found[above])
        assert len(found[above]) < len(found[rung])
    assert found[END] == [max(ranks, key=lambda job: ranks[job])]


def test_a_grid_that_leads_from_bad_to_good_prunes_as_many_as_any() -> None:
    ranks = {job: float(job) for job in range(200)}
    found = field(ranks, sorted(ranks), 3)
    assert len(found[1]) < 90
    assert len(found[2]) < 40


def test_jobs_without_a_number_never_go_on_and_those_that_ended_hold_their_places() -> None:
    halving = Halving(range(4), 1, 2)
    diverged, nan, ended, waiting = halving.order
    come = [
        (diverged, Standing(-np.inf, ended=True)),
        (nan, Standing(-np.inf, ended=False)),
        (ended, Standing(3.0, ended=True)),
        (waiting, Standing(1.0, ended=False)),
    ]
    sent = [list(halving.come(job, 0, standing)) for job, standing in come]
    assert sent == [[], [], [], [(waiting, 1)]]
    assert list(halving.come(waiting, 1, Standing(2.0, ended=False))) == []
    assert halving.last is None  # the best has ended at its first rung


def rungs(sweep: Path) -> set[tuple[str, ...]]:
    with open(sweep / "halving.csv", newline="", encoding="utf-8") as file:
        return {tuple(row[:5]) for row in csv.reader(file)}  # not what tells configurations apart


def results(sweep: Path) -> pd.DataFrame:
    table = pd.read_csv(sweep / "results.csv")
    return table[[name for name in table if not str(name).startswith(("sweep.", *TIMES))]]


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grid's sweep, halved in two processes that leave folders."""
    cwd = tmp_path_factory.mktemp("halved")
    assert command(*HALVED, "hydra.sweep.dir=s", "sweep.workers=2", cwd=cwd).code == 0
    return cwd / "s"


@pytest.fixture(scope="module")
def unpruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, all to their ends."""
    cwd = tmp_path_factory.mktemp("unpruned")
    assert command(*GRID, "hydra.sweep.dir=s", cwd=cwd).code == 0
    return cwd / "s"


def test_of_a_grid_most_are_pruned_and_the_rest_have_the_bytes_of_unpruned_runs(
    halved: Path, unpruned: Path
) -> None:
    runs = runner.load_runs(halved)
    left = runs[runs["status"] != "pruned"]
    assert len(runs) == 16
    assert 1 <= len(left) <= 4
    assert set(left["status"]) == {"completed"}
    assert runs["epochs"].sum() < 0.5 * 16 * 30
    pd.testing.assert_frame_equal(
        results(halved).iloc[left.index], results(unpruned).iloc[left.index], check_dtype=False
    )
    for number in left.index:
        assert RunFolder(halved / str(number)).about()["resumed"]
        histories = [
            by_step(history_rows((sweep / str(number) / "history.csv").read_text()))
            for sweep in (halved, unpruned)
        ]
        assert histories[0] == histories[1]
        assert weights(halved)[str(number)] == weights(unpruned)[str(number)]


def test_who_went_on_is_told_and_nobody_is_said_to_have_been_trained_further_than_that(
    halved: Path,
) -> None:
    lines = list(csv.DictReader((halved / "halving.csv").read_text().splitlines()))
    assert [(int(line["rung"]), int(line["job"])) for line in lines] == sorted(
        (int(line["rung"]), int(line["job"])) for line in lines
    )
    told: dict[str, list[str]] = {}
    for line in lines:
        told.setdefault(line["job"], []).append(line["status"])
    assert {each[-1] for each in told.values()} == {"pruned", "completed"}
    assert all(set(each[:-1]) <= {"went_on"} for each in told.values())
    assert max(int(line["epochs"]) for line in lines) == 30


def test_what_is_pruned_says_at_which_rung(halved: Path) -> None:
    runs = runner.load_runs(halved)
    pruned = runs[runs["status"] == "pruned"]
    said = {
        int(job): (f"rung_{rung}", int(epochs))
        for job, rung, epochs, status, _ in sorted(rungs(halved), key=lambda row: row[1])
        if status == "pruned"
    }
    assert {number: (row["stop_reason"], row["epochs"]) for number, row in pruned.iterrows()} == {
        number: said[number] for number in pruned.index
    }


@pytest.mark.parametrize(
    "otherwise",
    [
        ["sweep.workers=1"],
        ["sweep.record=rows"],
        ["sweep.record=rows", "sweep.workers=3"],
        ["hydra/launcher=basic"],
        ["hydra/launcher=basic", "sweep.record=rows", "sweep.slices=3"],
        ["engine=compiled", "threads=2"],
    ],
    ids=" ".join,
)
def test_the_same_jobs_are_pruned_however_the_sweep_is_run(
    otherwise: list[str], halved: Path, run: InProcess
) -> None:
    assert run(*HALVED, "hydra.sweep.dir=s", *otherwise).code == 0
    assert rungs(run.cwd / "s") == rungs(halved)
    names = [name for name in results(halved) if name not in ("engine", "threads")]
    pd.testing.assert_frame_equal(results(run.cwd / "s")[names], results(halved)[names])


@pytest.mark.slow
def test_the_same_jobs_are_pruned_by_joblibs_processes(halved: Path, tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    sweep = (*HALVED, "hydra.sweep.dir=s", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    ended = ending(start(*sweep, cwd=tmp_path), timeout=300)
    assert ended.code == 0, ended.err
    assert rungs(tmp_path / "s") == rungs(halved)


@pytest.mark.slow
@pytest.mark.parametrize("record", ["folders", "rows"])
def test_killed_again_and_again_it_prunes_the_same(
    record: str, halved: Path, tmp_path: Path
) -> None:
    sweep = (*HALVED, f"sweep.record={record}", "hydra.sweep.dir=s")
    rng = random.Random(record)  # noqa: S311 - no secret
    for _ in range(4):
        process = start(*sweep, cwd=tmp_path)
        while process.poll() is None and not (tmp_path / "s" / "halving.csv").exists():
            pass
        process.poll() or rng.choice(list(WAYS))(process)
        ending(process)
    assert command(*sweep, cwd=tmp_path).code == 0
    assert rungs(tmp_path / "s") == rungs(halved)
    pd.testing.assert_frame_equal(results(tmp_path / "s"), results(halved))


def test_launched_again_nothing_runs_and_without_halving_the_pruned_go_on(
    run: InProcess, unpruned: Path
) -> None:
    sweep, folder = (*HALVED, "hydra.sweep.dir=s"), run.cwd / "s"
    first = run(*sweep)
    before, table = rungs(folder), results(folder)
    again = run(*sweep)
    assert (first.code, again.code) == (0, 0)
    assert "1 job is finished, 0 to run, 15 pruned" in again.out
    assert rungs(folder) == before
    pd.testing.assert_frame_equal(results(folder), table)
    assert run(*GRID, "hydra.sweep.dir=s").code == 0
    assert weights(folder) == weights(unpruned)
    assert set(results(folder)["status"]) == {"completed"}


def test_a_pruned_job_is_verified_left_alone_and_taken_up_by_name(tmp_path: Path) -> None:
    def said(module: str, *arguments: str) -> str:
        ended = ending(start(*arguments, cwd=tmp_path, module=module))
        assert ended.code == 0, ended.err
        return ended.out

    said("runner", *HALVED, "hydra.sweep.dir=s", "sweep.record=rows")
    runs = runner.load_runs(tmp_path / "s")
    job = int(runs.index[runs["status"] == "pruned"][0])
    folder = tmp_path / "s" / str(job)
    assert "16 runs: 16 identical" in said("runner.verify", "s")
    assert "the bytes of its row" in said("runner.expand", "s", str(job))
    assert RunFolder(folder).status == "pruned"
    assert "nothing to do" in said("runner.resume", "s")
    said("runner.resume", f"s/{job}")
    assert RunFolder(folder).status == "completed"


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_a_pruned_job_taken_up_by_name_keeps_its_place_and_no_other_goes_on(
    record: str, run: InProcess
) -> None:
    sweep, folder = (*HALVED, "hydra.sweep.dir=s", f"sweep.record={record}"), run.cwd / "s"
    assert run(*sweep).code == 0
    before = results(folder)["status"]
    # The first to come to the first rung: without it the others would be ranked otherwise.
    first = Halving(before.index, 2, 3).order[0]
    assert before[first] == "pruned"
    assert ending(start(f"s/{first}", cwd=run.cwd, module="runner.resume")).code == 0
    assert run(*sweep).code == 0
    after = results(folder)["status"]
    assert after.drop(index=first).equals(before.drop(index=first))
    assert after[first] == "completed"


def test_pruned_jobs_that_have_folders_go_on_in_them_in_a_sweep_that_keeps_rows(
    run: InProcess, halved: Path, unpruned: Path
) -> None:
    rows, folder = (*GRID, "sweep.record=rows", "hydra.sweep.dir=s"), run.cwd / "s"
    shutil.copytree(halved, folder)
    assert run(*rows).code == 0
    assert weights(folder) == weights(unpruned)
    assert set(results(folder)["status"]) == {"completed"}
    assert "16 jobs are finished, 0 to run" in run(*rows).out


def test_pruned_rows_that_were_given_folders_go_on_in_them(run: InProcess) -> None:
    rows, folder = (*GRID, "seed=1", "sweep.record=rows", "hydra.sweep.dir=s"), run.cwd / "s"
    assert run(*rows, "sweep.halving.first=2").code == 0
    assert "pruned" in set(results(folder)["status"])
    assert expand_all(folder / str(job) for job in range(8)) == 0
    assert run(*rows).code == 0
    assert {status for status, _ in weights(folder).values()} == {"completed"}
    assert set(results(folder)["status"]) == {"completed"}


def nothing_is_told(sweep: Path, halved: Path, _unpruned: Path) -> None:
    shutil.copytree(halved, sweep)
    (sweep / "halving.csv").unlink()


def all_are_at_their_ends(sweep: Path, _halved: Path, unpruned: Path) -> None:
    shutil.copytree(unpruned, sweep)


def half_are_at_their_ends(sweep: Path, _halved: Path, unpruned: Path) -> None:
    shutil.copytree(unpruned, sweep)
    for job in range(0, 16, 2):
        shutil.rmtree(sweep / str(job))


def one_was_ended_far_on(sweep: Path, halved: Path, unpruned: Path) -> None:
    shutil.copytree(halved, sweep)
    for job in ("0", "3"):
        shutil.rmtree(sweep / job)
        shutil.copytree(unpruned / job, sweep / job)
        edit(sweep / job / "run.json", '"status": "completed"', '"status": "running"')
        (sweep / job / "results.csv").unlink()


def another_job_has_had_its_number(sweep: Path, halved: Path, unpruned: Path) -> None:
    """The winner's, whose lines are false of the job that was trained in its place since."""
    shutil.copytree(halved, sweep)
    winner = runner.load_runs(sweep).query("status == 'completed'").index[0]
    shutil.rmtree(sweep / str(winner))
    shutil.copytree(unpruned / str(winner), sweep / str(winner))
    lines = (sweep / "halving.csv").read_text().splitlines(keepends=True)
    others = [re.sub("[0-9.]+,[0-9a-f]+$", "0.0,0123456789ab", line) for line in lines]
    false = [there.startswith(f"{winner},") for there in lines]
    told = [b if other else a for a, b, other in zip(lines, others, false, strict=True)]
    (sweep / "halving.csv").write_text("".join(told))


@pytest.mark.parametrize(
    "before",
    [
        nothing_is_told,
        all_are_at_their_ends,
        half_are_at_their_ends,
        one_was_ended_far_on,
        another_job_has_had_its_number,
    ],
)
def test_the_same_jobs_go_on_whatever_earlier_launches_have_left(
    before: Callable[[Path, Path, Path], None], run: InProcess, halved: Path, unpruned: Path
) -> None:
    before(run.cwd / "s", halved, unpruned)
    assert run(*HALVED, "hydra.sweep.dir=s").code == 0
    assert rungs(run.cwd / "s") == rungs(halved)
    best = runner.load_runs(halved).query("status == 'completed'").index
    assert set(runner.load_runs(run.cwd / "s").loc[best, "status"]) == {"completed"}


@pytest.mark.parametrize("data", ["dataset=spirals,blobs", "dataset=spirals"])
def test_jobs_are_ranked_by_what_they_watch_whatever_sets_it(run: InProcess, data: str) -> None:
    limits = ("stopping.max_epochs=4", "seed=1,2")
    ended = run("-m", data, *limits, "sweep.halving.first=1", "hydra.sweep.dir=s")
    assert "Halving ranks jobs by accuracy, on training data" in ended.out
    assert ("Halving ranks jobs of 2 data sets with each other" in ended.out) == ("," in data)
    assert set(pd.read_csv(run.cwd / "s" / "halving.csv")) > {"rung", "accuracy"}


@pytest.mark.parametrize(
    "other", ["sweep.halving.first=3", "sweep.halving.factor=2", "sweep.objective=loss"]
)
@pytest.mark.parametrize("record", ["folders", "rows"])
def test_other_rungs_and_another_ranking_are_as_if_nothing_had_been_before(
    other: str, record: str, run: InProcess
) -> None:
    few = (*HALVED, "seed=1", f"sweep.record={record}")
    assert run(*few, other, "hydra.sweep.dir=fresh").code == 0
    assert run(*few, "hydra.sweep.dir=s").code == 0
    assert run(*few, other, "hydra.sweep.dir=s").code == 0
    assert rungs(run.cwd / "s") == rungs(run.cwd / "fresh")


def test_a_sweep_that_is_ended_before_its_first_job_begins_anew(
    run: InProcess, halved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(running_jobs, "running", ended_before_a_process_has_a_job)
        assert run(*HALVED, "hydra.sweep.dir=s").code == 130
        assert not (run.cwd / "s").exists()
        patch.setattr(running_jobs, "running", ended_beside_half_a_file_of_one_that_was_killed)
        assert run(*HALVED, "hydra.sweep.dir=s").code == 130
    assert run(*HALVED, "hydra.sweep.dir=s").code == 0
    assert rungs(run.cwd / "s") == rungs(halved)


def ended_before_a_process_has_a_job(*given: Any) -> AbstractContextManager[Iterator[JobEnd]]:
    """Comes as far as writing halving.csv."""
    course: Course = given[-1]
    with course._file:
        raise Stop(None, 130)


def ended_beside_half_a_file_of_one_that_was_killed(
    sweep: Sweep, *given: Any
) -> AbstractContextManager[Iterator[JobEnd]]:
    (sweep.folder / ".halving.csv.1.tmp").touch()
    return ended_before_a_process_has_a_job(*given)


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_what_is_computed_again_may_be_interrupted(record: str, tmp_path: Path) -> None:
    sweep = (
        *("-m", "dataset=digits", "topology=64-100-10", "seed=1,2,3,4", "stopping.target=null"),
        *("engine=numpy", "hydra.sweep.dir=s", f"sweep.record={record}", "sweep.workers=2"),
    )
    few, long = ("batch_size=10", "stopping.max_epochs=24"), ("sweep.halving.first=20",)
    assert command(*sweep, *few, cwd=tmp_path).code == 0
    before = results(tmp_path / "s")
    process = start(*sweep, *few, *long, cwd=tmp_path)
    while process.poll() is None and not (tmp_path / "s" / "halving.csv").exists():
        pass
    process.send_signal(signal.SIGINT)
    ended = ending(process)
    assert ended.code == 130
    assert "who goes on is not decided yet" in ended.out
    pd.testing.assert_frame_equal(results(tmp_path / "s"), before)
    again = command(*sweep, *few, *long, cwd=tmp_path)
    assert again.code == 0
    assert "at an earlier rung is computed again" in again.out


def test_while_one_has_not_come_no_other_goes_on_to_its_end(halved: Path, tmp_path: Path) -> None:
    header, row = read_results(halved / "0")
    none: dict[int, JobEnd] = {}
    sweep: Any = SimpleNamespace(
        folder=tmp_path,
        ranked_by="accuracy",
        options=SimpleNamespace(halving=SimpleNamespace(first=2, factor=3)),
        earlier=SimpleNamespace(pruned=none, finished=lambda _: []),
        keep=lambda end: end,
        fingerprint=lambda job: job.name,
    )
    for status, sent in (("interrupted", 0), ("pruned", 1)):
        course = Course(sweep, [(Job(0, []), None), (Job(1, []), None)], lambda _: None)
        ends = [JobEnd(0, "pruned", "", 0, header, row), JobEnd(1, status, "", 0, header, row)]
        gone_on: list[Job] = []
        coming = zip(sorted(course.handed_out, key=lambda job: job.number), ends, strict=True)
        list(course.ends(coming, gone_on.append))
        assert [job.rung for job in gone_on] == [None] * sent


def test_a_job_that_was_interrupted_past_a_rung_is_ranked_as_it_stood_there(
    run: InProcess, halved: Path
) -> None:
    folder = run.cwd / "s"
    shutil.copytree(halved, folder)
    before, table = rungs(folder), results(folder)
    job = next(
        job for job, rung, _, status, _ in sorted(before) if (rung, status) == ("1", "pruned")
    )
    edit(folder / job / "run.json", '"status": "pruned"', '"status": "interrupted"')
    lines = (folder / "halving.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{job},1,")]
    (folder / "halving.csv").write_text("".join(kept))
    assert run(*HALVED, "hydra.sweep.dir=s").code == 0
    assert rungs(folder) == before
    pd.testing.assert_frame_equal(results(folder), table)


def test_resume_leaves_a_halved_sweep_to_its_command(run: InProcess, halved: Path) -> None:
    folder = run.cwd / "s"
    shutil.copytree(halved, folder)

    def said(*limits: str) -> tuple[int, str]:
        ended = ending(start("s", *limits, cwd=run.cwd, module="runner.resume"))
        return ended.code, ended.out + ended.err

    code, text = said()
    assert code == 0
    assert "s has no job under way: nothing to do; 15 are pruned" in text
    edit(folder / "3" / "run.json", '"status": "pruned"', '"status": "interrupted"')
    for limits in ((), ("stopping.max_epochs=31",)):
        code, text = said(*limits)
        assert code == 2
        assert "the command that began it" in text
    edit(folder / "multirun.yaml", "first: 2", "first: null")  # as a launch without halving says
    assert said()[0] == 0
    assert RunFolder(folder / "3").status == "completed"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["sweep.halving=5"], "sweep.halving"),
        (["sweep.halving.factor=2"], "without sweep.halving.first"),
        (["sweep.halving.first=0"], "expected"),
        (["sweep.halving.first=1", "sweep.halving.factor=1"], "expected"),
        (["sweep.halving.first=1", "sweep.objective=steps"], "ranks jobs by a metric"),
        (
            ["sweep.halving.first=1", "dataset=spirals,sine", "topology=in-2-out"],
            "by accuracy, which is no result of this one; choose from loss, mae, ",
        ),
        (
            ["sweep.halving.first=1", "stopping.metric=loss", "loss.reduction=mean,sum"],
            "by loss, which is squared_error sum here and squared_error mean in #0 ",
        ),
    ],
)
def test_what_cannot_be_halved_is_refused(run: InProcess, options: list[str], said: str) -> None:
    ended = run("-m", "seed=1,2", *options)
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize("record", ["folders", "rows"])
def test_jobs_that_an_earlier_launch_has_left_are_held_to_the_same(
    record: str, run: InProcess
) -> None:
    losses = ("-m", "dataset=spirals", "loss.reduction=mean,sum", "stopping.metric=loss")
    few = ("stopping.target=null", "stopping.max_epochs=4", f"sweep.record={record}")
    sweep = (*losses, *few, "hydra.sweep.dir=s")
    assert run(*sweep, "seed=1,2").code == 0
    for seeds in ("seed=1,2", "seed=1,2,3"):
        ended = run(*sweep, seeds, "sweep.halving.first=1")
        assert ended.code == 2
        assert "which is squared_error sum here and squared_error mean in #0 " in ended.err
    assert not (run.cwd / "s" / "halving.csv").exists()


DATA = {
    "noise": (["dataset.noise=0,0.5"], 2),
    "another sample of them": (["dataset.seed=1,2"], 1),
    "another division of them": (["dataset.split_seed=1,2"], 1),
    "one file by two names": (["dataset=csv", "dataset.target=y", "dataset.path=a.csv,./a.csv"], 1),
    "two files": (["dataset=csv", "dataset.target=y", "dataset.path=a.csv,b.csv"], 2),
    "prepared otherwise": (["dataset=csv", "dataset.target=y", "dataset.path=a.csv",
                            "dataset.scale=none,standardise"], 1),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_that_jobs_of_several_data_sets_are_ranked_is_said(case: str, run: InProcess) -> None:
    options, sets = DATA[case]
    for name in "ab":
        (run.cwd / f"{name}.csv").write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    few = ("topology=in-2-out", "stopping.max_epochs=2", "seed=1,2", "sweep.halving.first=1")
    ended = run("-m", "dataset=spirals", *options, *few, "hydra.sweep.dir=s")
    assert ended.code == 0, ended
    assert ("Halving ranks jobs of 2 data sets with each other" in ended.out) == (sets == 2)


DAMAGE: dict[str, Callable[[str], str]] = {
    "its end is cut": lambda text: text[:-5],
    "it is empty": lambda text: "",
    "lines say what they cannot": lambda text: text.replace("pruned", "prunes", 7) + "1,2\n\0",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_of_rungs_is_made_anew_and_costs_no_more_than_a_job_too_many(
    run: InProcess, unpruned: Path, damage: str
) -> None:
    sweep, folder = (*HALVED, "hydra.sweep.dir=s"), run.cwd / "s"
    assert run(*sweep).code == 0
    before = weights(folder)
    path = folder / "halving.csv"
    path.write_text(DAMAGE[damage](path.read_text()))
    assert run(*sweep).code == 0
    assert {len(row) for row in rungs(folder)} == {5}
    now, whole = weights(folder), weights(unpruned)
    completed = {job for job in now if now[job][0] == "completed"}
    assert {job for job in before if before[job][0] == "completed"} <= completed
    assert len(completed) <= 2
    assert all(now[job] == whole[job] for job in completed)
