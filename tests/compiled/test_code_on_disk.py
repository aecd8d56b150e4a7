"""Where the compiled engine keeps its kernels, and that it runs where there is no such place."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.runs import python

PROGRAM = """
from runner.compiled.code_on_disk import cache_folder
from tests.benchmarks.runs import contestant
run = contestant("compiled", "topology=3-4-1")
run.engine.advance(run.state, 9, None)
print(cache_folder(), run.state.step)
"""


@pytest.mark.slow
def test_without_a_folder_to_write_to_kernels_stay_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    nowhere: Any = {name: str(file) for name in ("HOME", "XDG_CACHE_HOME")}
    blocked = PROGRAM.replace(
        "\nfrom", f"\nimport tempfile; tempfile.tempdir = {str(file)!r}\nfrom", 1
    )
    assert python("-c", blocked, cwd=tmp_path, **nowhere).split() == ["None", "10"]


@pytest.mark.parametrize(
    ("before", "there"),
    [
        (lambda _mine, _other: None, True),
        (lambda mine, _other: mine.mkdir(mode=0o700), True),
        (lambda mine, _other: (mine.mkdir(), mine.chmod(0o777)), False),
        (lambda mine, _other: (mine.mkdir(), mine.chmod(0o720)), False),
        (lambda mine, other: mine.symlink_to(other), False),
    ],
    ids=["nothing", "ours", "anybody's", "a group's", "a link"],
)
def test_kernels_go_to_a_temporary_folder_of_ours_where_the_home_cannot_be_written(
    before: Callable[[Path, Path], object], there: bool, tmp_path: Path
) -> None:
    file, temporary, other = (tmp_path / name for name in ("file", "temporary", "other"))
    file.write_text("no folder")
    temporary.mkdir()
    other.mkdir()
    before(temporary / f"runner-{os.getuid()}", other)
    program = "from runner.compiled.code_on_disk import cache_folder; print(cache_folder())"
    found = python("-c", program, XDG_CACHE_HOME=str(file), TMPDIR=str(temporary)).strip()
    if there:
        assert Path(found).parent.parent == temporary
        assert os.access(found, os.W_OK)
    else:
        assert found == "None"


def test_kernels_go_to_the_home_where_there_is_no_temporary_folder(tmp_path: Path) -> None:
    program = (
        "import tempfile\n"
        "def none(): raise FileNotFoundError('No usable temporary directory found')\n"
        "tempfile.gettempdir = none\n"
        "from runner.compiled.code_on_disk import cache_folder; print(cache_folder())"
    )
    found = python("-c", program, XDG_CACHE_HOME=str(tmp_path)).strip()
    assert Path(found).parent == tmp_path / "runner"


def test_who_has_no_home_has_kernels_in_the_temporary_folder(tmp_path: Path) -> None:
    program = (
        "import pathlib\n"
        "def none(): raise RuntimeError('Could not determine home directory.')\n"
        "pathlib.Path.home = none\n"
        "from runner.compiled.code_on_disk import cache_folder; print(cache_folder())"
    )
    found = python("-c", program, XDG_CACHE_HOME="", TMPDIR=str(tmp_path)).strip()
    assert Path(found).parent.parent == tmp_path


@pytest.mark.parametrize("name", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT"])
def test_kernels_for_another_processor_have_a_folder_of_their_own(
    name: str, tmp_path: Path
) -> None:
    program = "from runner.compiled.code_on_disk import cache_folder; print(cache_folder())"
    folders = [
        python("-c", program, XDG_CACHE_HOME=str(tmp_path), **environment)
        for environment in ({}, {name: "2"}, {name: "3"})
    ]
    assert len({*folders}) == 3


def test_that_kernels_are_compiled_is_said_before_the_first_of_them_is(tmp_path: Path) -> None:
    program = """
from runner.compiled import CompiledEngine, machine_code
from tests.benchmarks.runs import problem_of
told = iter(CompiledEngine(problem_of("topology=3-4-1")).warm_up(None))
print(next(told), machine_code.compiled)
"""
    told = python("-c", program, XDG_CACHE_HOME=str(tmp_path))
    assert told == "compiling kernels for this machine, which takes seconds, once []\n"
