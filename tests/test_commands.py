import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

from runner.__main__ import COMMANDS
from runner.__main__ import main as command
from runner.checking.extras import extra
from runner.commands import CommandParser, run_command
from runner.errors import (
    ConflictError,
    DataError,
    RunnerError,
    SettingsError,
    SnapshotError,
    refused_by_system,
)
from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT, ending, start

ERRORS: dict[str, tuple[BaseException, int, str]] = {
    "settings": (SettingsError("bad value"), 2, "bad value"),
    "data": (DataError("line 3"), 3, "line 3"),
    "snapshot": (SnapshotError("torn"), 4, "torn"),
    "conflict": (ConflictError("in use"), 5, "in use"),
    "several lines": (RunnerError("one\ntwo"), 1, r"one\ntwo"),
    "full disk": (OSError(28, "No space left", "x.csv"), 6, "x.csv: No space left"),
    "no memory": (MemoryError("Unable to allocate"), 6, "there is not enough memory"),
    "no memory for a process": (
        OSError(12, "Cannot allocate memory"),
        6,
        "there is not enough memory",
    ),
    "no library": (
        OSError("Could not load libllvmlite.so"),
        6,
        "there is not enough memory, or a library",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_line_and_the_exit_code_of_its_kind(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    error, code, text = ERRORS[name]

    def main(_: Sequence[str]) -> int:
        raise error

    assert run_command(main, []) == code
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {text}")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_ctrl_c_ends_a_command_with_130() -> None:
    def main(_: Sequence[str]) -> int:
        raise KeyboardInterrupt

    assert run_command(main, []) == 130


def test_the_whole_traceback_is_shown_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def main(_: Sequence[str]) -> int:
        raise SettingsError("bad value")

    with pytest.raises(SettingsError):
        run_command(main, [])


def test_a_fault_of_the_runner_itself_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(lambda _: 1 // 0, [])


def test_a_bad_argument_is_an_error_in_one_line() -> None:
    parser = CommandParser("thing", "Does a thing.")
    with pytest.raises(SettingsError, match=r"--wrong; python -m runner\.thing --help"):
        parser.parse_args(["--wrong"])


def test_a_warning_is_one_line_without_code(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("a,k\n" + "1,x\n" * 20)
    arguments = ("csv", "dataset.path=one.csv", "dataset.target=k")
    end = ending(start(*arguments, module="runner.data", cwd=tmp_path, PYTHONWARNINGS="default"))
    assert end.code == 0
    assert end.err.startswith("warning: dataset.target=k has one class only, 'x'")
    assert end.err.count("\n") == 1


def test_the_data_command_asks_for_a_data_set() -> None:
    with pytest.raises(SettingsError, match=r"no data set is named; .* runner\.data digits"):
        import_module("runner.data.__main__").main([])


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(SettingsError, match=r"needs no_such_module.*'\.\[onnx\]'"):
        extra("no_such_module", "onnx")
    assert extra("json", "onnx").dumps(1) == "1"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text_with_examples(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["runner", name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        command()
    assert f"examples:\n  python -m runner.{name}" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    arguments = [sys.executable, "-m", "runner.data", "xor"]
    end = subprocess.run(
        arguments, cwd=tmp_path, env=ENVIRONMENT, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert end.returncode == 0
    assert end.stderr == b""


FULL = OSError(28, "No space left on device")
"""As a write raises it: without the file's name."""


def test_a_file_that_the_system_does_not_name_is_looked_for_where_the_disk_is_full() -> None:
    full = Path("/proc")  # has no room, ever
    assert str(refused_by_system(FULL, full)).startswith("/proc: No space left on device; ")
    assert str(refused_by_system(FULL, CHECKOUT)).startswith("standard output: No space left")


@pytest.mark.parametrize("arguments", ["", "-m seed=1,2 hydra/sweeper=basic"])
def test_a_working_folder_that_is_gone_is_named(arguments: str, tmp_path: Path) -> None:
    script = f"mkdir gone; cd gone; rmdir ../gone; exec {sys.executable} -P -m runner {arguments}"
    ended = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 6
    assert ended.stderr.startswith("error: the working folder: No such file or directory; ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_a_first_word_is_a_command(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["runner", name, "--nonsense"])
    assert command() == 2
    assert f"python -m runner.{name} --help" in capsys.readouterr().err
