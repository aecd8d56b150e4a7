from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.run_folder.job_end import JobEnd
from runner.sweeping.running_jobs import going_on


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (1, "2 jobs are left; the same command with hydra.sweep.dir=s runs them"),
        (2, "1 job is left; the same command with hydra.sweep.dir=s runs it"),
        (3, "all jobs have ended; their results are in s/results.csv"),
    ],
)
def test_an_interrupted_sweep_says_what_is_left(ended: int, words: str) -> None:
    sweep: Any = SimpleNamespace(folder=Path("s"))
    ends = [JobEnd(number, "completed", "complete", 0) for number in range(ended)]
    assert going_on(sweep, 3, ends) == words
