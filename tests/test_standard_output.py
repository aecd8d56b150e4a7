"""A run outlives its reader, and whoever has no standard output at all."""

import io
import json
import os
import pty
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runner.standard_output import outliving
from tests.end_to_end.commands import ENVIRONMENT

SHORT = ("stopping.max_steps=20000", "stopping.target=null", "recording.plots=false")
COMMANDS = {
    # what comes after `python -m`, and the folder that a run or sweep leaves
    "a run": (("runner", *SHORT, "hydra.run.dir=run"), "run"),
    "a sweep": (("runner", "-m", *SHORT, "hydra.sweep.dir=sweep", "seed=1,2"), "sweep/1"),
    "the help text": (("runner", "--help"), None),
    "Hydra's information": (("runner", "--info", "config"), None),
    "a configuration": (("runner", "--cfg", "all"), None),
    "a command": (("runner.data", "xor"), None),
    "a command's help": (("runner.compare", "--help"), None),
    "a comparison": (("runner.compare", "."), None),
}
READERS = {
    # how the shell runs a command
    "none": 'exec "$@" >&-',
    "none for errors either": 'exec "$@" >&- 2>&-',
    "one that has ended": '"$@" | true; exit ${PIPESTATUS[0]}',
    "one of the first line": '"$@" 2>&1 | head -n 1; exit ${PIPESTATUS[0]}',
}
SHOWN = [
    *(("a run", reader) for reader in READERS),
    *((case, "none") for case in ("a sweep", "a command", "a comparison")),
    *((case, "one that has ended") for case in COMMANDS if case != "a run"),
]


def through(shell: str, *command: str, cwd: Path, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `python -m …` as a shell runs it."""
    end = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "-m", *command],  # noqa: S607 - of any PATH
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return end.returncode, end.stdout, end.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs to compare."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2):
        arguments = ("runner", *SHORT, f"seed={seed}", f"hydra.run.dir=runs/{seed}")
        assert through('exec "$@"', *arguments, cwd=folder)[0] == 0
    return folder


@pytest.mark.parametrize(("case", "reader"), SHOWN)
def test_a_command_ends_well_whoever_reads_it(
    case: str, reader: str, runs: Path, tmp_path: Path
) -> None:
    arguments, folder = COMMANDS[case]
    place = runs if case == "a comparison" else tmp_path
    code, _, said = through(READERS[reader], *arguments, cwd=place, PYTHONWARNINGS="default")
    assert (code, said) == (0, "")
    if folder is not None:
        about = json.loads((tmp_path / folder / "run.json").read_text())
        assert about["status"] == "completed"
        assert "20000 steps" in (tmp_path / folder / "run.log").read_text()
        assert (tmp_path / folder / "results.csv").is_file()


def test_another_packages_launcher_outlives_its_reader_too(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    sweep = ("-m", "hydra/launcher=joblib", *SHORT, "hydra.sweep.dir=sweep", "seed=1,2")
    assert through(READERS["one that has ended"], "runner", *sweep, cwd=tmp_path)[0] == 0
    rows = (tmp_path / "sweep" / "results.csv").read_text().splitlines()
    assert [row.count(",completed,") for row in rows] == [0, 1, 1]


@pytest.mark.parametrize("case", ["a run", "a command", "a comparison"])
def test_letters_that_a_terminal_lacks_are_escaped(case: str, runs: Path, tmp_path: Path) -> None:
    arguments, folder = COMMANDS[case]
    if folder is not None:
        arguments = (*arguments, 'dataset.name="naïve 😀"')
    place = runs if case == "a comparison" else tmp_path
    code, out, said = through('exec "$@"', *arguments, cwd=place, PYTHONIOENCODING="ascii")
    assert (code, said) == (0, "")
    assert out.isascii()
    if folder is not None:
        assert "data set    na\\xefve \\U0001f600, 8 samples" in out
        assert "data set    naïve 😀, 8 samples" in (tmp_path / folder / "run.log").read_text()


def test_no_file_of_a_run_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os, runner.standard_output; runner.standard_output.outlive_readers(); "
        "print('x', flush=True); os.write(2, os.readlink('/proc/self/fd/1').encode())"
    )
    shell = ["bash", "-c", 'exec "$@" >&-', "bash", sys.executable, "-c", code]
    end = subprocess.run(shell, env=ENVIRONMENT, cwd=tmp_path, stderr=subprocess.PIPE, check=True)
    assert end.stderr.decode() == os.devnull


def test_the_building_of_a_font_cache_is_no_news(tmp_path: Path) -> None:
    drawn = (*SHORT, "recording.plots=true")
    new = {"MPLCONFIGDIR": str(tmp_path / "fonts"), "PYTHONWARNINGS": "default"}
    code, out, said = through('exec "$@" 2>&1', "runner", *drawn, cwd=tmp_path, **new)
    assert code == 0, said
    assert list((tmp_path / "fonts").glob("fontlist-*.json"))
    assert out.splitlines()[-1].startswith("Folder      ")


PLACES = {
    # environment of a process on a terminal, and whether its bar is drawn
    "a terminal": ({"TERM": "xterm-256color"}, True),
    "a notebook": ({"TERM": "xterm-color", "JPY_PARENT_PID": "1"}, False),
    "a terminal that only prints": ({"TERM": "dumb"}, False),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_bar_is_drawn_only_where_it_can_be(place: str, tmp_path: Path) -> None:
    environment, drawn = PLACES[place]
    main_end, other_end = pty.openpty()
    command = [sys.executable, "-m", "runner", *SHORT, "recording.plots=false"]
    known = {name: value for name, value in ENVIRONMENT.items() if name != "JPY_PARENT_PID"}
    with subprocess.Popen(
        command, cwd=tmp_path, env={**known, **environment}, stdout=other_end, stdin=other_end
    ) as process:
        os.close(other_end)
        shown = b"".join(iter(partial(read_terminal, main_end), b""))
    os.close(main_end)
    assert process.returncode == 0
    assert b"20000 steps" in shown
    assert (b"\x1b[" in shown) is drawn


def read_terminal(number: int) -> bytes:
    """What was written to a terminal, nothing once it is closed at the other end."""
    try:
        return os.read(number, 65536)
    except OSError:
        return b""


def test_a_console_that_takes_letters_alone_is_written_to_by_its_own_object() -> None:
    class Console(io.RawIOBase):
        """As Windows': a terminal, and no file."""

        def __init__(self) -> None:
            self.shown = b""

        def writable(self) -> bool:
            return True

        def fileno(self) -> int:
            return 1

        def write(self, content: Any) -> int:
            self.shown += bytes(content)
            return len(content)

    console = Console()
    stream = io.TextIOWrapper(io.BufferedWriter(console), encoding="utf-8")
    ours = outliving(stream, 1)
    print("größer", file=ours, flush=True)
    assert console.shown.split() == ["größer".encode()]
