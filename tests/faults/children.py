"""Runs in children of a parent that has loaded everything, each with a fault of one's choice."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import ENVIRONMENT

TEXTS = ("out", "err")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Fault:
    """What happens to one operation on a run's files and folders, or to all from it on.

    action: count (nothing happens), fail, short (a write takes half), kill.
    part: of a write, in thousandths, that is done before a kill; other operations are killed
    before they are done where it is less than 500, and after it otherwise.
    """

    action: str = "count"
    at: int = 0
    error: int = 0
    lasting: bool = False
    part: int = 0

    def __str__(self) -> str:
        name = errno.errorcode.get(self.error, self.action)
        return f"{name} {'from operation' if self.lasting else 'at operation'} {self.at}"


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    code: minus the signal's number where it was killed. seconds: since the signal, or its start.
    busy: seconds of the processor's time. megabytes: its most memory.
    """

    code: int
    operations: int
    seconds: float
    busy: float
    megabytes: float
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether kill -9 ended it."""
        return self.code == -signal.SIGKILL


class Parent:
    """The process that forks. folder: where runs may lie; in memory, where that can be had."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.folder = folder
        self._runs = 0

    def new_folder(self) -> Path:
        """A name for a run's folder that no other has; nothing is there yet."""
        self._runs += 1
        return self.folder / f"run-{self._runs}"

    def __call__(
        self,
        command: str,
        folder: Path,
        overrides: Sequence[str] = (),
        fault: Fault = Fault(),
        *,
        kill_after: float | None = None,
        once: Path | None = None,
        by: Sequence[signal.Signals] = (signal.SIGKILL,),
        journal: Path | None = None,
    ) -> Ended:
        """Runs `run`, or another of the runner's commands, on the folder, to its end.

        kill_after: seconds until it gets the signals `by`, all at once. once: not before there is
        this file.
        """
        request: dict[str, Any] = {"fault": asdict(fault), "kill_after": kill_after, "times": 1}
        request |= {"signals": list(by), "once": once and str(once)}
        request |= {"overrides": list(overrides), "journal": journal and str(journal)}
        answer = self._asked(command, folder, request)
        said = {name: (self.folder / name).read_text(encoding="utf-8") for name in TEXTS}
        names = ("operations", "seconds", "busy", "megabytes", "out", "err")
        return Ended(answer["codes"][0], *((answer | said)[name] for name in names))

    def at_once(self, command: str, folder: Path, times: int) -> list[int]:
        """Starts a command so many times at the same instant; all exit codes."""
        request = {"fault": asdict(Fault()), "kill_after": None, "times": times}
        codes = self._asked(command, folder, {**request, "overrides": [], "journal": None})
        return list(codes["codes"])

    def _asked(self, command: str, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
        texts = {name: str(self.folder / name) for name in TEXTS}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        asked = {"command": command, "folder": str(folder), **request, **texts}
        stdin.write(json.dumps(asked) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer


def c_compiler() -> str | None:
    """The C compiler that Python was built with, or another, if there is one on this machine."""
    names = (str(sysconfig.get_config_var("CC") or "cc").split()[0], "cc", "gcc", "clang")
    return next((name for name in names if shutil.which(name)), None)


def compiled_shim(folder: Path) -> Path:
    """shim.c as a library; skips the test where there is no C compiler."""
    compiler = c_compiler()
    if compiler is None:
        pytest.skip("needs a C compiler, for faults in the middle of file operations")
    library = folder / "shim.so"
    source = HERE / "shim.c"
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"],
        check=True,
    )
    return library


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """An empty folder that is gone afterwards, in memory where that can be had."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - mkdtemp's own
    folder = Path(tempfile.mkdtemp(prefix="runner-faults-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def started_parent() -> Iterator[Parent]:
    """A parent that is ready, and a folder that is gone afterwards."""
    with folder_in_memory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **ENVIRONMENT,
                # A signal may come when a file is open and not yet in the hands of its `with`.
                "PYTHONWARNINGS": "error,ignore::ResourceWarning",
                "LD_PRELOAD": str(compiled_shim(folder)),
                "OPENBLAS_NUM_THREADS": "1",  # a fork takes one thread along
                "NUMBA_NUM_THREADS": "1",
            },
        )
        with process:
            yield Parent(process, folder)
            assert process.stdin is not None
            process.stdin.close()
