"""Ctrl-C, SIGTERM and SIGHUP end a run in order, a second one at once; warnings are heeded."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from runner import system
from runner.errors import INTERRUPTED
from runner.raising import Interrupted, is_trying, raise_where_safe, try_no_more
from runner.standard_output import forget_terminal
from runner.system import ALARM

ENDED_BY = system.there(INTERRUPTED)
"""The signals that end what runs, as far as the system has them."""
WARNINGS = system.there(("SIGUSR1", "SIGUSR2"))
"""What Slurm (`--signal`) and submitit send some time before they end a job."""


_early: list[int] = []
"""Warnings that came before there was a run to heed them."""
_unheeded: list[int] = []
"""Signals that were to end what came before a run, or between runs."""

_ours: list[bool] = []
"""Whether the process is a command's or a worker's, which may be ended; not a notebook's."""


def end_at_once(name: str, frame: FrameType | None) -> None:
    """What a second signal does: it ends the process, or where that is somebody else's the call."""
    if _ours:
        os._exit(INTERRUPTED[name])
    raise_where_safe(KeyboardInterrupt, frame)


def note(number: int, _frame: FrameType | None) -> None:
    """Keeps a warning for the next run of this process, instead of dying of it."""
    _early.append(number)


def note_warnings() -> None:
    """From now on warnings are kept for the next run, unless somebody else waits for them."""
    if threading.current_thread() is threading.main_thread():
        for name in WARNINGS:
            number = signal.Signals[name]
            if signal.getsignal(number) is signal.SIG_DFL and not handled_in_c(number):
                signal.signal(number, note)


ENDINGS: Mapping[str, BaseException] = {
    name: KeyboardInterrupt() if name == "SIGINT" else SystemExit(INTERRUPTED[name])
    for name in ENDED_BY
}
"""What a signal raises outside a run's training, to tidy up on the way."""


def listen(endings: Mapping[str, BaseException] = ENDINGS) -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise `endings`, and warnings wait for a run.

    The next run of the process is told of the signal too, where nothing could be raised before.
    A second signal ends the process at once.
    """
    note_warnings()
    if threading.current_thread() is not threading.main_thread():
        return
    _ours[:] = [True]
    end = ending(endings)
    for name in ended_by():
        signal.signal(signal.Signals[name], end)


def ending(endings: Mapping[str, BaseException]) -> Callable[[int, FrameType | None], None]:
    """What handles signals so that they raise `endings`, of which none has come yet."""
    _unheeded.clear()

    def end(number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if _unheeded:
            end_at_once(name, frame)
            return
        _unheeded.append(number)
        forget_terminal(name)
        raise_where_safe(lambda: endings[name] if _unheeded else None, frame)

    return end


@contextmanager
def losing_no_interrupt() -> Iterator[None]:
    """While entered, Ctrl-C in somebody else's process is not lost.

    Python raises it wherever it comes; in an import or a destructor errors can vanish without a
    word, or become others. One that comes as a run is recorded that has met its criterion is raised
    in the end. Whoever handles it in a way of their own is left alone.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    alarm, hook, left = signal.getsignal(ALARM), sys.unraisablehook, False
    try:
        with handled({"SIGINT": ending({"SIGINT": KeyboardInterrupt()})}):
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # such as what has become of it on its way
        if _unheeded:
            raise KeyboardInterrupt from error
        raise
    finally:
        left = bool(_unheeded)
        _unheeded.clear()
        try_no_more(alarm, hook)
    if left:
        raise KeyboardInterrupt


@contextmanager
def handled(handlers: Mapping[str, Any]) -> Iterator[None]:
    """While entered, signals are handled so; only a process's main thread can do this."""
    here = threading.current_thread() is threading.main_thread()
    numbers = {signal.Signals[name]: handlers[name] for name in handlers} if here else {}
    previous = {number: signal.getsignal(number) for number in numbers}
    try:
        for number, handler in numbers.items():
            signal.signal(number, handler)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def ended_by() -> list[str]:
    """The signals that end what runs; not SIGHUP where it is to go on without its terminal.

    In somebody else's process none that it ignores, or that no Python handles.
    """
    # nohup; a shell's `&` ignores SIGINT
    heeded = system.there(("SIGHUP",)) if _ours else ENDED_BY
    handlers = {name: signal.getsignal(signal.Signals[name]) for name in heeded}
    left = [name for name in heeded if handlers[name] is signal.SIG_IGN]
    return [n for n in ENDED_BY if n not in left and not handled_in_c(signal.Signals[n])]


