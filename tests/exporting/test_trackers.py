"""With the real packages, offline: what they were told is what they give back."""

import json
import os
import signal
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

import runner
from runner import leaving
from runner.errors import SettingsError, error_line
from runner.experiment.tracking import Feed
from runner.exporting.tracker import Point, TrackedEnd, TrackedRun
from runner.exporting.trackers import KINDS, check_trackers
from runner.exporting.wandb_tracker import WandbTracker
from runner.run_folder.history import history_column
from runner.run_folder.tables import read_row
from runner.settings import LoggerSettings, TrackerSettings
from tests.end_to_end.commands import InProcess, composed, ending, start
from tests.exporting.tracked import READERS, Entry

pytestmark = pytest.mark.filterwarnings("ignore")  # of what the packages' own parts outgrow

ONCE = "stopping.max_steps=30", "recording.history=1"
LIGHT = sorted(READERS.keys() - {"mlflow"})
"""MLflow takes seconds to import and to make its tables: tests of its own are in a file beside."""
NAMES = [*LIGHT, pytest.param("mlflow", marks=pytest.mark.release)]


@pytest.fixture(scope="session")
def trackio_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where Trackio writes in this process, for it asks once."""
    folder = tmp_path_factory.mktemp("trackio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKIO_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def offline(
    trackio_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """No package says anything to anybody."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(tmp_path / "of_wandb"))
    monkeypatch.setattr("runner.experiment.tracking._told", set())
    monkeypatch.setattr("runner.experiment.tracking._left_out", set())
    return iter(())


def logger(name: str, place: Path) -> list[str]:
    """The overrides that have a run tracked below a place."""
    pytest.importorskip(KINDS[name].package)
    where = f"experiment={place.name}" if name == "trackio" else f"folder={place}"
    return [f"+logger={name}", f"logger.{name}.{where}"]


def entries(name: str, place: Path) -> list[Entry]:
    """What a tracker has there, by name."""
    return sorted(READERS[name](place), key=lambda entry: entry.name)


def close_to(points: list[tuple[int, float]], history: dict[int, float]) -> bool:
    """Whether these are a history, each step once; TensorBoard keeps numbers in 32 bits."""
    same = [step for step, _ in points] == list(history)
    return same and np.allclose([value for _, value in points], list(history.values()), rtol=1e-6)


@pytest.mark.parametrize("name", READERS)
def test_a_run_is_read_back(name: str, tmp_path: Path) -> None:
    place = tmp_path / f"of_{name}"
    here = runner.train(*ONCE, *logger(name, place), f"hydra.run.dir={tmp_path / 'here'}")
    (entry,) = entries(name, place)
    assert entry.name == "here"
    assert entry.settings["topology"] == "3-4-1"
    assert float(str(entry.settings["optimizer.learning_rate"])) == 10.0
    assert close_to(entry.losses, history_column(here.path, "loss"))
    assert entry.results["result.steps"] == 30
    assert entry.results["result.accuracy"] == here.results["accuracy"]
    assert entry.results.get("status", "FINISHED") == "FINISHED"
    assert name == "tensorboard" or {"run.json", "results.csv", "history.csv"} <= entry.files
    assert name != "mlflow" or {"snapshots", "run.log"} <= entry.files


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_goes_on_has_each_point_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = tmp_path / f"on_{name}", tmp_path / "here"
    runner.train(
        *(*ONCE, *logger(name, place), f"hydra.run.dir={folder}"),
        "recording.snapshots.epochs=10",
    )
    (folder / "snapshots" / "step-000000030.npz").unlink()  # as if it had been killed after 20
    about = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**about, "status": "running"}))
    monkeypatch.setattr("runner.experiment.tracking.MOST_WAITING", 30)  # beside those of before
    runner.resume(folder, "stopping.max_steps=45")
    (entry,) = entries(name, place)
    assert close_to(entry.losses, history_column(folder, "loss"))
    assert len(entry.losses) == 45
    assert entry.results["result.steps"] == 45


