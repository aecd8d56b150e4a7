"""What a slice keeps on its sweep's disk, and who may run it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hydra.types import RunMode

from runner.checking.conf_files import conf_folder
from runner.configuration.checked_loader import loader_of
from runner.configuration.composing import loaded, prepared_hydra
from runner.configuration.jobs import JobComposer
from runner.errors import ConflictError, RunnerError
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob
from runner.sweeping.job import Job
from runner.sweeping.slices import Slices, run_slice, take_in
from runner.sweeping.sweep import Sweep
from runner.training.stopping import Rung

JOBS = [Job(number, [f"seed={number}"]) for number in range(3)]


def ends(folder: Path, slices: Slices, jobs: list[Job], record: str = "rows") -> list[JobEnd]:
    """How the jobs of a sweep's first slice ended."""
    texts = (f"sweep.record={record}", "stopping.target=null", "stopping.max_steps=9")
    with prepared_hydra():
        config = loaded([*texts, f"hydra.sweep.dir={folder}"], RunMode.MULTIRUN)
        return list(
            run_slice(Sweep(JobComposer(loader_of(conf_folder()), config)), jobs, slices, 0)
        )


def test_a_slice_that_is_queued_again_goes_on_where_it_was(tmp_path: Path) -> None:
    with Slices(tmp_path).made(1) as slices:
        first = ends(tmp_path, slices, JOBS[:2])
        again = ends(tmp_path, Slices(tmp_path, slices.name), JOBS)
    assert [end.number for end in again] == [0, 1, 2]
    assert again[:2] == first
    assert not list(tmp_path.iterdir())


def test_a_slice_is_run_by_one_process_and_not_once_it_was_given_to_others(tmp_path: Path) -> None:
    with Slices(tmp_path).made(1) as slices:
        with slices.taken(0), pytest.raises(ConflictError):
            ends(tmp_path, slices, JOBS)
        slices.close()
        with pytest.raises(ConflictError, match="given to others"):
            ends(tmp_path, slices, JOBS)


def test_only_rows_come_back_from_another_disk(tmp_path: Path) -> None:
    slices = Slices(tmp_path / "elsewhere")
    assert len(ends(tmp_path, slices, JOBS)) == 3
    with pytest.raises(RunnerError, match=r"another disk .* or sweep.record=rows"):
        ends(tmp_path, slices, JOBS, "folders")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_sweep_has_left_takes_nobodys_place(tmp_path: Path) -> None:
    for name, jobs in (("first", JOBS[:2]), ("second", JOBS)):
        left = Slices(tmp_path, name)
        (left.path / "0").mkdir(parents=True)
        ends(tmp_path, left, jobs)
        take_in(tmp_path)
        assert [row.number for row in JobRows(tmp_path)] == [job.number for job in jobs]
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.sqlite"]


@pytest.mark.parametrize("order", [(3, 6, None), (6, 3), (None, 3)], ids=str)
def test_of_a_job_that_went_on_the_furthest_row_is_kept(
    order: tuple[int | None, ...], tmp_path: Path
) -> None:
    for place, epochs in enumerate(order):
        left = Slices(tmp_path, f"{place}")
        (left.path / "0").mkdir(parents=True)
        # Of a launch with other rungs: the further one has the lower number.
        rung = None if epochs is None else Rung(6 // epochs, epochs)
        ends(tmp_path, left, [replace(JOBS[0], rung=rung)])
        take_in(tmp_path)
    (row,) = JobRows(tmp_path)
    assert KeptJob(row).rung == (None if None in order else Rung(1, 6))
