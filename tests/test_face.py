"""Training and sweeping from Python: the same folders as from a shell, and nothing left behind."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

import runner
from runner.configuration.composing import prepared_hydra
from runner.configuration.omegaconf_inside import register_resolver
from runner.configuration.overrides import parsed_override, value_text
from runner.errors import (
    ConflictError,
    DataError,
    DivergedError,
    RunnerError,
    SettingsError,
)
from runner.face import texts_of
from tests.end_to_end.commands import ENVIRONMENT, command
from tests.end_to_end.test_launchers import wait_until

SHORT = "stopping.max_steps=60"
DIVERGING = (
    "network.activation={hidden: linear, output: linear}",
    "stopping.target=null",
    "stopping.max_steps=100000",
)
TIMED = {"run.json", "run.log", "results.csv", "history.csv"}
"""Files that tell times."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    store, about = ConfigStore.instance().repo, HydraConfig.instance().cfg
    initialized = GlobalHydra.instance().is_initialized()
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert GlobalHydra.instance().is_initialized() == initialized
    assert HydraConfig.instance().cfg is about
    assert ConfigStore.instance().repo is store


def contents(folder: Path) -> dict[str, bytes]:
    """A folder's files, without the columns of tables that tell times."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str)
            timed = ["seconds", "steps_per_second", "started", "finished"]
            found[name] = table.drop(columns=timed, errors="ignore").to_csv().encode()
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                untimed = [n for n in arrays.files if n not in ("seconds", "history")]
                found[name] = b"".join(arrays[n].tobytes() for n in untimed)
        elif name not in TIMED:
            found[name] = path.read_bytes()
    return found


@pytest.mark.usefixtures("pictures")
def test_a_run_leaves_the_folder_that_a_shell_leaves(tmp_path: Path) -> None:
    shell = ["optimizer=adam", "seed=3", "recording.history=[1,5,60]", SHORT, "hydra.run.dir=a"]
    assert command(*shell, cwd=tmp_path).code == 0
    theirs = contents(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    made = runner.train(*shell)
    assert made.path == tmp_path / "a"
    assert contents(made.path) == theirs


def test_settings_by_name_are_overrides() -> None:
    made = runner.train(SHORT, seed=np.int64(3), topology="3-2-1", **{"dataset.name": "it's"})
    assert OmegaConf.load(made.path / ".hydra" / "overrides.yaml") == [
        SHORT, "seed=3", "topology=3-2-1", r"dataset.name='it\'s'",
    ]  # fmt: skip
    assert made.settings["dataset.name"] == "it's"


def test_a_run_tells_what_it_came_to() -> None:
    made = runner.train(SHORT, seed=1)
    assert made.results["steps"] == 60
    assert made.history["step"].iloc[-1] == 60
    assert made.network.network.topology.sizes == (3, 4, 1)
    assert made.predict([[0, 0, 1]]).shape == (1, 1)
    assert "learning_curve" in made.pictures
    assert made.plot().png.startswith(b"\x89PNG")
    assert str(made.path) in made._repr_html_()
    with pytest.raises(SettingsError, match="no picture 'nonsense'"):
        made.plot("nonsense")


def test_a_run_is_silent_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    runner.train(SHORT)
    assert capfd.readouterr() == ("", "")


def test_a_run_goes_on() -> None:
    made = runner.train(SHORT, seed=2)
    before = made.settings["stopping.max_steps"]
    longer = runner.resume(made, **{"stopping.max_steps": 90})
    assert longer.results["steps"] == 90
    assert (before, made.settings["stopping.max_steps"]) == (60, 90)
    at_once = runner.train("stopping.max_steps=90", seed=2)
    assert longer.network.parameters.tobytes() == at_once.network.parameters.tobytes()
    assert runner.resume(made.path).path == made.path  # complete


def test_what_is_not_sound_is_warned_of_where_a_run_goes_on() -> None:
    made = runner.train(SHORT)
    snapshots = sorted((made.path / "snapshots").iterdir())
    snapshots[-1].write_bytes(snapshots[-1].read_bytes()[:-9])
    with pytest.warns(UserWarning, match=snapshots[-1].name) as warned:
        runner.resume(made, **{"stopping.max_steps": 90})
    assert warned[0].filename == __file__


def test_a_sweep_is_a_table_of_its_runs() -> None:
    runs = runner.sweep(SHORT, topology=["3-4-1", "3-8-1"], seed=range(1, 4))
    assert runs.groupby("topology")["seed"].apply(list).to_dict() == {
        "3-4-1": [1, 2, 3],
        "3-8-1": [1, 2, 3],
    }
    alone = runner.train(SHORT, topology="3-8-1", seed=2)
    swept = runs.run(4)
    assert swept.network.parameters.tobytes() == alone.network.parameters.tobytes()
    assert (runs.folder / "results.csv").is_file()
    assert "6 runs in" in runs._repr_html_()
    assert type(runs[runs["seed"] == 1]) is pd.DataFrame


@pytest.mark.parametrize(
    ("dataset", "measures"),
    [("moons", ["accuracy", "test_accuracy"]), ("sine", ["mae", "test_r2"])],
)
def test_a_notebook_shows_what_was_measured(dataset: str, measures: list[str]) -> None:
    small = ("engine=numpy", f"dataset={dataset}", "stopping.max_epochs=1")
    runs = runner.sweep(*small, seed=[1, 2])
    for shown in (runs, runs.run(0)):
        text = shown._repr_html_()
        assert [name for name in measures if f"<th>{name}</th>" not in text] == []
    assert "<th>val_" not in runs._repr_html_()


def test_jobs_with_threads_end_though_an_engine_was_made_before_they_were_forked() -> None:
    wide = ("dataset=digits", "topology=64-40-10", "stopping.max_epochs=1", "threads=2")
    runs = runner.sweep(*wide, "sweep.objective=accuracy", seed=[1, 2])
    assert runs["status"].tolist() == ["completed"] * 2


def test_a_sweep_goes_on_in_its_folder() -> None:
    first = runner.sweep(SHORT, "hydra.sweep.dir=s", seed=[1, 2])
    more = runner.sweep(SHORT, "hydra.sweep.dir=s", seed=[1, 2, 3])
    assert first.folder == more.folder
    assert more["seed"].tolist() == [1, 2, 3]


def test_a_plan_writes_nothing() -> None:
    with pytest.warns(UserWarning, match="1 of the sweep's 2 jobs failed"):
        made = runner.sweep(SHORT, "hydra.sweep.dir=s", topology=["3-4-1", "2-4-1"])
    (made.folder / "results.csv").unlink()
    before = sorted(made.folder.rglob("*"))
    planned = runner.sweep("sweep.plan=true", SHORT, "hydra.sweep.dir=s", seed=[1, 2])
    assert planned["status"].tolist() == ["completed", "failed"]
    assert sorted(made.folder.rglob("*")) == before
    assert runner.sweep("sweep.plan=true", SHORT, "hydra.sweep.dir=t", seed=[1, 2]).empty
    assert not Path("t").exists()


REFUSED: dict[str, tuple[Callable[[], object], type[RunnerError], str]] = {
    "an unknown key": (lambda: runner.train(topologie="3-4-1"), SettingsError, "did you mean"),
    "a value of no kind": (
        lambda: runner.train(seed=object()),
        SettingsError,
        "seed=.* is of type object",
    ),
    "a sweep's option": (lambda: runner.train("sweep.workers=1"), SettingsError, "single run"),
    "what is no text": (lambda: runner.train(1), SettingsError, "1 is of type int"),  # type: ignore[arg-type]
    "bytes": (lambda: runner.train(topology=b"3-4-1"), SettingsError, "is of type bytes"),
    "no folder of a run": (lambda: runner.Run(None), SettingsError, "NoneType"),  # type: ignore[arg-type]
    "no run to resume": (
        lambda: runner.resume(pd.Series({"path": "run"})),  # type: ignore[arg-type]
        SettingsError,
        "Series; expected a run's folder",
    ),
    "too many values": (lambda: runner.sweep(seed=range(10**20)), SettingsError, "more than"),
    "values without end": (lambda: runner.sweep(seed=count()), SettingsError, "more than"),
    "a type": (lambda: runner.sweep(seed=list), SettingsError, "is of type type"),
    "a range of none": (lambda: runner.sweep("seed=range(3,3)"), SettingsError, "sweep is empty"),
    "several choices": (
        lambda: runner.train(dataset=["xor", "and"], topology="2-2-1"),
        SettingsError,
        "dataset is given a value of type list; expected the name of one choice",
    ),
    "an array for a choice": (
        lambda: runner.train(optimizer=np.array(["adam"])),
        SettingsError,
        "optimizer is given a value of type ndarray",
    ),
    "a number for a choice": (
        lambda: runner.sweep(optimizer=[1, 2]),
        SettingsError,
        "optimizer is given a value of type int",
    ),
    "a masked value": (
        lambda: runner.train(seed=np.ma.masked),
        SettingsError,
        "is of type MaskedConstant",
    ),
    "a date": (
        lambda: runner.train(seed=np.timedelta64(1, "s")),
        SettingsError,
        "of type timedelta64",
    ),
    "no values": (lambda: runner.sweep(seed=[]), SettingsError, "has no values"),
    "several values": (lambda: runner.train("seed=1,2"), SettingsError, r"runner\.sweep"),
    "a range of values": (lambda: runner.train("seed=range(1,5)"), SettingsError, r"runner\.sweep"),
    "a list of values": (lambda: runner.train(seed=[1, 2]), SettingsError, r"runner\.sweep"),
    "a table": (
        lambda: runner.train(dataset=pd.DataFrame({"a": [1]})),
        SettingsError,
        r"dataset is a table of type DataFrame; .*dataset\.path=table\.csv",
    ),
    "arrays": (
        lambda: runner.train([[1]], [2]),  # type: ignore[arg-type]
        SettingsError,
        r"dataset\.path=table\.csv",
    ),
    "an unknown choice": (lambda: runner.train(optimizer="adma"), SettingsError, "did you mean"),
    "no topology": (
        lambda: runner.sweep(topology=["x", "3-4-1"]),
        SettingsError,
        "is not a topology",
    ),
    "a job that cannot be": (lambda: runner.sweep(seed=[1, -1]), SettingsError, "#1 seed=-1"),
    "no data": (
        lambda: runner.train("dataset=csv", "dataset.path=x", "dataset.target=y"),
        DataError,
        "x",
    ),
    "another launcher": (
        lambda: runner.sweep("hydra/launcher=basic", seed=[1, 2]),
        SettingsError,
        "for the command line",
    ),
    "a folder for jobs": (lambda: runner.train("hydra.job.chdir=true"), SettingsError, "command"),
    "a folder with a run": (
        lambda: [runner.train(SHORT, "hydra.run.dir=a") for _ in range(2)],
        ConflictError,
        "already holds a run",
    ),
    "divergence": (
        lambda: runner.train(*DIVERGING),
        DivergedError,
        "training diverged",
    ),
}


@pytest.mark.parametrize(("call", "kind", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_mistakes_are_exceptions_of_one_line(
    call: Callable[[], object], kind: type[RunnerError], told: str
) -> None:
    with pytest.raises(kind, match=told) as raised:
        call()
    assert "\n" not in str(raised.value)
    if kind is SettingsError:  # which says all that Hydra and OmegaConf have to say
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_what_was_refused_leaves_no_folder() -> None:
    with pytest.raises(SettingsError):
        runner.train(topology="2-4-1")
    with pytest.raises(SettingsError):
        runner.sweep(seed=[1, -1])
    assert not list(Path().iterdir())


def test_a_sweep_names_the_jobs_that_failed_and_they_show_what_they_know() -> None:
    with pytest.warns(
        UserWarning, match="1 of the sweep's 2 jobs failed: #1 stopping.max_steps=60 topology=2-4-1"
    ):
        runs = runner.sweep(SHORT, topology=["3-4-1", "2-4-1"])
    assert runs["status"].tolist() == ["completed", "failed"]
    failed = runs.run(1)
    assert "failed" in failed._repr_html_()
    with pytest.raises(RunnerError, match="holds no snapshot"):
        failed.predict([[0, 0]])


def test_who_else_uses_hydra_finds_it_as_it_was() -> None:
    theirs, ours = ("now", "mine", "times"), ("unique", "held_out", "watching")
    for name in theirs:
        register_resolver(name, lambda *_: "mine")
    try:
        runner.train(SHORT)
        runner.sweep(SHORT, seed=[1, 2])
        assert [OmegaConf.create({"a": f"${{{name}:}}"}).a for name in theirs] == ["mine"] * 3
    finally:
        for name in theirs:
            OmegaConf.clear_resolver(name)
    assert not any(map(OmegaConf.has_resolver, ours))


def test_of_two_that_overlap_the_last_leaves_hydra_as_it_was() -> None:
    types, base = SourcesRegistry.instance().types, VersionBase.instance()
    before, resolvers = (types["file"], base.version_base), BaseContainer._resolvers
    first, second = prepared_hydra(), prepared_hydra()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert OmegaConf.create({"a": "${times:2,3}"}).a == 6
    assert types["file"] is not before[0]  # what is read is still checked
    second.__exit__(None, None, None)
    assert (types["file"], base.version_base) == before
    assert BaseContainer._resolvers is resolvers
    assert not OmegaConf.has_resolver("times")


def test_sections_may_be_mappings() -> None:
    run = runner.train(stopping={"max_steps": 60}, optimizer={"learning_rate": 0.5})
    assert (run.settings["stopping.max_steps"], run.settings["optimizer.learning_rate"]) == (
        60,
        0.5,
    )
    assert runner.resume(run, stopping={"max_steps": 80}).results["steps"] == 80


def test_inputs_may_come_from_any_table() -> None:
    run = runner.train(SHORT)
    inputs = np.array([[0, 0, 1], [1, 0, 1]])
    told = run.predict(inputs)
    for table in (pd.DataFrame(inputs, dtype="Int64"), pd.DataFrame(inputs, dtype=object)):
        np.testing.assert_array_equal(run.predict(table), told)
    not_masked = np.ma.array(inputs, mask=False)
    np.testing.assert_array_equal(run.predict(not_masked), told)
    refused: list[Any] = [
        pd.Series([1, 2, 3]),
        *([["a", "b", "c"]], [[1 + 1j, 0, 1]], [["2020-01-01"] * 3], [[10**400, 1, 2]]),
        *(np.array([[0, 0, 1]], kind) for kind in ("M8[s]", "m8[s]", complex)),
        *([[np.inf, 0, 1]], [[1e308] * 3], np.ma.array([[1, 2, 3]], mask=[[False, True, False]])),
    ]
    for wrong in refused:
        with pytest.raises(DataError):
            run.predict(wrong)


def script(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A person's own, run in a folder."""
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT,
    )


