import pytest

from runner.sweeping.job import Job
from runner.sweeping.slices import divided


@pytest.mark.parametrize(
    ("jobs", "count", "sizes"),
    [(3, 8, [1, 1, 1]), (10, 4, [2, 3, 2, 3]), (1000, 3, [333, 333, 334])],
)
def test_jobs_are_divided_into_slices_of_about_as_many(
    jobs: int, count: int, sizes: list[int]
) -> None:
    given = [Job(number, []) for number in range(jobs)]
    slices = divided(given, count)
    assert [len(each) for each in slices] == sizes
    assert [job for each in slices for job in each] == given
