"""A sweep survives its jobs: of 100, 30 fail in six ways; launched again it runs those 30."""

import csv
from collections.abc import Callable

import pytest

from runner.data.dataset import Dataset
from runner.experiment import sharing
from runner.experiment.loading import load_dataset
from runner.settings import DatasetSettings
from tests.end_to_end.commands import InProcess
from tests.sweeping.test_failures import FAULTS, raises

JOBS, EACH = 100, 5
KINDS = [*FAULTS.values(), (raises(MemoryError("no more")), "MemoryError: no more")]
FAILING = {3 * place + 1: KINDS[place % len(KINDS)] for place in range(EACH * len(KINDS))}
"""By `dataset.split_seed`: what happens, and what is said of it."""
SWEEP = (
    "-m",
    f"dataset.split_seed=range(1,{JOBS + 1})",
    "dataset.validation=0.25",
    "stopping.target=null",
    "stopping.max_steps=20",
    "hydra.sweep.dir=s",
)


def statuses(run: InProcess) -> list[str]:
    """Of each job, in order."""
    with open(run.cwd / "s" / "results.csv", newline="") as file:
        return [row["status"] for row in csv.DictReader(file)]


def test_of_100_jobs_of_which_30_fail_each_has_its_status_and_the_30_run_again(
    run: InProcess, monkeypatch: pytest.MonkeyPatch, counted: Callable[..., None]
) -> None:
    def load(settings: DatasetSettings) -> Dataset:
        if settings.split.split_seed in FAILING:
            FAILING[settings.split.split_seed][0]()
        return load_dataset(settings)

    monkeypatch.setattr(sharing, "load_dataset", load)
    ended = run(*SWEEP)
    assert ended.code == 1
    first, *others = ended.err.splitlines()
    assert first == f"error: {len(FAILING)} of the sweep's {JOBS} jobs failed:"
    expected = ["failed" if seed in FAILING else "completed" for seed in range(1, JOBS + 1)]
    assert statuses(run) == expected
    for line, (seed, (_, message)) in zip(others, sorted(FAILING.items()), strict=True):
        assert line.startswith(f"  #{seed - 1} dataset.split_seed={seed} ")
        assert message in line

    monkeypatch.setattr(sharing, "load_dataset", load_dataset)
    kept = {n: (run.cwd / f"s/{n}/run.json").read_bytes() for n in range(JOBS)}
    again = run(*SWEEP)
    assert (again.code, again.err) == (0, "")
    assert f"{JOBS - len(FAILING)} jobs are finished, {len(FAILING)} to run" in again.out
    assert statuses(run) == ["completed"] * JOBS
    changed = {n + 1 for n in kept if (run.cwd / f"s/{n}/run.json").read_bytes() != kept[n]}
    assert changed == set(FAILING)
    counted(**{"jobs of a sweep": JOBS, "jobs of a sweep, of those failed": len(FAILING)})
