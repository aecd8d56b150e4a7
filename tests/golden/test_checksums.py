"""Runs come to the bytes of one table, on this machine and with less of a processor than it has."""

import platform
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from runner.compiled.array_layouts import RowLayout
from runner.compiled.structures import BY_INPUT, BY_SAMPLE, DENSE
from runner.configuration.composing import compose
from runner.experiment.experiment import build
from tests.benchmarks.runs import python
from tests.golden.checksum_cases import cases, make_tables
from tests.golden.checksums import differences, recorded

PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_runs_come_to_the_checksums_of_the_table(part: int) -> None:
    assert differences(cases()[part::PARTS]) == []


def test_the_table_is_of_the_cases() -> None:
    assert list(recorded()) == cases()


def test_the_table_has_every_way_to_lay_out_and_read_a_net(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_tables(tmp_path)
    lists = {(way, fused, False) for way in (BY_SAMPLE, BY_INPUT) for fused in (True, False)}
    dense = {(DENSE, True, False), (DENSE, False, False), (DENSE, False, True)}
    missing: set[object] = {"columns", "maps"} | lists | dense
    for case in cases():
        if not missing:
            break
        layout = build(compose([*case.split(), "engine=compiled"])).engine.__dict__.get("_layout")
        if isinstance(layout, RowLayout):
            data = layout.arrays()[0]
            missing.discard((data.way, bool(data.fused), layout.block < layout.batch))
        elif layout is not None:
            missing.discard(layout.name)
    assert not missing


def without_simd(least: str = "") -> str:
    """What this NumPy uses of the processor beyond its baseline, from one name on."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return " ".join(found[found.index(least) if least in found else 0 :])


def processor(name: str, needs: str, blas: str, numpy: str, has: str = "") -> object:
    """An environment in which Numba, OpenBLAS and NumPy take the processor for an older one."""
    there = platform.machine() == "x86_64" and llvm.get_host_cpu_features().get(needs)
    return pytest.param(
        {
            "NUMBA_CPU_NAME": name,
            "NUMBA_CPU_FEATURES": has,
            "OPENBLAS_CORETYPE": blas,
            "NPY_DISABLE_CPU_FEATURES": numpy,
        },
        id=name,
        marks=pytest.mark.skipif(not there, reason=f"this processor has no {needs}"),
    )


OLDER = [
    processor("generic", "sse2", "Prescott", without_simd()),
    processor("haswell", "avx2", "Haswell", without_simd("X86_V4"), "+avx2,+fma"),
    processor(
        *("skylake-avx512", "avx512f", "SkylakeX", without_simd("AVX512_ICL")),
        "+avx512f,+avx512vl,+avx512dq,+avx512bw,+avx2,+fma",
    ),
]


@pytest.mark.release
@pytest.mark.parametrize("environment", OLDER)
def test_less_of_a_processor_changes_no_byte(environment: dict[str, str], tmp_path: Path) -> None:
    said = python("-m", "tests.golden.checksums", XDG_CACHE_HOME=str(tmp_path), **environment)
    assert said.endswith(" 0 differences\n")


@pytest.mark.slow
@pytest.mark.parametrize("environment", OLDER[:1])
def test_so_it_is_with_some_runs(environment: dict[str, str], tmp_path: Path) -> None:
    few = ("-m", "tests.golden.checksums", "--every", "41")
    assert python(*few, XDG_CACHE_HOME=str(tmp_path), **environment).endswith(" 0 differences\n")


@pytest.mark.slow
@pytest.mark.parametrize("every", ["9", pytest.param("1", marks=pytest.mark.release)])
def test_place_time_zone_language_threads_and_hashes_change_no_byte(
    every: str, tmp_path: Path
) -> None:
    elsewhere = {
        "TZ": "Pacific/Chatham",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "77",
        "OPENBLAS_NUM_THREADS": "2",
        "TMPDIR": str(tmp_path),
    }
    few = ("-m", "tests.golden.checksums", "--every", every)
    said = python(*few, cwd=tmp_path, **elsewhere)
    assert said.endswith(" 0 differences\n")
