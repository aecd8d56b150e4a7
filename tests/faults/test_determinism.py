"""The same configuration comes to the same bytes: alone, in parallel, or interrupted."""

from collections.abc import Callable
from shutil import rmtree

import pytest

from tests.end_to_end.commands import command
from tests.faults.cases import CASES
from tests.faults.children import Fault, Parent
from tests.faults.outcomes import outcome_of

SEEDS = [
    pytest.param(range(1, 7), id="6"),
    pytest.param(range(7, 51), marks=pytest.mark.release, id="44"),
]


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("case", CASES)
def test_a_seed_comes_to_the_same_bytes_alone_in_parallel_or_interrupted(
    case: str, seeds: range, parent: Parent, counted: Callable[..., None]
) -> None:
    mine = seeds[list(CASES).index(case) :: len(CASES)]
    sweep = parent.new_folder()
    numbers = ",".join(map(str, mine))
    swept = command(
        *("-m", *CASES[case], f"seed={numbers}", "sweep.workers=2", f"hydra.sweep.dir={sweep}"),
        cwd=parent.folder,
    )
    assert swept.code == 0, swept
    for job, seed in enumerate(mine):
        settings = (*CASES[case], f"seed={seed}")
        first, again, stopped = (parent.new_folder() for _ in range(3))
        ended = parent("run", first, settings)
        assert parent("run", again, settings).code == ended.code == 0
        at = 40 + seed % max(1, ended.operations - 60)
        assert parent("run", stopped, settings, Fault("kill", at=at)).killed
        assert parent("resume", stopped).code == 0
        expected = outcome_of(first)
        for folder in (again, stopped, sweep / str(job)):
            assert outcome_of(folder) == expected
        for folder in (first, again, stopped):
            rmtree(folder)
    rmtree(sweep)
    counted(**{"seeds run twice, interrupted, and by two workers": len(mine)})
