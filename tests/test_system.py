"""What systems lack, each taken away from a copy of the module that asks for it."""

import ctypes
import errno
import json
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from runner import system
from runner.errors import ConflictError
from runner.run_folder.ownership import beginning, check_empty, take_away
from runner.storage.locks import hold, let_go_of, this_process, writer_lives
from runner.storage.reading import open_regular


def copy(
    monkeypatch: pytest.MonkeyPatch, *lacking: tuple[Any, str], without: Iterable[str] = ()
) -> Any:
    """The module as it is where these attributes and modules are not there."""
    with monkeypatch.context() as less:
        for owner, name in lacking:
            less.delattr(owner, name)
        for name in without:
            less.setitem(sys.modules, name, None)
        assert system.__file__
        spec = spec_from_file_location("copy", system.__file__)
        assert spec
        assert spec.loader
        found = module_from_spec(spec)
        spec.loader.exec_module(found)
    return found


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """This process with locks that are files, as Windows has them."""
    held: dict[tuple[int, int], int] = {}

    def locking(descriptor: int, _mode: int, _count: int) -> None:
        about = os.fstat(descriptor)
        for other in [*held.values()]:
            try:
                same = os.path.samestat(os.fstat(other), about)
            except OSError:  # closed, and so let go
                continue
            if same and other != descriptor:
                raise PermissionError(errno.EACCES, "Permission denied")
        held[about.st_ino, descriptor] = descriptor

    stand_in = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
    for name, value in {"fcntl": None, "msvcrt": stand_in, "LOCKS_FOLDERS": False}.items():
        monkeypatch.setattr(system, name, value)
    return monkeypatch


def test_on_linux_nothing_is_done_without() -> None:
    assert system.FORKS
    assert system.LOCKS_FOLDERS
    assert system.SEES_LINKS
    assert system.SYNCS_ALL
    assert system.FULL_SYNC is None
    assert system.there(("SIGINT", "SIGHUP", "SIGUSR1")) == ("SIGINT", "SIGHUP", "SIGUSR1")


def test_processes_are_forked_where_that_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert copy(monkeypatch).FORKS
    assert not copy(monkeypatch, (os, "fork")).FORKS
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not copy(monkeypatch).FORKS


def test_signals_that_are_not_there_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    less = types.SimpleNamespace(__members__={"SIGINT": signal.SIGINT})
    monkeypatch.setattr(signal, "Signals", less)
    assert system.there(("SIGINT", "SIGHUP")) == ("SIGINT",)


def test_an_alarm_comes_without_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGURG, raising=False)
    lacking = copy(monkeypatch, (signal, "SIGALRM"))
    assert lacking.ALARM == signal.SIGURG
    monkeypatch.delattr(signal, "setitimer")
    came: list[int] = []
    before = signal.signal(signal.SIGURG, lambda number, _: came.append(number))
    lacking.alarm_in(0.01)
    last = time.monotonic() + 5
    while not came and time.monotonic() < last:
        time.sleep(0.01)
    signal.signal(signal.SIGURG, before)
    assert came == [signal.SIGURG]


def test_a_full_sync_is_asked_for_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    full = types.SimpleNamespace(fcntl=lambda _, command: done.append(f"full {command}"))
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    monkeypatch.setattr(system, "fcntl", full)
    for command in (None, 51):
        monkeypatch.setattr(system, "FULL_SYNC", command)
        system.sync_place(tmp_path)
    assert done == ["fsync", "full 51"]

    def refused(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "a network file system")

    monkeypatch.setattr(system, "fcntl", types.SimpleNamespace(fcntl=refused))
    system.sync_place(tmp_path)
    assert done[2:] == ["fsync"]


def test_jobs_are_synced_one_by_one_where_all_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not copy(monkeypatch, (os, "sync")).SYNCS_ALL
    copy(monkeypatch).sync_all()
    with monkeypatch.context() as less:
        less.delattr(os, "sync")
        system.sync_all()
    import fcntl

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    assert not copy(monkeypatch).SYNCS_ALL


