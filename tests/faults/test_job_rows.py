"""Rows of a sweep, whatever happens while they are written: what was told to be there is there."""

import errno
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree

import pytest

from runner.run_folder.job_rows import FILE, JobRow, JobRows
from runner.run_folder.writing_rows import JobRowsWriter
from tests.end_to_end.commands import command
from tests.faults.children import Fault, Parent
from tests.faults.journals import Disk, read_journal
from tests.faults.test_power_cuts import SHARES, chance

JOBS = 12
CI, RELEASE = 4, 100
TESTS = [pytest.param(n, marks=[pytest.mark.release] * (n >= CI)) for n in range(RELEASE)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep in rows."""
    cwd = tmp_path_factory.mktemp("rows")
    few = ("stopping.target=null", "stopping.max_steps=9", f"seed=range({JOBS})")
    ended = command("-m", *few, "sweep.record=rows", "hydra.sweep.dir=s", cwd=cwd)
    assert ended.code == 0, ended.err
    return cwd / "s"


def check_left(folder: Path, whole: Sequence[JobRow], least: int) -> None:
    """At least so many of the rows are there, in order and as they were; others can be added."""
    rows = JobRows(folder)
    left = list(rows)
    assert left == whole[: len(left)]
    assert least <= len(left)
    assert rows.is_sound
    writer = JobRowsWriter(folder, durable=True)
    for row in whole[len(left) :]:
        writer.add(row)
    writer.flush()
    assert list(JobRows(folder)) == whole


def written(names: Sequence[str]) -> int:
    """How many rows had been written, by the files that say so."""
    counts = [int(name.rpartition("-")[2]) for name in names if "/written-" in name]
    return max(counts, default=0)


@pytest.mark.parametrize("number", TESTS)
def test_after_a_power_cut_all_rows_are_there_that_had_been_written(
    number: int, source: Path, parent: Parent, counted: Callable[..., None]
) -> None:
    folder, journal = parent.new_folder(), parent.folder / "journal"
    assert parent("rows", folder, [str(source)], journal=journal).code == 0
    whole, entries = list(JobRows(source)), read_journal(journal)
    assert list(JobRows(folder)) == whole
    rng = random.Random(number)  # noqa: S311 - no secret
    share = SHARES.get(number % 4, rng.random())
    disk, cuts = Disk(), 0
    for place, entry in enumerate(entries):
        disk.play(entry)
        known = [path for each in entries[: place + 1] for path in each.paths]
        if place % 5 != number % 5 or str(folder / FILE) not in known:
            continue
        left = parent.new_folder()
        # The folder itself is the sweep's, and was there before.
        disk.restore(str(folder), left, partial(chance, rng, share))
        check_left(left, whole, written(known))
        rmtree(left)
        cuts += 1
    assert cuts > 10
    counted(**{"power cuts": cuts})


@pytest.mark.parametrize("number", TESTS)
def test_killed_at_any_operation_all_rows_are_there_that_had_been_written(
    number: int, source: Path, parent: Parent, counted: Callable[..., None]
) -> None:
    whole = list(JobRows(source))
    rng = random.Random(number)  # noqa: S311 - no secret
    operations = parent("rows", parent.new_folder(), [str(source)]).operations
    kills = range(number % 10, operations, 10)
    for at in kills:
        folder = parent.new_folder()
        fault = Fault("kill", at, part=rng.randrange(1000))
        assert parent("rows", folder, [str(source)], fault).killed
        if folder.is_dir():
            check_left(folder, whole, written([str(path) for path in folder.iterdir()]))
    counted(kills=len(kills))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("lasting", [False, True])
def test_what_the_disk_refuses_is_a_line_and_costs_no_row(
    error: int, lasting: bool, source: Path, parent: Parent, counted: Callable[..., None]
) -> None:
    whole = list(JobRows(source))
    operations = parent("rows", parent.new_folder(), [str(source)]).operations
    tried = range(0, operations, 7)
    for at in tried:
        folder = parent.new_folder()
        ended = parent("rows", folder, [str(source)], Fault("fail", at, error, lasting))
        assert ended.code in (0, 6), ended
        assert len(ended.err.splitlines()) == (ended.code == 6)
        if folder.is_dir():
            check_left(folder, whole, written([str(path) for path in folder.iterdir()]))
    counted(refusals=len(tried))
