from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.sweeping.running_jobs import going_on


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (2, "2 jobs are left; the same command with hydra.sweep.dir=s runs them"),
        (1, "1 job is left; the same command with hydra.sweep.dir=s runs it"),
        (0, "all jobs have ended; their results are in s/results.csv"),
    ],
)
def test_an_interrupted_sweep_says_what_is_left(left: int, words: str) -> None:
    sweep: Any = SimpleNamespace(folder=Path("s"))
    assert going_on(sweep, left) == words
