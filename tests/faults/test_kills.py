"""kill -9 at any instant: nothing but the steps since the last snapshot is lost, nor for long."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from tests.faults.cases import CASES
from tests.faults.children import Fault, Parent
from tests.faults.journals import read_journal
from tests.faults.outcomes import check_readable, outcome_of, sound_snapshots

KILLS = 25
"""A test; each test's are others."""
CI, RELEASE = 6, 120
TESTS = [pytest.param(n, marks=[pytest.mark.release] * (n >= CI)) for n in range(RELEASE)]


@dataclass(frozen=True)
class Whole:
    """An undisturbed run, and when in it each snapshot got its name."""

    outcome: dict[str, Any]
    operations: int
    seconds: float
    named: list[tuple[int, int]]
    """Operation and step of each snapshot."""


@cache
def whole_run(parent: Parent, settings: tuple[str, ...]) -> Whole:
    """The run that all others must come to."""
    parent("run", parent.new_folder(), settings)  # the first one imports and compiles
    folder, journal = parent.new_folder(), parent.folder / "journal"
    started = time.perf_counter()
    ended = parent("run", folder, settings, journal=journal)
    seconds = time.perf_counter() - started
    assert (ended.code, ended.err) == (0, "")
    named = [
        (entry.operation, int(Path(entry.paths[1]).stem.removeprefix("step-")))
        for entry in read_journal(journal)
        if entry.what.startswith("rename") and "/step-" in entry.paths[1]
    ]
    outcome = outcome_of(folder)
    rmtree(folder)
    return Whole(outcome, ended.operations, seconds, named)


def killed(
    parent: Parent,
    command: str,
    folder: Path,
    whole: Whole,
    rng: random.Random,
    settings: Sequence[str],
) -> int:
    """Half of the time at any instant, half inside an operation; how many were begun."""
    if rng.random() < 0.5:
        after = rng.uniform(0, 1.2 * whole.seconds)
        return parent(command, folder, settings, kill_after=after).operations
    fault = Fault("kill", at=rng.randrange(whole.operations), part=rng.randrange(1001))
    return parent(command, folder, settings, fault).operations


@pytest.mark.parametrize("number", TESTS)
def test_a_killed_run_resumes_to_the_same_bytes(
    number: int, parent: Parent, counted: Callable[..., None]
) -> None:
    settings = CASES[list(CASES)[number % len(CASES)]]
    whole, rng = whole_run(parent, settings), random.Random(number)  # noqa: S311 - no secret
    again = 0
    for _ in range(KILLS):
        folder = parent.new_folder()
        begun = killed(parent, "run", folder, whole, rng, settings)
        check_readable(folder)
        due = [step for operation, step in whole.named if operation < begun - 1]
        assert set(due[-1:]) <= set(sound_snapshots(folder)), folder
        if rng.random() < 0.2:
            killed(parent, "resume", folder, whole, rng, ())
            check_readable(folder)
            again += 1
        ended = parent("resume", folder)
        if not due and ended.code == 4:  # killed before the run had begun to be one
            assert "resume" in ended.err or "run" in ended.err
            continue
        assert (ended.code, ended.err) == (0, ""), folder
        assert outcome_of(folder) == whole.outcome, folder
        rmtree(folder)
    counted(**{"kills": KILLS, "kills while resuming": again})
