"""A power cut at any instant, whatever the disk had put off: what was synced is enough to go on."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from tests.faults.cases import CASES
from tests.faults.children import Parent
from tests.faults.journals import Disk, Entry, read_journal
from tests.faults.outcomes import check_readable, outcome_of

CI, RELEASE = 3, 60
TESTS = [pytest.param(n, marks=[pytest.mark.release] * (n >= CI)) for n in range(RELEASE)]
STRIDE = 15
"""Every so many operations there is a power cut; each test's are others."""
SHARES = {1: 0.0, 2: 1.0}
"""How much of what is not certain is there: nothing, all; in the other tests, any part."""


@pytest.mark.parametrize("number", TESTS)
@pytest.mark.parametrize("case", CASES)
def test_after_a_power_cut_a_run_resumes_to_the_same_bytes(
    case: str, number: int, parent: Parent, counted: Callable[..., None]
) -> None:
    folder, journal = parent.new_folder(), parent.folder / "journal"
    assert parent("run", folder, CASES[case], journal=journal).code == 0
    whole, entries = outcome_of(folder), read_journal(journal)
    rng = random.Random(number)  # noqa: S311 - no secret
    disk = Disk()
    for place, entry in enumerate(entries):
        disk.play(entry)
        if place % STRIDE != number % STRIDE:
            continue
        certain = parent.new_folder()
        disk.restore(str(folder.parent), certain, bool)
        synced = (certain / folder.name / "run.json").is_file()
        share = SHARES.get(number % 4, rng.random())
        left = parent.new_folder()
        disk.restore(str(folder.parent), left, partial(chance, rng, share))
        check_resumed(parent, left / folder.name, whole, entry, synced=synced)
        rmtree(left)
        rmtree(certain)
    counted(**{"power cuts": len(range(number % STRIDE, len(entries), STRIDE))})


def chance(rng: random.Random, share: float) -> bool:
    """Whether something that was put off is there."""
    return rng.random() < share


def check_resumed(
    parent: Parent, run: Path, whole: dict[str, Any], cut_after: Entry, *, synced: bool
) -> None:
    """Resuming ends as if nothing had happened."""
    check_readable(run)
    ended = parent("resume", run)
    if not synced and ended.code == 4:  # nothing comes before run.json, and it was not there yet
        assert not any(run.rglob("*.npz")), cut_after
        return
    assert ended.code == 0, (cut_after, ended)
    # What the disk had put off may be torn: it is warned of and set aside.
    assert all(line.startswith("warning: ") for line in ended.err.splitlines()), ended
    outcome = outcome_of(run)
    for what in ("status", "history", "results", "predictions"):
        assert outcome[what] == whole[what], (cut_after, ended)
    assert outcome["snapshots"].items() <= whole["snapshots"].items()
    assert max(outcome["snapshots"]) == max(whole["snapshots"])
