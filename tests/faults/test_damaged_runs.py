"""Run directories as they are found: resuming them ends in their whole, or in one line."""

import json
import os
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pytest

from runner.analysis.runs import load_runs
from runner.run_folder.run import RunFolder
from runner.storage.npz_files import encode
from tests.faults.cases import CASES, DOCUMENTS
from tests.faults.children import Ended, Fault, Parent
from tests.faults.outcomes import outcome_of
from tests.limits import MOST_SECONDS

SETTINGS = CASES["full batch"]


@pytest.fixture(scope="module")
def killed(parent: Parent) -> tuple[Path, dict[str, object]]:
    """A run that was killed late, and what it was to come to."""
    folder = parent.new_folder()
    whole = parent("run", folder, SETTINGS)
    outcome = outcome_of(folder)
    rmtree(folder)
    assert parent("run", folder, SETTINGS, Fault("kill", at=whole.operations - 20)).killed
    return folder, outcome


@pytest.fixture
def run(killed: tuple[Path, dict[str, object]], parent: Parent) -> Iterator[Path]:
    """A copy of it, to be damaged."""
    folder = parent.new_folder()
    copytree(killed[0], folder)
    yield folder
    rmtree(folder, ignore_errors=True)


def newest_with(run: Path, **members: object) -> None:
    """The newest snapshot with other members, and the digest that goes with them."""
    path = RunFolder(run).snapshot()
    with np.load(path) as arrays:
        kept = {name: arrays[name] for name in arrays.files} | members
    path.write_bytes(encode({n: np.asarray(v) for n, v in kept.items() if v is not None}))


def edit(run: Path, **about: object) -> None:
    """Other words in run.json."""
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | about))


def to_bytes(content: bytes) -> Callable[[Path], object]:
    """The newest snapshot replaced."""
    return lambda run: RunFolder(run).snapshot().write_bytes(content)


def to_link(run: Path, name: str) -> None:
    """A file of the run's made a link to one elsewhere."""
    path = run / name
    outside = run.parent / "outside"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)


def remove_files(run: Path, *names: str) -> None:
    """Files deleted while the run is not looking."""
    for name in names:
        (run / name).unlink()


def snapshots_elsewhere(run: Path) -> None:
    """The snapshots' folder made a link to one elsewhere."""
    elsewhere = run.parent / "elsewhere"
    (run / "snapshots").rename(elsewhere)
    (run / "snapshots").symlink_to(elsewhere)


def to_folder(path: Path) -> None:
    """A folder where a file was."""
    path.unlink()
    path.mkdir()


def check_limits(ended: Ended) -> None:
    """Time of the processor's, and memory, of which 200 to 300 MB are the libraries."""
    assert ended.busy < MOST_SECONDS
    assert ended.megabytes < 1000


