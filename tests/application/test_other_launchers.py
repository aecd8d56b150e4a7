import pytest

from runner.application.other_launchers import stretches
from runner.sweeping.job import Job


@pytest.mark.parametrize(
    ("left", "known", "found"),
    [
        ([], range(3), []),
        ([0, 1, 2], range(3), [[0, 1, 2]]),
        ([1, 3], range(5), [[1, 2, 3]]),
        ([4, 0], range(5), [[0, 1, 2, 3, 4]]),
        ([0, 3], [0, 1, 3], [[0], [3]]),
        ([0, 1, 7, 9], [0, 1, 7, 8, 9], [[0, 1], [7, 8, 9]]),
    ],
)
def test_jobs_that_are_left_are_launched_with_those_between_them(
    left: list[int], known: list[int], found: list[list[int]]
) -> None:
    jobs = {number: Job(number, [f"seed={number}"]) for number in known}
    launched = stretches([jobs[number] for number in left], jobs)
    assert [[job.number for job in stretch] for stretch in launched] == found