SECOND_INTERRUPT = """
import os, pathlib, signal, threading, time
import runner

def twice():
    while not list(pathlib.Path("run").glob("snapshots/*")):
        time.sleep(0.01)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=twice).start()
try:
    runner.train("stopping.max_steps=2000000000", "stopping.target=null", "hydra.run.dir=run")
except KeyboardInterrupt:
    print("the script goes on")
"""


def test_a_second_interrupt_does_not_end_the_process(tmp_path: Path) -> None:
    ended = script(SECOND_INTERRUPT, tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "the script goes on\n"), ended.stderr


SWALLOWING_IMPORTS = """
import signal, sys
class Swallowing:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                pass
sys.meta_path.insert(0, Swallowing())
import runner
before = signal.getsignal(signal.SIGINT)
try:
    runner.train("stopping.max_steps=50", "hydra.run.dir=run")
except KeyboardInterrupt:
    assert signal.getsignal(signal.SIGINT) is before
    print("the script goes on")
"""


@pytest.mark.parametrize("module", ["pandas", "hydra", "matplotlib.figure"])
def test_an_interrupt_is_not_lost_where_an_import_swallows_it(module: str, tmp_path: Path) -> None:
    ended = script(SWALLOWING_IMPORTS.format(module=module), tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "the script goes on\n"), ended.stderr


