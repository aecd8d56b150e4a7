"""Two sweeps on one folder: one of them has it, or each has all of its jobs."""

from pathlib import Path

import pytest

from runner.storage.locks import locked
from tests.end_to_end.commands import InProcess, ending, start
from tests.sweeping.test_earlier_jobs import rows

SWEEP = ("-m", "stopping=steps", "stopping.max_steps=100", "hydra.sweep.dir=s")


def contents(sweep: Path) -> dict[Path, bytes]:
    """Every file but the one that Hydra writes of a sweep before it is launched."""
    files = (path for path in sweep.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if path.name != "multirun.yaml"}


@pytest.mark.slow
def test_of_sweeps_started_at_once_on_one_folder_none_loses_jobs_unsaid(tmp_path: Path) -> None:
    seeds = [range(1, 40), range(101, 140), range(201, 240)]
    processes = [
        start(*SWEEP, f"seed=range({own.start},{own.stop})", cwd=tmp_path) for own in seeds
    ]
    ended = [ending(process) for process in processes]
    assert {end.code for end in ended} <= {0, 5}, ended
    assert any(end.code == 0 for end in ended)
    found = {int(row["seed"]) for row in rows(tmp_path / "s")}
    for own, end in zip(seeds, ended, strict=True):
        if end.code == 0:
            assert found >= set(own)
        else:
            assert end.err.startswith("error: ")
            assert end.err.count("\n") == 1


@pytest.mark.parametrize("launcher", ["pool", "basic"])
def test_a_sweep_whose_folder_is_held_is_refused(launcher: str, run: InProcess) -> None:
    assert run(*SWEEP, f"hydra/launcher={launcher}", "seed=1,2").code == 0
    table = run.cwd / "s" / "results.csv"
    table.write_text("the other sweep's, half done")
    before = contents(run.cwd / "s")
    with locked(run.cwd / "s"):
        ended = run(*SWEEP, f"hydra/launcher={launcher}", "seed=1,2,3")
    assert (ended.code, ended.err.count("\n")) == (5, 1)
    assert "s is in use; wait until that has ended" in ended.err
    assert contents(run.cwd / "s") == before
