"""Jobs leave what they leave under Hydra's basic launcher: same files, same bytes but times."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.commands import InProcess, command

SNAPSHOT_TIMES = ("seconds", "history")  # the latter is the checksum of rows with times
SWEEP = ("seed=1,2", "optimizer=sgd,adam", "topology=3-4-1,2-4-1", "stopping.max_steps=20")
TIMES = re.compile(  # lines that come once a second, or with the first kernels, included
    r"^ +\d+ steps   .*\n|^(compiling kernels|kernels compiled) .*\n|"
    r"\d{4}-\d\d-\d\dT[\d:.+]+|[\d.]+ s(econds)?\b|^    \"(id|started)\": .*$",
    re.MULTILINE,
)


def contents(sweep: Path) -> dict[str, object]:
    """Every file of a sweep's jobs; times and the launcher's name blotted out."""
    found: dict[str, object] = {}
    for path in sweep.glob("[0-9]*/**/*"):
        name = str(path.relative_to(sweep))
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                found[name] = {
                    k: arrays[k].tobytes() for k in arrays.files if k not in SNAPSHOT_TIMES
                }
        elif path.name in ("results.csv", "history.csv"):
            found[name] = without_times(path)
        elif path.is_file():
            found[name] = TIMES.sub("", path.read_text())
    return found


def without_times(path: Path) -> list[list[str]]:
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    timed = [
        i for i, name in enumerate(header) if "second" in name or name in ("started", "finished")
    ]
    return [[cell for i, cell in enumerate(row) if i not in timed] for row in (header, *rows)]


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for launcher in ("pool", "basic"):
        cwd = tmp_path_factory.mktemp(launcher)
        ended = command("-m", *SWEEP, f"hydra/launcher={launcher}", "hydra.sweep.dir=s", cwd=cwd)
        assert ended.code == 1, ended.err
        folders[launcher] = cwd / "s"
    return folders


def test_jobs_leave_the_same_files_as_with_hydras_basic_launcher(sweeps: dict[str, Path]) -> None:
    ours, theirs = contents(sweeps["pool"]), contents(sweeps["basic"])
    assert sorted(ours) == sorted(theirs)
    names = {
        str(sweeps["basic"].parent): str(sweeps["pool"].parent),
        "hydra._internal.core_plugins.basic_launcher.BasicLauncher": (
            "runner.application.plugins.PoolLauncher"
        ),
        "hydra/launcher=basic": "hydra/launcher=pool",
        "hydra/launcher: basic": "hydra/launcher: pool",
    }
    for name, found in theirs.items():
        expected = found
        if isinstance(expected, str):
            for basic, pool in names.items():
                expected = expected.replace(basic, pool)
        assert ours[name] == expected, name


def test_a_sweeps_table_is_the_same_as_with_hydras_basic_launcher(sweeps: dict[str, Path]) -> None:
    ours, theirs = (without_times(sweeps[name] / "results.csv") for name in ("pool", "basic"))
    assert ours == theirs
    assert len(ours) == 9


UNSOUND = {
    "out of range": (["seed=1,2,-3"], "#2 seed=-3: seed=-3 is out of range"),
    "beyond its metric": (
        ["stopping.target=0.9,2"],
        "#1 stopping.target=2: stopping.tar",
    ),
    "without effect": (
        ["stopping.min_delta=0,1"],
        "#1 stopping.min_delta=1: stopping",
    ),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_settings_are_checked_before_the_first_job_starts(case: str, run: InProcess) -> None:
    overrides, words = UNSOUND[case]
    ended = run("-m", *overrides, "hydra.sweep.dir=s")
    assert ended.code == 2
    assert ended.err.startswith(f"error: {words}")
    assert not list((run.cwd / "s").glob("[0-9]*"))


@pytest.mark.parametrize("launcher", ["pool", "basic"])
def test_a_job_has_the_folder_of_its_number_and_no_other(launcher: str, run: InProcess) -> None:
    choices = ("hydra.sweep.subdir=x", "hydra.sweep.dir=s", f"hydra/launcher={launcher}")
    ended = run("-m", "seed=1,2", *choices)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: hydra.sweep.subdir='x' would ")
    assert list(run.cwd.iterdir()) == []


@pytest.mark.parametrize("choices", [(), ("-m",), ("-m", "hydra/launcher=basic")])
def test_a_working_folder_may_have_a_name_that_looks_like_an_interpolation(
    choices: tuple[str, ...], run: InProcess
) -> None:
    (run.cwd / "a${x}b").mkdir()
    ended = command(*choices, "seed=1", "stopping.max_steps=3", cwd=run.cwd / "a${x}b")
    assert (ended.code, ended.err) == (0, "")
    assert list((run.cwd / "a${x}b" / "outputs").glob("**/run.json"))