def test_what_the_system_refuses_is_told_in_one_line() -> None:
    run = runner.train(SHORT)
    (run.path / "history.csv").unlink()
    (run.path / "results.csv").unlink()
    for call in (lambda: run.pictures, run.plot):
        with pytest.raises(RunnerError) as raised:
            call()
        assert "\n" not in str(raised.value)


def test_a_run_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.train(SHORT, "hydra.run.dir=here")
    again = runner.Run("here")
    monkeypatch.chdir(tmp_path.parent)
    assert again.results["steps"] == 60


class Count(IntEnum):
    """A number with a name."""

    THREE = 3


def test_a_number_with_a_name_is_its_number() -> None:
    assert value_text("seed", Count.THREE) == "3"


def test_runs_and_sweeps_go_from_any_thread() -> None:
    found: list[Any] = []

    def work() -> None:
        found.append(runner.train(SHORT, seed=1))
        found.append(runner.sweep(SHORT, seed=[1, 2]))

    thread = threading.Thread(target=work)
    with redirect_stdout(io.StringIO()):
        thread.start()
        thread.join()
    run, runs = found
    assert run.results["steps"] == 60
    assert len(runs) == 2


class WritesOnly:
    """What some hosts have instead of standard output."""

    def write(self, text: str) -> int:
        return len(text)


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    "stream",
    [lambda: None, closed, WritesOnly, lambda: open("/dev/full", "w")],
    ids=["none", "closed", "writes only", "full"],
)
def test_no_run_needs_somebody_who_reads(
    stream: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = stream()
    with monkeypatch.context() as host:
        host.setattr(sys, "stdout", screen)
        host.setattr(sys, "stderr", screen)
        run = runner.train(SHORT)
        again = runner.resume(run, **{"stopping.max_steps": 70})
        runs = runner.sweep("stopping.max_steps=20", seed=[1, 2])
        runner.sweep("stopping.max_steps=20", "sweep.plan=true", seed=[1, 2])
    with suppress(AttributeError, OSError):
        screen.close()
    assert (again.results["steps"], len(runs)) == (70, 2)


HOST_WITH_HANDLERS = """
import faulthandler, os, signal, sys, threading
import runner

LONG = ("engine=numpy", "stopping.target=null", "stopping.max_steps=2000000000")
called = []

def ended_by(number, *overrides):
    threading.Timer(1, os.kill, [os.getpid(), number]).start()
    try:
        return runner.train(*LONG, *overrides).results["stop_reason"]
    except KeyboardInterrupt:
        return "interrupted"

faulthandler.register(signal.SIGUSR1)
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: called.append("SIGTERM"))
hook, alarm = sys.unraisablehook, signal.getsignal(signal.SIGALRM)
print(ended_by(signal.SIGINT, "stopping.max_seconds=3"))
print(ended_by(signal.SIGTERM), *called)
print(sys.unraisablehook is hook, signal.getsignal(signal.SIGALRM) == alarm)
os.kill(os.getpid(), signal.SIGUSR1)
print("alive")
"""


def test_signals_of_a_host_are_its_own() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HOST_WITH_HANDLERS],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT,
    )
    told = ["max_seconds", "interrupted SIGTERM", "True True", "alive"]
    assert ended.stdout.splitlines() == told, ended.stderr


