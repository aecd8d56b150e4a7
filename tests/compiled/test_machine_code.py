"""Kernels on disk: loaded without Numba, and only when they are whole."""

from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.runs import contestant, python

pytest.importorskip("numba")

PROGRAM = """
import sys
from runner.compiled import machine_code
from tests.benchmarks.runs import contestant
run = contestant("compiled", "dtype=float32")
print(run.state.parameters.tobytes().hex(), machine_code.compiled, "numba" in sys.modules)
"""


def test_kernels_on_disk_need_no_numba() -> None:
    run = contestant("compiled", "dtype=float32")  # they are there now
    assert python("-c", PROGRAM).split() == [run.state.parameters.tobytes().hex(), "[]", "False"]


def test_code_is_read_as_it_was_written(folder: Path) -> None:
    from runner.compiled.code_on_disk import Code, keep, kept

    key, code = ("forward", "sigmoid", "float64"), Code("symbol", b"\x7fELF\n\n\x00code")
    assert kept(key) is None
    keep(key, code)
    assert kept(key) == code
    assert [path.name for path in folder.iterdir()] == ["forward-sigmoid-float64"]


def test_code_that_is_not_whole_is_not_read(folder: Path) -> None:
    from runner.compiled.code_on_disk import Code, keep, kept

    key = ("loss", "huber", "float64")
    keep(key, Code("symbol", b"\x7fELF\n\n\x00code"))
    (place,) = folder.iterdir()
    whole = place.read_bytes()
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        assert kept(key) is None
        place.write_bytes(whole[:length] + bytes([whole[length] ^ 1]) + whole[length + 1 :])
        assert kept(key) is None


def test_a_device_in_the_place_of_code_is_not_read(folder: Path) -> None:
    from runner.compiled.code_on_disk import kept

    (folder / "loss-huber-float64").symlink_to("/dev/zero")
    assert kept(("loss", "huber", "float64")) is None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where code is kept during a test."""
    from runner.compiled import code_on_disk

    monkeypatch.setattr(code_on_disk, "cache_folder", lambda: str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "targets",
    [np.zeros((4, 1), "float32"), np.zeros((4, 2))[:, :1]],
    ids=["another type", "not side by side"],
)
def test_arrays_that_a_kernel_would_misread_are_refused(targets: np.ndarray) -> None:
    from runner.compiled.structures import INPUTS, NUMBERS, Columns, Packed

    with pytest.raises(TypeError, match="expected float64, C-contiguous"):
        Packed(Columns(np.zeros((4, 3)), targets), **{NUMBERS: "float64", INPUTS: "float64"})
