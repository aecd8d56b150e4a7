"""A sweep's progress: a display on a terminal, elsewhere a line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from runner.errors import printable
from runner.run_folder.job_end import JobEnd
from runner.standard_output import forgiving, is_watched, screen, tell
from runner.sweeping.tally import Tally

SECONDS_BETWEEN_FRAMES = 0.1
SECONDS_BETWEEN_LINES = 5.0


See = Callable[[JobEnd | None], None]
"""What is called with each job's end as it comes, and with None while none comes."""
Watched = Iterator[See]


@contextmanager
def progress(tally: Tally) -> Watched:
    """Shows how a sweep stands, and in the end what has become of it.

    No thread draws it: the sweep's processes are forked from this one, at any time.
    """
    terminal = next(filter(is_watched, (screen(), forgiving(sys.stderr))), None)
    with display(tally, terminal) if terminal is not None else lines(tally) as show:
        yield counting(tally, show)
    if tally.summary:
        tell(tally.summary)


@contextmanager
def summarized(tally: Tally) -> Watched:
    """Tells how a sweep stands in lines, for others write on the same screen; and in the end."""
    with lines(tally) as show:
        yield counting(tally, show)
    if tally.summary:
        tell(tally.summary)


def counting(tally: Tally, show: Callable[[], None]) -> See:
    """Counts what it is told, and shows how the sweep then stands."""

    def see(end: JobEnd | None) -> None:
        if end is not None:
            tally.count(end)
        show()

    return see


@contextmanager
def job_lines(tally: Tally) -> Watched:
    """Prints a line a job, where nobody knows how many there will be."""

    def see(end: JobEnd | None) -> None:
        if end is not None:
            tell(printable(f"{tally.names[end.number]}: {end.text}"))

    yield see


@contextmanager
def lines(tally: Tally) -> Iterator[Callable[[], None]]:
    """Prints how a sweep stands, when that has last been seconds ago."""
    yield every(SECONDS_BETWEEN_LINES, lambda: tell(told(tally)))


def told(tally: Tally) -> str:
    """Counts, time left and best on one line."""
    best = f", best {tally.best}" if tally.best else ""
    return f"{tally.counts}, {tally.times}{best}"


def every(seconds: float, action: Callable[[], None]) -> Callable[[], None]:
    """What does `action` when it is called, but not again within `seconds`."""
    last = time.monotonic()

    def act() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            action()

    return act


@contextmanager
def display(tally: Tally, terminal: IO[str]) -> Iterator[Callable[[], None]]:
    """Three lines of a terminal, taken away at the end; what it gives draws them anew."""
    from rich.console import Console, Group  # noqa: PLC0415 - slow, and only for a terminal
    from rich.live import Live  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def frame() -> Group:
        top = Table.grid(expand=True, padding=(0, 1))
        top.add_column(ratio=1)
        top.add_column(no_wrap=True)
        top.add_row(ProgressBar(max(tally.jobs, 1), tally.done), tally.times)
        best = f"best {tally.best}" if tally.best else ""
        lines = [Text(line, no_wrap=True, overflow="ellipsis") for line in (tally.counts, best)]
        return Group(top, *lines)

    console = Console(file=terminal)
    live = Live(
        frame(),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live:
        console.show_cursor(True)  # a process that is killed could not bring it back
        live.refresh()
        yield every(SECONDS_BETWEEN_FRAMES, lambda: live.update(frame(), refresh=True))
