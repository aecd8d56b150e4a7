"""The same configuration comes to the same bytes, however often it runs or is interrupted."""

from collections.abc import Callable
from shutil import rmtree

import pytest

from tests.faults.cases import CASES
from tests.faults.children import Fault, Parent
from tests.faults.outcomes import outcome_of

SEEDS = [pytest.param(n, marks=[pytest.mark.release] * (n > 6)) for n in range(1, 51)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_comes_to_the_same_bytes_interrupted_or_not(
    seed: int, parent: Parent, counted: Callable[..., None]
) -> None:
    settings = (*CASES[list(CASES)[seed % len(CASES)]], f"seed={seed}")
    first, again, stopped = (parent.new_folder() for _ in range(3))
    ended = parent("run", first, settings)
    assert parent("run", again, settings).code == ended.code == 0
    at = 40 + seed % max(1, ended.operations - 60)
    assert parent("run", stopped, settings, Fault("kill", at=at)).killed
    assert parent("resume", stopped).code == 0
    assert outcome_of(again) == outcome_of(stopped) == outcome_of(first)
    for folder in (first, again, stopped):
        rmtree(folder)
    counted(**{"seeds run twice, and interrupted": 1})