QUICK = {("folders", "wandb"), ("rows", "trackio"), ("rows", "tensorboard")}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        pytest.param(*each, marks=[] if each in QUICK else pytest.mark.release)
        for each in product(("folders", "rows"), READERS)
    ],
)
def test_every_job_of_a_pool_is_in(record: str, name: str, run: InProcess, tmp_path: Path) -> None:
    place = tmp_path / f"{record}_{name}"
    sweep = ("-m", "seed=1,2,3", "sweep.workers=2", f"sweep.record={record}", "hydra.sweep.dir=s")
    for _ in range(2):  # again: there is nothing to do
        assert run(*sweep, *ONCE, *logger(name, place)).code == 0
    found = entries(name, place)
    assert [entry.name.rpartition("/")[2] for entry in found] == ["0", "1", "2"]
    runs = runner.load_runs(run.cwd / "s").set_index("seed")
    for seed, entry in enumerate(found, 1):
        assert [step for step, _ in entry.losses] == list(range(1, 31))
        assert entry.losses[-1][1] == pytest.approx(runs["loss"][seed], rel=1e-6)


class Failing:
    """A tracker that fails, or hangs, in one of its three."""

    def __init__(self, where: str, *, hangs: bool) -> None:
        self._where, self._hangs = where, hangs

    def _come_to(self, where: str) -> None:
        while where == self._where and self._hangs:
            time.sleep(0.05)
        if where == self._where:
            raise OSError(f"no {where}\nfor you")

    def begin(self, _run: object) -> int:
        self._come_to("begin")
        return -1

    def record(self, _points: object) -> None:
        self._come_to("record")

    def end(self, _end: object) -> None:
        self._come_to("end")


def weights_of(folder: Path) -> list[bytes]:
    """The states that a run has kept, but for the seconds that it took."""
    found = []
    for path in sorted((folder / "snapshots").glob("*.npz")):
        with np.load(path) as members:
            found.append(members["parameters"].tobytes())
    return found


