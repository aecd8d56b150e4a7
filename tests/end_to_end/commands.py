"""Starting the runner from tests: as a process, or in this one."""

import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runner.application.folder_guard import FolderGuard
from runner.application.main import main
from runner.configuration.composing import compose
from runner.experiment import sharing

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"},
    "PYTHONPATH": str(CHECKOUT),
    "PYTHONWARNINGS": "error",
}


def composed(*overrides: str) -> dict[str, Any]:
    """The configuration that these overrides give."""
    return deepcopy(composed_once(overrides))


@cache
def composed_once(overrides: tuple[str, ...]) -> dict[str, Any]:
    """The same, shared: composing takes longer than a short run."""
    return compose(overrides)


def start(
    *arguments: str, cwd: Path, module: str = "runner", **environment: str
) -> subprocess.Popen[str]:
    """The runner as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    out: str
    err: str


def ending(process: subprocess.Popen[str], timeout: float = 60) -> Ending:
    """Waits for the process to end; `timeout` in seconds."""
    out, err = process.communicate(timeout=timeout)
    return Ending(process.returncode, out, err)


def command(*arguments: str, cwd: Path, **environment: str) -> Ending:
    """Runs `python -m runner` to its end."""
    return ending(start(*arguments, cwd=cwd, **environment))


class InProcess:
    """`python -m runner` without a new process: what would be a traceback is an exception."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], cwd: Path
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        self.cwd = cwd

    def __call__(self, *arguments: str) -> Ending:
        """Runs the command in `cwd`."""
        with self._monkeypatch.context() as patch:
            patch.chdir(self.cwd)
            patch.setattr(sys, "argv", ["runner", *arguments])
            patch.setattr(FolderGuard, "path", None)
            patch.setattr(FolderGuard, "made", ())
            patch.delenv("HYDRA_FULL_ERROR", raising=False)
            for kept in (sharing._datasets, sharing._parts):  # a new process has none
                kept.clear()
            self._capfd.readouterr()
            code = main()
            patch.setenv("HYDRA_FULL_ERROR", "")  # main has set it: the patch takes it away again
        said = self._capfd.readouterr()
        return Ending(code, said.out, said.err)
