"""Files of others stay as they are: runs and sweeps begin in folders that are new or empty."""

import json
from pathlib import Path

import pytest

from runner.errors import ConflictError
from runner.storage.files import WRITTEN, write_output
from tests.end_to_end.commands import InProcess

SHORT = ("stopping.max_steps=3", "recording.plots=false")
RUN = ("hydra.run.dir=there", *SHORT)
SWEEP = ("-m", "seed=1,2", "hydra.sweep.dir=there", *SHORT)
NAMES = (*WRITTEN, "run.log", ".hydra", "multirun.yaml", "sweep.log", "0", "optimization.yaml")


def contents(folder: Path) -> dict[Path, bytes | None]:
    """Everything in a folder, with the bytes of its files."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("command", [RUN, SWEEP], ids=["run", "sweep"])
@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_has_in_a_folder_stays_and_the_command_is_refused(
    name: str, kind: str, command: tuple[str, ...], run: InProcess
) -> None:
    path = run.cwd / "there" / name
    if kind == "folder":
        path /= "notes.txt"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = contents(run.cwd)
    ended = run(*command)
    assert (ended.code, ended.err.count("\n")) == (5, 1), ended
    assert contents(run.cwd) == before


@pytest.mark.parametrize(
    "command",
    [
        ("hydra.run.dir=.",),
        ("hydra.run.dir=sweep",),
        ("hydra.run.dir=outputs",),
        ("hydra.run.dir=run", "hydra.output_subdir=.hydra", "hydra/job_logging=default"),
        ("-m", "seed=1,2", "hydra.sweep.dir=."),
        ("-m", "seed=1,2", "hydra.sweep.dir=run"),
        ("-m", "seed=1,2", "hydra.sweep.dir=outputs"),
        ("-m", "seed=1,2", "hydra.sweep.dir=run", "hydra/sweeper=basic"),
        ("-m", "seed=1,2", "hydra.sweep.dir=run", "hydra/launcher=basic"),
    ],
    ids=" ".join,
)
def test_no_run_and_no_sweep_takes_the_place_of_others(
    command: tuple[str, ...], run: InProcess
) -> None:
    assert run("hydra.run.dir=run", *SHORT).code == 0
    assert run("-m", "seed=1,2", "hydra.sweep.dir=sweep", *SHORT).code == 0
    assert run(*SHORT).code == 0
    before = contents(run.cwd)
    ended = run(*command, *SHORT)
    assert (ended.code, ended.err.count("\n")) == (5, 1), ended
    assert contents(run.cwd) == before


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("hydra.output_subdir=.hydra",),
        ("hydra.output_subdir=own", "hydra/job_logging=default", "hydra.job.name=run"),
    ],
    ids=["plain", ".hydra", "log"],
)
@pytest.mark.parametrize("command", [RUN, SWEEP], ids=["run", "sweep"])
def test_an_empty_folder_is_taken_and_what_hydra_writes_there_first_is_the_commands_own(
    command: tuple[str, ...], more: tuple[str, ...], run: InProcess
) -> None:
    (run.cwd / "there").mkdir()
    assert run(*command, *more).code == 0


def test_notes_beside_a_sweeps_jobs_stay_but_not_in_the_place_of_a_job(run: InProcess) -> None:
    assert run(*SWEEP).code == 0
    notes = run.cwd / "there" / "notes.txt"
    notes.write_text("mine")
    assert run(*SWEEP, "seed=1,2,3").code == 0
    assert notes.read_text() == "mine"
    place = run.cwd / "there" / "3" / "results.csv"
    place.parent.mkdir()
    place.write_text("mine")
    ended = run(*SWEEP, "seed=1,2,3,4")
    assert ended.code == 5
    assert "there/3/results.csv is in the place of one of the sweep's jobs" in ended.err
    assert place.read_text() == "mine"


def test_a_sweep_killed_before_its_first_job_goes_on(run: InProcess) -> None:
    assert run(*SWEEP).code == 0
    config = (run.cwd / "there" / "multirun.yaml").read_bytes()
    (run.cwd / "there").rename(run.cwd / "elsewhere")
    (run.cwd / "there" / "0").mkdir(parents=True)
    (run.cwd / "there" / "0" / ".run.json.77.tmp").write_text("{")
    (run.cwd / "there" / "multirun.yaml").write_bytes(config)
    assert run(*SWEEP).code == 0
    assert json.loads((run.cwd / "there" / "0" / "run.json").read_text())["status"] == "completed"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("topology=99-1",), 2),
        (("dataset=csv", "dataset.path=none.csv", "dataset.target=y", "topology=1-1"), 3),
        (("-m", "optimizer.learning_rate=-1,-2"), 2),
        (("-m", "optimizer.learning_rate=-1,-2", "hydra/sweeper=basic"), 2),
        (("-m", "optimizer.learning_rate=-1,-2", "hydra/launcher=basic"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_command_that_is_refused_leaves_no_folder(
    arguments: tuple[str, ...], code: int, run: InProcess
) -> None:
    assert run(*arguments).code == code
    assert contents(run.cwd) == {}


@pytest.mark.parametrize(
    "name", ["run.json", "results.csv", "history.csv", "run.log", "plots/network.png"]
)
def test_what_a_run_has_recorded_is_no_place_for_a_commands_output(
    name: str, run: InProcess
) -> None:
    assert run("stopping.max_steps=2", "recording.plots=true", "hydra.run.dir=r").code == 0
    path = run.cwd / "r" / name
    before = path.read_bytes()
    with pytest.raises(ConflictError, match="is what a run has recorded; choose another place"):
        write_output(path, b"something else")
    assert path.read_bytes() == before
    write_output(run.cwd / "r" / "predictions-of-mine.csv", b"something else")
