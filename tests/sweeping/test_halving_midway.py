"""Halved sweeps whose jobs are ended or end in the middle of the epoch that follows a rung."""

from pathlib import Path

import pytest

from tests.end_to_end.commands import InProcess
from tests.sweeping.test_halving import edit, rungs

BATCHES = (
    *("-m", "dataset=digits", "dataset.first=300", "batch_size=32"),  # ten steps an epoch
    *("optimizer.learning_rate=0.01,0.03,0.1", "stopping.target=null"),
)
FIRST = "sweep.halving.first=2"


@pytest.mark.parametrize(("steps", "record"), [(25, "folders"), (60, "rows")])
def test_jobs_that_end_by_their_steps_are_ranked_as_they_stood_at_each_rung(
    steps: int, record: str, run: InProcess
) -> None:
    sweep = (
        *BATCHES,
        f"stopping.max_steps={steps}",
        "stopping.max_epochs=null",
        f"sweep.record={record}",
    )
    assert run(*sweep, FIRST, "hydra.sweep.dir=fresh").code == 0
    before = rungs(run.cwd / "fresh")
    assert {row[3] for row in before if row[1] == "0"} == {"pruned", "went_on"}
    assert {row[1:4] for row in before if row[3] == "completed"} == {
        ("1", str(steps // 10), "completed")
    }
    assert run(*sweep, FIRST, "hydra.sweep.dir=fresh").code == 0
    assert rungs(run.cwd / "fresh") == before
    assert run(*sweep, "hydra.sweep.dir=s").code == 0
    assert run(*sweep, FIRST, "hydra.sweep.dir=s").code == 0
    assert rungs(run.cwd / "s") == before


def test_jobs_that_were_ended_in_the_middle_of_an_epoch_come_to_rest_at_the_rung_after_it(
    run: InProcess,
) -> None:
    sweep = (*BATCHES, "stopping.max_epochs=8")
    assert run(*sweep, FIRST, "hydra.sweep.dir=fresh").code == 0
    assert run(*sweep, "stopping.max_steps=25", "hydra.sweep.dir=s").code == 0
    for job in (run.cwd / "s").glob("*/"):
        as_ended_on_its_way(job)
    assert run(*sweep, FIRST, "hydra.sweep.dir=s").code == 0
    assert rungs(run.cwd / "s") == rungs(run.cwd / "fresh")


def as_ended_on_its_way(job: Path) -> None:
    """Makes of a run that has made its steps one that was to make more."""
    edit(job / "run.json", '"max_steps": 25', '"max_steps": null')
    edit(job / "run.json", '"status": "completed"', '"status": "running"')
    (job / "results.csv").unlink()