RESUMED: dict[str, tuple[Callable[[Path], object], str]] = {
    # damage, words of the warning
    "as it was killed": (lambda run: None, ""),
    "torn .hydra/config.yaml": (lambda run: (run / ".hydra/config.yaml").write_bytes(b"{"), ""),
    "no .hydra": (lambda run: rmtree(run / ".hydra"), ""),
    "leftover temporary file": (
        lambda run: (run / "snapshots" / ".step-000000040.npz.7.tmp").write_bytes(b"PK"),
        "",
    ),
    "history longer than the snapshot": (
        lambda run: (run / "history.csv").write_bytes(
            (run / "history.csv").read_bytes() + b"39,39,0.1,0,0,0,0\n40,4"
        ),
        "",
    ),
    "clock set back": (lambda run: edit(run, started="2099-01-01T00:00:00.000+00:00"), ""),
    "a dead process": (
        lambda run: edit(run, process={"id": 2**22 + 1, "host": "elsewhere", "started": "1"}),
        "",
    ),
    "another's process number": (
        lambda run: edit(run, process={"id": 1, "host": os.uname().nodename, "started": "0"}),
        "",
    ),
    "empty snapshot": (to_bytes(b""), "is not a sound snapshot"),
    "snapshot that is not a zip": (to_bytes(b"<html>"), "is not a sound snapshot"),
    "snapshot gone": (lambda run: RunFolder(run).snapshot().unlink(), ""),
    "snapshot of NaN weights": (
        lambda run: newest_with(run, parameters=np.full(16, np.nan)),
        "its parameters",
    ),
    "snapshot of other shape": (
        lambda run: newest_with(run, parameters=np.zeros(7)),
        "its slots",
    ),
    "snapshot of other type": (
        lambda run: newest_with(run, parameters=np.zeros(16, int)),
        "expected a type of kind f",
    ),
    "snapshot byte-swapped": (
        lambda run: newest_with(run, parameters=np.zeros(16, ">f8")),
        "is not a sound snapshot",
    ),
    "snapshot lacking a member": (lambda run: newest_with(run, order=None), "lacks order"),
    "snapshot with a member more": (
        lambda run: newest_with(run, **{"../x": np.zeros(3)}),
        "members that a snapshot does not have",
    ),
    "snapshot of a newer schema": (lambda run: newest_with(run, schema=99), "its schema is 99"),
    "another run's snapshot": (
        lambda run: newest_with(run, experiment="0" * 64),
        "another run's snapshot",
    ),
    "snapshot under another step's name": (
        lambda run: RunFolder(run).snapshot().rename(run / "snapshots" / "step-000000035.npz"),
        "its step",
    ),
    "history shorter than the snapshot": (
        lambda run: os.truncate(run / "history.csv", 60),
        "lacks rows",
    ),
    "history gone": (lambda run: (run / "history.csv").unlink(), "lacks rows"),
    "snapshots gone": (lambda run: rmtree(run / "snapshots"), ""),
    "log gone": (lambda run: (run / "run.log").unlink(), ""),
}


@pytest.mark.parametrize("case", RESUMED)
def test_a_damaged_run_resumes_to_its_whole(
    case: str, run: Path, killed: tuple[Path, dict[str, object]], parent: Parent
) -> None:
    damage, words = RESUMED[case]
    damage(run)
    ended = parent("resume", run)
    assert ended.code == 0, ended
    check_limits(ended)
    lines = ended.err.splitlines()
    assert all(line.startswith("warning: ") and line.isprintable() for line in lines)
    assert words in ended.err if words else not lines
    outcome, whole = outcome_of(run), killed[1]
    for what in ("history", "results", "predictions"):
        assert outcome[what] == whole[what]
    assert outcome["snapshots"][40] == whole["snapshots"][40]  # type: ignore[index]
    assert outcome["files"] == whole["files"] or words
    for name, text in DOCUMENTS.items():
        assert (run / name).read_text() == text


