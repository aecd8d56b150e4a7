"""Which jobs a sweep has: grids, paired values, jobs from files, seeds."""

from pathlib import Path
from typing import Any

import pytest

from runner import load_runs
from runner.compare import main as compare
from runner.configuration.overrides import swept_values
from runner.errors import SettingsError
from runner.settings import WHICH_JOBS, SweepSettings
from runner.sweeping.grid import axes_of, jobs_of
from tests.end_to_end.commands import InProcess

FEW = ("stopping.target=null", "stopping.max_steps=5", "hydra.sweep.dir=s")
OPTIONS: dict[str, Any] = {
    "repeats": 1, "zip": None, "jobs": None, "plan": False, "workers": None, "max_jobs": 1000,
    "skip_finished": True, "fail_fast": False, "objective": None,
}  # fmt: skip


def jobs(*texts: str, **options: Any) -> list[str]:
    """The jobs of a command line, the overrides of each in one text."""
    values = swept_values(texts, WHICH_JOBS)
    axes = axes_of(values, SweepSettings(**{**OPTIONS, **options}), seed=1)
    return [" ".join(job) for job in jobs_of(axes, 1000)]


EXPANSIONS: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "a grid": (["a=1,2", "b=3,4"], {}, ["a=1 b=3", "a=1 b=4", "a=2 b=3", "a=2 b=4"]),
    "a key twice": (["a=1,2", "b=3", "a=4"], {}, ["a=4 b=3"]),
    "a key added and said again": (["+a=1,2", "a=3,4"], {}, ["+a=3", "+a=4"]),
    "a key plain and forced": (["a=1,2", "b=5", "++a=3"], {}, ["++a=3 b=5"]),
    "a forced seed": (["++seed=7", "a=1"], {"repeats": 2}, ["seed=7 a=1", "seed=8 a=1"]),
    "a value twice": (["a=1,2,1", "b=x,x"], {}, ["a=1 b=x", "a=2 b=x"]),
    "a number written twice": (["a=0.1,1e-1,1,1.0,true"], {}, ["a=0.1", "a=1", "a=True"]),
    "a pair twice": (["a=1,1,1", "b=3,4,3"], {"zip": ("a", "b")}, ["a=1 b=3", "a=1 b=4"]),
    "seeds from the configuration's on": (["a=1,2"], {"repeats": 2}, [
        "a=1 seed=1", "a=1 seed=2", "a=2 seed=1", "a=2 seed=2"]),
    "seeds from a given one on": (["seed=7", "a=1"], {"repeats": 3}, [
        "seed=7 a=1", "seed=8 a=1", "seed=9 a=1"]),
    "one seed": (["seed=1,2"], {"repeats": 1}, ["seed=1", "seed=2"]),
    "a pair": (["a=1,2", "b=3,4"], {"zip": ("a", "b")}, ["a=1 b=3", "a=2 b=4"]),
    "a pair in a grid": (["a=1,2", "c=5,6", "b=3,4"], {"zip": ("b", "a")}, [
        "b=3 a=1 c=5", "b=3 a=1 c=6", "b=4 a=2 c=5", "b=4 a=2 c=6"]),
    "a pair with seeds": (["a=1,2", "b=3,4"], {"zip": ("a", "b"), "repeats": 2}, [
        "a=1 b=3 seed=1", "a=1 b=3 seed=2", "a=2 b=4 seed=1", "a=2 b=4 seed=2"]),
    "a pair of an added key": (["+a=1,2", "b=3,4"], {"zip": ("a", "b")}, [
        "+a=1 b=3", "+a=2 b=4"]),
    "how jobs are chosen is not theirs": (["a=1", "sweep.zip=[a,b]", "sweep.workers=2"], {}, [
        "a=1 sweep.workers=2"]),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPANSIONS)
def test_a_command_line_has_these_jobs(case: str) -> None:
    texts, options, expected = EXPANSIONS[case]
    assert jobs(*texts, **options) == expected


