"""Presets that are swept keep their own sweeps."""

from pathlib import Path

import pytest
import yaml

from runner import load_runs
from tests.end_to_end.commands import InProcess

FEW = ("stopping.target=null", "stopping.max_steps=5", "hydra.sweep.dir=s")
PRESETS = {
    "rates": {
        "hydra": {"sweeper": {"params": {"optimizer.learning_rate": "1,2", "seed": "5,6"}}},
        "topology": "3-2-1",
    },
    "plain": {"topology": "3-8-1"},
    "repeated": {"sweep": {"repeats": 3}},
}


@pytest.fixture
def folder(run: InProcess) -> Path:
    """Presets of one's own."""
    folder = run.cwd / "own" / "experiment"
    folder.mkdir(parents=True)
    for name, preset in PRESETS.items():
        content = "# @package _global_\n" + yaml.safe_dump(preset)
        (folder / f"{name}.yaml").write_text(content)
    return folder.parent


def jobs(sweep: Path) -> list[tuple[str, float, int]]:
    runs = load_runs(sweep)
    return list(zip(runs["topology"], runs["optimizer.learning_rate"], runs["seed"], strict=True))


OWN = [("3-2-1", rate, seed) for rate in (1, 2) for seed in (5, 6)]
SWEEPS: dict[str, tuple[list[str], list[tuple[str, float, int]]]] = {
    "several": (["experiment=rates,plain"], [*OWN, ("3-8-1", 10, 1)]),
    "with values of the command line": (["experiment=rates,plain", "seed=7"], [
        ("3-2-1", 1, 7), ("3-2-1", 2, 7), ("3-8-1", 10, 7)]),
    "with seeds": (["experiment=rates,plain", "sweep.repeats=2", "optimizer.learning_rate=3"], [
        ("3-2-1", 3, 1), ("3-2-1", 3, 2), ("3-8-1", 3, 1), ("3-8-1", 3, 2)]),
    "of a file": (["sweep.jobs=jobs.yaml"], [*OWN, ("3-2-1", 1, 8), ("3-2-1", 2, 8)]),
    "paired": (["experiment=rates,plain", "seed=3,4", "sweep.zip=[experiment,seed]"], [
        ("3-2-1", 1, 3), ("3-2-1", 2, 3), ("3-8-1", 10, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("case", SWEEPS)
def test_swept_presets_bring_their_own_values(case: str, run: InProcess, folder: Path) -> None:
    arguments, expected = SWEEPS[case]
    (run.cwd / "jobs.yaml").write_text("- experiment: rates\n- {experiment: rates, seed: 8}\n")
    ended = run("-m", "-cd", str(folder), *arguments, *FEW)
    assert (ended.code, ended.err) == (0, "")
    assert jobs(run.cwd / "s") == expected


def test_a_swept_preset_that_says_how_it_is_swept_is_refused(run: InProcess, folder: Path) -> None:
    ended = run("-m", "-cd", str(folder), "experiment=plain,repeated", *FEW)
    assert ended.code == 2
    assert ended.err.startswith("error: experiment=repeated brings sweep.repeats=3, but presets ")
    assert "say sweep.repeats on the command line" in ended.err
    ended = run("-m", "-cd", str(folder), "experiment=plain,repeated", "sweep.repeats=2", *FEW)
    assert ended.code == 0
    assert len(jobs(run.cwd / "s")) == 4


@pytest.mark.parametrize("sweep", [(), ("-m",)])
@pytest.mark.parametrize(
    "text", ["topology: 3-2-1\n", "defaults: [{override /optimizer: adam}]\nseed: 1\n"]
)
def test_a_preset_without_its_first_line_is_told_it(
    text: str, sweep: tuple[str, ...], run: InProcess
) -> None:
    (run.cwd / "experiment").mkdir()
    (run.cwd / "experiment" / "mine.yaml").write_text(text)
    ended = run(*sweep, "-cd", str(run.cwd), "experiment=mine")
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert "experiment/mine.yaml does not begin with '# @package _global_'" in line