def handled_in_c(number: int) -> bool:
    """Whether no Python handles a signal but something that it could not put back.

    Such as faulthandler, of which Python does not know.
    """
    handler = signal.getsignal(number)
    if handler is not signal.SIG_DFL:
        return handler is None
    return system.is_caught(number)


def is_ours(handler: Any) -> bool:
    """Whether a handler is of this module."""
    return getattr(handler, "__module__", None) == __name__


def follow_parent(parent: int) -> None:
    """From now on this process ends in order when the one that started it has ended."""

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        ask_to_end()
        time.sleep(SECONDS_TO_END)  # a run takes five to end; what is left waits for jobs
        os._exit(INTERRUPTED["SIGTERM"])

    if not any(thread.name == FOLLOWER for thread in threading.enumerate()):
        threading.Thread(target=follow, name=FOLLOWER, daemon=True).start()


FOLLOWER = "follows its parent"
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_END = 6.0


def ask_to_end() -> None:
    """SIGTERM, to the main thread, so that no system call it waits in goes on waiting."""
    system.signal_main_thread(signal.SIGTERM)


@atexit.register
def rest() -> None:
    """Once a process ends by itself nothing is raised any more, and no alarm of ours kills it."""
    if is_trying():
        signal.signal(ALARM, signal.SIG_IGN)
    for number in (signal.Signals[name] for name in ENDED_BY):
        if is_ours(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def unheeded() -> Iterator[int]:
    """Signals that were to end what came before and were not heeded there: now they are."""
    while _unheeded:
        yield _unheeded.pop()


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

    SIGINT, SIGTERM, SIGHUP: the first is noted in `received`, a second ends the process at once;
    whoever else waits for it gets it when the run has ended.
    SIGUSR1, SIGUSR2: a snapshot is wanted; and an end, as by SIGTERM, if `stop_on_warning` or if
    somebody else waits for the signal, such as submitit, who gets it when the run has ended, and
    whose errors are then raised as HandedOnError.
    What came before, and what `listen` has kept, counts as come just now.
    Only a process's main thread can do this; elsewhere signals are left alone.
    """

    received: str | None = None
    received_at = 0.0
    _alarm: Any = None
    _hook: Any = None

    def __init__(self, *, stop_on_warning: bool = False) -> None:
        self._stop_on_warning = stop_on_warning
        self._previous: dict[int, Any] = {}
        self._snapshot_wanted = False
        self._raising = False
        self._interrupted = False
        self._handed_on: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in ended_by():
                self._listen(name, self._interrupt)
            for name in WARNINGS:
                if not handled_in_c(signal.Signals[name]):
                    self._listen(name, self._warn)
            self._alarm, self._hook = signal.getsignal(ALARM), sys.unraisablehook
            while _early:
                self._warn(_early.pop(), None)
            for number in unheeded():
                self._interrupt(number, None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self._previous:
            try_no_more(self._alarm, self._hook)
            if self.received == "SIGINT" and not _ours and is_ours(signal.getsignal(signal.SIGINT)):
                _unheeded.append(signal.SIGINT)  # whatever has become of the run
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
    def ending_by(self, seconds: float) -> Iterator[None]:
        """While entered, the process ends at once when so many seconds have passed since a signal.

        For what would be nice to have when all that counts is on the disk.
        """
        if self.received is None or not _ours:
            yield
            return
        left = max(0.0, self.received_at + seconds - time.monotonic())
        timer = threading.Timer(left, os._exit, [INTERRUPTED[self.received]])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

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
        if self.received:  # where nothing could be raised
            raise Interrupted

    def _listen(self, name: str, handler: Callable[[int, FrameType | None], None]) -> None:
        number = signal.Signals[name]
        self._previous[number] = signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._interrupted:
            end_at_once(name, frame)
            return
        self._interrupted = True
        self.received_at = time.monotonic()
        self.received = self.received or name
        forget_terminal(name)
        self._waits(number)
        raise_where_safe(lambda: Interrupted() if self._raising else None, frame)

    def _warn(self, number: int, _frame: FrameType | None) -> None:
        if self._waits(number) or self._stop_on_warning:
            self.received = self.received or "SIGTERM"
        self._snapshot_wanted = True

    def _waits(self, number: int) -> bool:
        """Whether somebody else waits for a signal, who then gets it when the run has ended."""
        previous = self._previous.get(number)
        if not callable(previous) or is_ours(previous) or previous is signal.default_int_handler:
            return False
        self._handed_on = lambda: previous(number, None)
        return True