REFUSED: dict[str, tuple[Callable[[Path], object], int, str]] = {
    # damage, exit code, words of the message
    "no run.json": (lambda run: (run / "run.json").unlink(), 4, "no run.json"),
    "no folder": (rmtree, 4, "no such folder"),
    "empty run.json": (lambda run: (run / "run.json").write_bytes(b""), 4, "cannot be read"),
    "torn run.json": (lambda run: os.truncate(run / "run.json", 100), 4, "cannot be read"),
    "run.json not UTF-8": (
        lambda run: (run / "run.json").write_bytes(b'{"status": "\xff"}'),
        4,
        "cannot be read",
    ),
    "run.json 100,000 deep": (
        lambda run: (run / "run.json").write_text("[" * 100_000),
        4,
        "cannot be read",
    ),
    "run.json a list": (lambda run: (run / "run.json").write_text("[]"), 4, "does not describe"),
    "no configuration": (lambda run: edit(run, configuration=None), 4, "does not describe a run"),
    "configuration of code": (
        lambda run: edit(run, configuration={"_target_": "os.system"}),
        2,
        "_target_ is not a configuration key",
    ),
    "configuration changed": (
        lambda run: (run / "run.json").write_text(
            (run / "run.json").read_text().replace('"learning_rate": 10', '"learning_rate": 11')
        ),
        4,
        "run.json has been changed",
    ),
    "other data": (
        lambda run: edit(run, checksums={"data": "0", "experiment": "0"}),
        3,
        "data set",
    ),
    "snapshot a link elsewhere": (
        lambda run: to_link(run, f"snapshots/{RunFolder(run).snapshot().name}"),
        4,
        "is a symbolic link",
    ),
    "history a link elsewhere": (lambda run: to_link(run, "history.csv"), 4, "is a symbolic link"),
    "checksums a list": (
        lambda run: edit(run, checksums=[]),
        4,
        "does not describe a run",
    ),
    "deleted but for its snapshots": (
        lambda run: remove_files(run, "run.json", "history.csv", "run.log"),
        4,
        "no run.json",
    ),
    "snapshots a link elsewhere": (snapshots_elsewhere, 4, "is a symbolic link"),
    "history a folder": (
        lambda run: to_folder(run / "history.csv"),
        6,
        "history.csv",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_cannot_be_resumed_is_refused_in_one_line(
    case: str, run: Path, parent: Parent
) -> None:
    damage, code, words = REFUSED[case]
    damage(run)
    ended = parent("resume", run)
    assert ended.code == code, ended
    check_limits(ended)
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert ended.err.rstrip("\n").isprintable()
    assert words in ended.err


def test_a_complete_run_is_left_alone(run: Path, parent: Parent) -> None:
    assert parent("resume", run).code == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    ended = parent("resume", run)
    assert (ended.code, ended.err) == (0, "")
    assert "nothing to do" in ended.out
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_copied_run_and_its_original_resume_each_for_itself(
    run: Path, killed: tuple[Path, dict[str, object]], parent: Parent
) -> None:
    copy = parent.new_folder()
    copytree(run, copy)
    assert parent("resume", copy).code == parent("resume", run).code == 0
    assert outcome_of(copy) == outcome_of(run) == killed[1]


ROUNDS = [
    pytest.param(8, 4, id="8 x 4"),
    pytest.param(32, 100, marks=pytest.mark.release, id="32 x 100"),
]


@pytest.mark.parametrize(("times", "rounds"), ROUNDS)
def test_of_many_resumes_at_once_one_wins(
    times: int,
    rounds: int,
    killed: tuple[Path, dict[str, object]],
    parent: Parent,
    counted: Callable[..., None],
) -> None:
    conflicts = 0
    for _ in range(rounds):
        run = parent.new_folder()
        copytree(killed[0], run)
        codes = parent.at_once("resume", run, times)
        assert set(codes) <= {0, 5}  # 0 too for who comes when all is done
        assert len(json.loads((run / "run.json").read_text())["resumed"]) == 1
        assert outcome_of(run) == killed[1]
        conflicts += codes.count(5)
        rmtree(run)
    assert conflicts
    counted(**{"resumes at once": times * rounds, "of those refused": conflicts})


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda content: content[: len(content) // 2],
    lambda content: content[:-1] + b",,,\n1,2\n",
    lambda content: content.replace(b"completed", b"\xff\xfe"),
    lambda content: b"\0" * len(content),
]


def test_of_1000_runs_of_which_200_are_damaged_800_are_read(
    killed: tuple[Path, dict[str, object]],
    parent: Parent,
    memory: Path,
    counted: Callable[..., None],
) -> None:
    whole = parent.new_folder()
    assert parent("run", whole, SETTINGS).code == 0
    names = ("run.json", "results.csv", "history.csv")
    files = {name: (whole / name).read_bytes() for name in names}
    damaged = set(random.Random(1).sample(range(1000), 200))  # noqa: S311 - no secret
    for number in range(1000):
        folder = memory / f"run-{number}"
        folder.mkdir()
        for name, content in files.items():
            if number in damaged and name == "results.csv":
                content = DAMAGES[number % len(DAMAGES)](content)  # noqa: PLW2901
            (folder / name).write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs = load_runs(memory)
    assert len(runs) == 800
    assert {Path(path).name for path in runs.attrs["unreadable"]} == {f"run-{n}" for n in damaged}
    assert "left out 200" in str(caught[0].message)
    counted(**{"run directories read": 1000, "of those damaged and named": 200})