@pytest.mark.parametrize(
    ("where", "hangs"),
    [
        ("begin", False),
        ("record", False),
        pytest.param("end", False, marks=pytest.mark.release),
        pytest.param("begin", True, marks=pytest.mark.release),
        pytest.param("record", True, marks=pytest.mark.release),
        ("end", True),
    ],
)
def test_a_tracker_that_fails_stops_no_run(
    where: str, hangs: bool, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> Failing:
        return Failing(where, hangs=hangs)

    def told_slowly(error: BaseException) -> str:
        time.sleep(0.3)
        return error_line(error)

    monkeypatch.setattr("runner.experiment.tracking.opened", opened)
    monkeypatch.setattr("runner.experiment.tracking.error_line", told_slowly)
    if hangs:
        monkeypatch.setattr("runner.experiment.tracking.MOST_SECONDS", 0.2)
    monkeypatch.setattr("runner.leaving.hanging", [])
    monkeypatch.setattr("runner.experiment.running.check_trackers", lambda _: None)
    for number in range(2):
        ended = run(*ONCE, "+logger=mlflow", f"hydra.run.dir=tracked{number}")
        assert ended.code == 0
        assert ended.err.count("MLflow did not take the run") == (number == 0)  # told once
        assert ended.err.count("\n") == (number == 0)
    assert run(*ONCE, "hydra.run.dir=untracked").code == 0
    assert weights_of(run.cwd / "tracked0") == weights_of(run.cwd / "untracked")
    first, second = (history_column(run.cwd / n, "loss") for n in ("tracked0", "untracked"))
    assert first == second


def test_a_failure_is_told_once_though_time_is_up_while_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    telling = Event()

    def told_slowly(error: BaseException) -> str:
        telling.set()
        time.sleep(0.3)
        return error_line(error)

    monkeypatch.setattr("runner.experiment.tracking.error_line", told_slowly)
    monkeypatch.setattr(
        "runner.experiment.tracking.opened", lambda *_: Failing("begin", hangs=False)
    )
    monkeypatch.setattr("runner.leaving.hanging", [])
    tags = {"runner.folder": "here"}
    settings = TrackerSettings(None, "runner")
    feed = Feed("mlflow", settings, TrackedRun("a", "one", None, {}, tags, 1.0, known=False), 9)
    feed.start()
    feed.wait(telling.is_set)
    feed.join()
    assert capfd.readouterr().err.count("did not take the run") == 1
    assert leaving.hanging == []


class Interrupting(Failing):
    """A tracker whose run is interrupted as it begins."""

    def __init__(self, told: list[str]) -> None:
        super().__init__("nowhere", hangs=False)
        self._told = told

    def begin(self, _run: object) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return -1

    def end(self, end: object) -> None:
        assert isinstance(end, TrackedEnd)
        self._told.append(end.status)


def test_an_interrupted_run_is_told_before_it_is_drawn(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("runner.experiment.tracking.opened", lambda *_: Interrupting(told))
    monkeypatch.setattr("runner.experiment.running.check_trackers", lambda _: None)
    monkeypatch.setattr("runner.experiment.running.draw_plots", lambda *_: told.append("drawn"))
    long = ("stopping.target=null", "stopping.max_seconds=20", "recording.plots=true")
    assert run("+logger=mlflow", *long, "hydra.run.dir=here").code == 130
    assert told == ["interrupted", "drawn"]


@pytest.mark.parametrize("name", sorted(READERS.keys() - {"trackio"}))
def test_a_tracker_that_cannot_write_says_so(name: str, run: InProcess) -> None:
    (run.cwd / "file").write_text("")
    ended = run(*ONCE, *logger(name, Path("file")), "hydra.run.dir=here")
    assert ended.code == 0
    assert ended.err.startswith(f"warning: {KINDS[name].title} did not take the run ")
    assert ended.err.count("\n") == 1
    assert read_row(run.cwd / "here" / "results.csv")["status"] == "completed"


def test_what_trackio_only_warns_of_is_told(tmp_path: Path, trackio_folder: Path) -> None:
    pytest.importorskip("trackio")
    tracker = WandbTracker("trackio", TrackerSettings(None, "full"))
    tracker.begin(TrackedRun("a" * 12, "one", None, {}, {}, 1.0, known=False))
    database = trackio_folder / "full.db"
    database.unlink(missing_ok=True)
    database.mkdir()
    tracker.record([Point(1, 1, 0.1, {"loss": 0.5})])
    with pytest.raises(OSError, match="flush metric logs"):
        tracker.end(TrackedEnd("completed", {}, 2.0, None))


def test_a_tracker_that_is_not_there_is_named_before_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runner.exporting.trackers.find_spec", lambda _: None)
    for name, kind in KINDS.items():
        asked = LoggerSettings(**{name: TrackerSettings(None, "runner")})
        wanted = rf"logger={name} needs {kind.package}, .*pip install '\.\[{name}\]'"
        with pytest.raises(SettingsError, match=wanted):
            check_trackers(asked)


def test_a_sweep_is_refused_as_a_whole(run: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.exporting.trackers.find_spec", lambda _: None)
    ended = run("-m", "seed=1,2", *ONCE, "+logger=wandb", "hydra.sweep.dir=s")
    assert ended.code == 2
    assert "pip install '.[wandb]'" in ended.err
    assert not list(run.cwd.glob("s/*/run.json"))


def test_a_run_of_before_names_its_tracker_otherwise() -> None:
    before = {"name": "mlflow", "folder": "store", "experiment": "mine"}
    settings = runner.settings.parse_settings({**composed(), "logger": before})
    assert settings.logger == LoggerSettings(mlflow=TrackerSettings("store", "mine"))


MISTAKES: dict[str, tuple[list[str], list[str]]] = {
    "a key of another's": (["+logger=wandb", "logger.folder=x"], ["logger.wandb.folder"]),
    "a server": (
        ["+logger=mlflow", "logger.mlflow.folder=http://127.0.0.1:9"],
        ["logger.mlflow.folder", "a folder on this machine"],
    ),
    "a name": (["+logger=tensorbord"], ["did you mean 'tensorboard'"]),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_in_one_line(case: str, run: InProcess) -> None:
    arguments, told = MISTAKES[case]
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert all(part in ended.err for part in told), ended.err


@pytest.mark.release
def test_an_interrupt_waits_for_no_server(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    nobody: dict[str, Any] = {
        "WANDB_MODE": "online",
        "WANDB_API_KEY": "a" * 40,
        "WANDB_BASE_URL": "http://127.0.0.1:9",
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "default",
    }
    asked = ("+logger=wandb", "stopping.target=null", "stopping.max_seconds=100")
    process = start(*asked, "hydra.run.dir=here", cwd=tmp_path, **nobody)
    while not list(tmp_path.glob("here/snapshots/*")):
        time.sleep(0.1)
    time.sleep(3)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    ended = ending(process)
    assert ended.code == 143
    assert time.monotonic() - began < 10
    assert "Weights & Biases did not take the run" in ended.err
