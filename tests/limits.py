"""How much time and memory refusing bad input may take."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

MOST_SECONDS = 2.0
"""Of the processor's time, which a busy machine does not lengthen."""
MOST_MEGABYTES = 300
PATIENCE = 60
"""Seconds of the clock until what waits, such as for a pipe, counts as waiting for ever."""


@contextmanager
def bounded() -> Iterator[None]:
    """Fails when what is done inside takes too much of the processor's time, or of memory."""
    before, began = peak_megabytes(anew=True), time.process_time()
    with impatience():
        yield
    seconds = time.process_time() - began
    grown = peak_megabytes() - before
    assert seconds < MOST_SECONDS
    assert grown < MOST_MEGABYTES


@contextmanager
def impatience() -> Iterator[None]:
    """Fails when what is done inside does not end."""

    def fail(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still at it after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def peak_megabytes(*, anew: bool = False) -> float:
    """The most memory this process has had, or `anew`: has from now on; 0 where unknown."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