def test_a_lock_that_is_a_file_holds_a_folder_and_goes_with_it(
    windows: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with beginning(folder):
        assert [path.name for path in folder.iterdir()] == [system.LOCK]
        with pytest.raises(ConflictError, match="in use"):
            hold(folder)
        check_empty(folder, "hydra.run.dir")  # a lock is not of a run, wherever it is left
    assert not list(folder.iterdir())
    take_away([folder])
    assert not folder.exists()


def test_without_locks_the_writer_that_is_recorded_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("fcntl", "msvcrt"):
        monkeypatch.setattr(system, name, None)
    monkeypatch.setattr(system, "LOCKS_FOLDERS", False)
    let_go_of(hold(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = system.process_start(process.pid)
    about = {"id": process.pid, "host": this_process()["host"], "started": started}
    text = json.dumps({"status": "running", "process": about})
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConflictError, match=str(process.pid)):
        hold(tmp_path)
    process.communicate(b"\n")
    let_go_of(hold(tmp_path))


def test_without_proc_the_system_is_asked_when_a_process_began(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = this_process()["host"]  # before: who this process is is asked once
    monkeypatch.setattr(system, "PROCESSES", tmp_path / "none")
    started = system.process_start(os.getpid())
    assert started
    assert "20" in started  # such as Sun Nov 29 03:10:37 2026
    here = {"id": os.getpid(), "host": host, "started": started}
    assert writer_lives(here)
    assert not writer_lives(here | {"started": "Sun Nov 29 03:10:37 2020"})
    assert system.process_start(2**22 + 1) is None
    assert 0 < system.seconds_since_start() < 1e5
    assert not system.is_caught(signal.SIGINT)
    monkeypatch.setenv("PATH", str(tmp_path))  # nor is there such a command
    assert system.process_start(os.getpid()) is None


class Kernel:
    """Of Windows' library what is called: process 7 began at 123 and goes on, 8 has ended."""

    def __init__(self) -> None:
        self.OpenProcess = lambda _access, _inherited, process: process

    def GetProcessTimes(self, _handle: Any, *times: Any) -> int:  # noqa: N802
        times[0]._obj[0] = 123
        return 1

    def GetExitCodeProcess(self, handle: Any, code: Any) -> int:  # noqa: N802
        code._obj.value = 259 if handle.value == 7 else 0
        return 1

    def CloseHandle(self, _handle: Any) -> int:  # noqa: N802
        return 1

    def GlobalMemoryStatusEx(self, status: Any) -> int:  # noqa: N802
        assert ctypes.sizeof(status._obj) == status._obj[0] & 0xFFFFFFFF == 64
        status._obj[1] = 1 << 33
        return 1


def test_windows_is_asked_in_its_own_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ctypes, "WinDLL", lambda _: Kernel(), raising=False)
    monkeypatch.setattr(system, "PROCESSES", tmp_path / "none")
    monkeypatch.setattr(system, "WINDOWS", True)
    assert [system.process_start(process) for process in (7, 8, 0)] == ["123", None, None]
    assert system.memory_limits()[0] == 1 << 33
    assert set(system.own_group()) == {"creationflags"}
    system.sync_place(tmp_path)  # folders are left alone, and so is what is to be opened for it


def test_who_reads_a_file_is_waited_for_on_windows_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real, refusals = os.replace, [1, 1]

    def replace(source: str, target: str) -> None:
        if refusals:
            refusals.pop()
            raise PermissionError(errno.EACCES, "somebody reads it")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    (tmp_path / "new").touch()
    with pytest.raises(PermissionError):
        system.replace(tmp_path / "new", tmp_path / "old")
    monkeypatch.setattr(system, "WINDOWS", True)
    system.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").exists()


def test_memory_that_nobody_tells_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = copy(monkeypatch, without=("resource",))
    monkeypatch.delattr(os, "sysconf")
    assert lacking.memory_limits() == []


def test_links_and_pipes_are_refused_where_no_flag_does_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(system, "SEES_LINKS", False)
    monkeypatch.setattr(system, "UNSURPRISED", 0)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    os.close(open_regular(tmp_path / "file", os.O_RDONLY))
    os.close(open_regular(tmp_path / "new", os.O_RDWR | os.O_CREAT))
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"symbolic link|plain file"):
            open_regular(tmp_path / name, os.O_RDONLY)
