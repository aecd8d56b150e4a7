"""How much memory there is, and the refusal of what would need more, before it is allocated."""

import sys
from contextlib import suppress
from pathlib import Path

from runner.errors import RunnerError
from runner.system import memory_limits

CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""What a container may use, where Linux says so."""


def available_memory() -> int:
    """Bytes that this process may come to: of the machine, of its container, by `ulimit -v`.

    No end of them where the system does not say.
    """
    limits = [sys.maxsize, *memory_limits()]
    with suppress(OSError, ValueError):  # "max" where there is no limit
        limits.append(int(CONTAINER.read_text()))
    return min(limits)


def check_memory(needed: int, what: str, way_out: str, kind: type[RunnerError]) -> None:
    """Raises `kind` where `what` needs more bytes than there are."""
    available = available_memory()
    if needed > available:
        raise kind(
            f"{what}; about {needed / 2**30:,.1f} GiB are needed, this machine has "
            f"{available / 2**30:,.1f} GiB; {way_out}"
        )
