"""Runs of the same settings and seed count once."""

from pathlib import Path

import pytest

from tests.analysis.test_compare import HEADER, results, said, write_runs

TEN = range(1, 11)
STATUS, STEPS = HEADER.index("status"), HEADER.index("steps")


def grid() -> list[list[object]]:
    """Two topologies, ten seeds each, the second needing fewer steps with every seed."""
    rows = [results("3-4-1", seed, 100 + 7 * seed) for seed in TEN]
    return rows + [results("3-8-1", seed, 70 + 5 * seed) for seed in TEN]


def test_a_sweep_given_twice_says_what_it_says_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once = said(capsys, write_runs(tmp_path / "once", grid()), "--by", "topology")
    twice = said(capsys, write_runs(tmp_path / "twice", grid() * 2), "--by", "topology")
    line = "left out: 20 runs that repeat others (same settings and seed)"
    assert line in twice.splitlines()
    assert [other for other in twice.splitlines() if other != line] == once.splitlines()
    assert "10 of 10 seeds" in once


def test_of_repeated_runs_the_last_that_completed_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, broken = results("3-4-1", 1, 100), results("3-4-1", 1, 90), results("3-4-1", 1, 5)
    broken[STATUS] = "interrupted"
    rows = [old, new, broken, results("3-8-1", 1, 50)]
    text = said(capsys, write_runs(tmp_path, rows), "--by", "topology")
    counts = "left out: 2 runs that repeat others (same settings and seed), 1 of them with another"
    assert f"{counts} steps" in text
    assert "3-4-1 1 90 90" in text


def test_times_are_taken_from_every_repetition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ["seconds" if name == "steps" else name for name in HEADER]
    write_runs(tmp_path, grid() * 2, header)
    text = said(capsys, tmp_path, "--by", "topology", "--metric", "seconds")
    assert "seconds by topology: 40 runs" in text
    assert "repeat" not in text


def test_the_overview_tells_how_many_repeat_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, write_runs(tmp_path, grid() + grid()[:3]))
    assert text.startswith("23 runs, 3 of which repeat others (same settings and seed)\n")
