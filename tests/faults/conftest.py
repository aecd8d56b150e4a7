from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.children import Parent, folder_in_memory, started_parent


@pytest.fixture(scope="session")
def parent() -> Iterator[Parent]:
    """A process that forks runs."""
    with started_parent() as parent:
        yield parent


@pytest.fixture
def memory() -> Iterator[Path]:
    """An empty folder, in memory where that can be had: thousands of files are written."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Counts of what was tried, by name, for the summary at the end of the tests."""

    def count(**counts: int) -> None:
        record_property("counted", counts)

    return count
