"""Ctrl-C and SIGTERM end a run in order, a second one at once; a cluster's warning is heeded."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from runner.errors import INTERRUPTED

WARNINGS = ("SIGUSR1", "SIGUSR2")
"""What Slurm (`--signal`) and submitit send some time before they end a job."""


_early: list[int] = []
"""Warnings that came before there was a run to heed them."""


def note(number: int, _frame: FrameType | None) -> None:
    """Keeps a warning for the next run of this process, instead of dying of it."""
    _early.append(number)


def note_warnings() -> None:
    """From now on warnings are kept for the next run, unless somebody else waits for them."""
    if threading.current_thread() is threading.main_thread():
        for name in WARNINGS:
            number = signal.Signals[name]
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, note)


class Interrupted(BaseException):
    """A signal came where nothing would be lost by stopping at once."""


class HandedOnError(BaseException):
    """What somebody who was handed a signal raised then: no failure of the run."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


@contextmanager
def handing_on() -> Iterator[None]:
    """Lets out of a job what is to end its process, such as submitit's when it is queued again."""
    try:
        yield
    except HandedOnError as handed_on:
        raise handed_on.error from None


class Interrupts:
    """While entered, remembers signals instead of raising.

    SIGINT, SIGTERM: the first is noted in `received`, a second ends the process at once.
    SIGUSR1, SIGUSR2: a snapshot is wanted; and an end, as by SIGTERM, if `stop_on_warning` or if
    somebody else waits for the signal, such as submitit, who gets it when the run has ended, and
    whose errors are then raised as HandedOnError.
    What `note` has kept counts as come just now.
    Only a process's main thread can do this; elsewhere signals are left alone.
    """

    received: str | None = None

    def __init__(self, *, stop_on_warning: bool = False) -> None:
        self._stop_on_warning = stop_on_warning
        self._previous: dict[int, Any] = {}
        self._snapshot_wanted = False
        self._raising = False
        self._interrupted = False
        self._handed_on: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in INTERRUPTED:
                self._listen(name, self._interrupt)
            for name in WARNINGS:
                self._listen(name, self._warn)
            while _early:
                self._warn(_early.pop(), None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self._handed_on is not None and kind is None:
            try:
                self._handed_on()
            except BaseException as error:
                raise HandedOnError(error) from error

    def snapshot_wanted(self) -> bool:
        """Whether a warning has come since this was last asked."""
        wanted, self._snapshot_wanted = self._snapshot_wanted, False
        return wanted

    @contextmanager
    def raising(self) -> Iterator[None]:
        """While entered, an interrupt raises Interrupted, for what may take long."""
        self._raising = True
        try:
            if self.received:
                raise Interrupted
            yield
        finally:
            self._raising = False

    def _listen(self, name: str, handler: Callable[[int, FrameType | None], None]) -> None:
        number = signal.Signals[name]
        self._previous[number] = signal.signal(number, handler)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._interrupted:
            os._exit(INTERRUPTED[name])
        self._interrupted = True
        self.received = self.received or name
        if self._raising:
            raise Interrupted

    def _warn(self, number: int, _frame: FrameType | None) -> None:
        previous = self._previous[number]
        waits = callable(previous) and previous is not note
        if waits:
            self._handed_on = lambda: previous(number, None)
        if waits or self._stop_on_warning:
            self.received = self.received or "SIGTERM"
        self._snapshot_wanted = True