REFUSALS: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "lengths differ": (["a=1,2", "b=3,4,5"], {"zip": ("a", "b")}, ["a has 2, b has 3"]),
    "one value for many": (["a=1,2", "b=3"], {"zip": ("a", "b")}, ["a has 2, b has 1"]),
    "no values": (["alpha=1,2"], {"zip": ("alpha", "alpah")}, ["'alpah'", "mean 'alpha'"]),
    "seeds twice": (["seed=1,2"], {"repeats": 2}, ["sweep.repeats=2", "seed has 2 values"]),
    "seed no number": (["seed=x"], {"repeats": 2}, ["seed='x' is not a whole number"]),
    "options swept": (["sweep.workers=1,2"], {}, ["sweep.workers='1,2' is several values"]),
    "pair without brackets": (["sweep.zip=a,b"], {}, ["'sweep.zip=[a,b]'"]),
    "more than allowed": (["a=range(0,40)", "b=range(0,40)"], {}, ["1,600 jobs"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_tells_no_jobs_is_refused(case: str) -> None:
    texts, options, expected = REFUSALS[case]
    with pytest.raises(SettingsError) as caught:
        jobs(*texts, **options)
    assert all(part in str(caught.value) for part in expected), caught.value


def test_jobs_of_a_file_are_combined_with_values_and_seeds(tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("a,b\n1,2\n3,4\n")
    assert jobs("c=5,6", jobs=str(file)) == ["a=1 b=2 c=5", "a=1 b=2 c=6", "a=3 b=4 c=5",
                                             "a=3 b=4 c=6"]  # fmt: skip
    assert jobs(jobs=str(file), repeats=2) == ["a=1 b=2 seed=1", "a=1 b=2 seed=2",
                                               "a=3 b=4 seed=1", "a=3 b=4 seed=2"]  # fmt: skip
    file.write_text("a,b\n1,2\n3,4\n1,2\n")
    assert jobs(jobs=str(file)) == ["a=1 b=2", "a=3 b=4"]


@pytest.mark.parametrize(
    ("text", "given", "options", "expected"),
    [
        ("a,b\n1,2\n", ("a=1,2",), {}, "gives a values, and so does"),
        ("a,b\n1,2\n", ("++a=1,2",), {}, "gives a values, and so does"),
        ("seed,b\n1,2\n", (), {"repeats": 2}, "have theirs"),
        ("++seed,b\n1,2\n", (), {"repeats": 2}, "have theirs"),
        ("a\n" + "1\n" * 1001, (), {}, "1,001 jobs"),
    ],
)
def test_a_file_that_contradicts_the_command_line_is_refused(
    text: str, given: tuple[str, ...], options: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=expected):
        jobs(*given, jobs=str(file), **options)


UNREAD = {
    "a single run": (["sweep.repeats=2"], "add -m"),
    "a single run's pairs": (["sweep.zip=[topology,seed]"], "add -m"),
    "a single run's processes": (["sweep.workers=2"], "add -m"),
    "all at once": (["sweep={repeats: 2}"], "add -m"),
    "another sweeper": (["-m", "seed=1,2", "hydra/sweeper=basic", "sweep.repeats=2"],
                        "is for hydra/sweeper=grid"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREAD)
def test_an_option_that_nothing_would_read_is_refused(case: str, run: InProcess) -> None:
    arguments, expected = UNREAD[case]
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.err
    assert list(run.cwd.iterdir()) == []


def test_repeats_give_compare_its_pairs(
    run: InProcess, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("-m", "topology=3-4-1,3-8-1", "sweep.repeats=5", *FEW).code == 0
    runs = load_runs(run.cwd / "s")
    assert list(zip(runs["topology"], runs["seed"], strict=True)) == [
        (topology, seed) for topology in ("3-4-1", "3-8-1") for seed in range(1, 6)
    ]
    monkeypatch.chdir(run.cwd)
    assert compare(["s", "--by", "topology"]) == 0
    assert "the paired t-test (same seed)" in capfd.readouterr().out


def test_paired_values_run_together(run: InProcess) -> None:
    rates = "optimizer.learning_rate=1,10"
    zipped = "sweep.zip=[topology,optimizer.learning_rate]"
    ended = run("-m", "topology=3-4-1,3-8-1", rates, zipped, *FEW)
    assert (ended.code, ended.err) == (0, "")
    runs = load_runs(run.cwd / "s")
    found = zip(runs["topology"], runs["optimizer.learning_rate"], strict=True)
    assert list(found) == [("3-4-1", 1), ("3-8-1", 10)]


def test_jobs_of_a_file_run_on_hydras_own_launcher_too(run: InProcess) -> None:
    (run.cwd / "jobs.yaml").write_text("- topology: 3-4-1\n  optimizer: adam\n- seed: 7\n")
    for launcher in ("pool", "basic"):
        arguments = ("sweep.jobs=jobs.yaml", "batch_size=8,4", f"hydra/launcher={launcher}")
        ended = run("-m", *arguments, *FEW[:2], f"hydra.sweep.dir={launcher}")
        assert (ended.code, ended.err) == (0, "")
        runs = load_runs(run.cwd / launcher)
        found = zip(runs["optimizer.name"], runs["seed"], runs["batch_size"], strict=True)
        assert list(found) == [("adam", 1, 8), ("adam", 1, 4), ("sgd", 7, 8), ("sgd", 7, 4)]
