"""A progress bar for a person at a terminal."""

import sys
from typing import Any, TextIO

from runner.standard_output import is_watched
from runner.training.engine import StepReport
from runner.training.stopping import Stopping


class ProgressBar:
    """A bar with a text, and a place above it for lines.

    bounded: whether the share done is known; otherwise the bar pulses.
    """

    def __init__(self, screen: TextIO, *, bounded: bool) -> None:
        from rich import console, progress  # noqa: PLC0415 - slow, and only for a terminal

        columns = [
            progress.BarColumn(),
            progress.TextColumn("{task.description}"),
            progress.TimeElapsedColumn(),
            *([progress.TimeRemainingColumn()] if bounded else []),
        ]
        screen_console = console.Console(file=screen)
        self._progress = progress.Progress(*columns, console=screen_console, transient=True)
        self._task = self._progress.add_task("", total=1.0 if bounded else None)
        self._progress.start()

    def move(self, share: float | None, text: str) -> None:
        """Shows `text` and how much is done."""
        self._progress.update(self._task, completed=share or 0.0, description=text)

    def line(self, text: str) -> None:
        """A line above the bar."""
        self._progress.console.out(text, highlight=False)

    def close(self) -> None:
        """Takes the bar away."""
        self._progress.stop()


def share_done(stopping: Stopping, report: StepReport | None) -> float | None:
    """How much of the way to the nearest fixed limit is done, or None without such a limit."""
    done = (0, 0, 0.0) if report is None else (report.step, report.epoch, report.seconds)
    limits = (stopping.max_steps, stopping.max_epochs, stopping.max_seconds)
    shares = [at / limit for at, limit in zip(done, limits, strict=True) if limit is not None]
    return max(shares, default=None)


def in_notebook() -> bool:
    """Whether a notebook shows what this process displays."""
    kernel = sys.modules.get("ipykernel")
    if kernel is None:
        return False
    from IPython import get_ipython  # noqa: PLC0415 - it is there where ipykernel is

    return getattr(get_ipython(), "kernel", None) is not None


class NotebookLine:
    """A line below a notebook's cell, drawn over as training goes on."""

    def __init__(self) -> None:
        from IPython.display import display  # noqa: PLC0415 - in notebooks only

        self._shown: Any = display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def move(self, share: float | None, text: str) -> None:
        """Shows `text` and how much is done."""
        done = "" if share is None else f"{'█' * round(20 * share):░<20} "
        self._update(f"{done}{text}")

    def line(self, text: str) -> None:
        """Nothing: the log has it."""

    def close(self) -> None:
        """Takes the line away."""
        self._update("")

    def _update(self, text: str) -> None:
        self._shown.update({"text/plain": text}, raw=True)


class NoBar:
    """The same where nobody watches: lines alone."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def move(self, share: float | None, text: str) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """A line, at once."""
        print(text, file=self._screen, flush=True)

    def close(self) -> None:
        """Nothing."""


def bar_on(screen: TextIO) -> ProgressBar | NoBar:
    """A bar whose end is known, on a terminal."""
    return ProgressBar(screen, bounded=True) if is_watched(screen) else NoBar(screen)