SWEEPS_AT_ONCE = """
import multiprocessing, os, threading, time
import runner

def sweep(first):
    runs.append(runner.sweep("stopping.max_steps=200", seed=range(first, first + 4)))

runs = []
threads = [threading.Thread(target=sweep, args=[10 * number]) for number in range(4)]
for thread in threads:
    thread.start()
others = multiprocessing.get_context("fork").Process(target=time.sleep, args=[100])
others.start()
for thread in threads:
    thread.join()
assert others.is_alive(), "the sweeps waited for somebody else's process"
others.kill()
others.join()
print([len(each) for each in runs], multiprocessing.active_children(), flush=True)
"""


def test_sweeps_wait_neither_for_each_other_s_processes_nor_for_the_host_s() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWEEPS_AT_ONCE],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT | {"PYTHONWARNINGS": "ignore::DeprecationWarning"},
    )
    assert ended.stdout.splitlines()[-1:] == ["[4, 4, 4, 4] []"], ended.stderr


HOST_OF_A_CHILD = """
import multiprocessing, pathlib, threading, time
import runner

def child():
    while len(list(pathlib.Path().rglob("run.json"))) < 2:
        time.sleep(0.1)
    others = multiprocessing.get_context("fork").Process(target=time.sleep, args=[30])
    others.start()
    print(others.pid, flush=True)

threading.Thread(target=child).start()
runner.sweep("engine=numpy", "stopping.max_steps=2000000000", "stopping.target=null", seed=[1, 2])
"""


def test_a_sweep_s_processes_end_with_their_parent_whatever_it_has_forked(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST_OF_A_CHILD],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {"PYTHONWARNINGS": "ignore::DeprecationWarning"},
    ) as host:
        assert host.stdout is not None
        other = int(host.stdout.readline())
        host.kill()
        wait_until(lambda: statuses(tmp_path) == ["interrupted"] * 2)
        os.kill(other, signal.SIGKILL)
    assert statuses(tmp_path) == ["interrupted"] * 2


def statuses(folder: Path) -> list[str]:
    return [json.loads(path.read_text())["status"] for path in folder.rglob("run.json")]


@given(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])).filter(
        lambda text: "${" not in text
    )
    | st.lists(st.integers(0, 9) | st.text("ab' ,=[]{}\\\"1.", max_size=6), max_size=3)
)  # fmt: skip
def test_values_are_read_back_as_they_are(value: object) -> None:
    read = parsed_override(f"key={value_text('key', value)}").value()
    assert repr(unquoted(read)) == repr(value)


def unquoted(value: object) -> object:
    """A value without the marks of the quotes that texts in lists were in."""
    if isinstance(value, list):
        return [unquoted(each) for each in value]
    return getattr(value, "text", value)


def test_lists_are_swept_over_and_lists_of_lists_are_values() -> None:
    several = {"seed": range(1, 3), "recording.history": [[1, 2], [3]], "from_": None}
    assert texts_of(several, swept=True) == [
        "seed=1,2",
        "recording.history=[1,2],[3]",
        "from=null",
    ]
