"""Raises what a signal asks for wherever the program is, but where it would be lost or do harm."""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from runner import system
from runner.system import ALARM


class Interrupted(BaseException):
    """A signal came where nothing would be lost by stopping at once."""


BINDING = f"llvmlite{os.sep}binding"
IMPORTS = "<frozen importlib"
"""In the names of files whose code no signal may end.

The binding of LLVM says who owns what just after it was handed over, and is called back from C,
where errors are lost or crash. In an import errors can be taken for a missing module.
"""
MOST_SECONDS_OF_IMPORTS = 3.0
"""How long a signal waits for imports; what they begin may go on for ever."""
SECONDS_BETWEEN_TRIES = 0.01


def raise_where_safe(wanted: Callable[[], BaseException | None], frame: FrameType | None) -> None:
    """Raises what is `wanted`, as soon as no delicate code runs, and as long as it is wanted.

    Where it is swallowed, as in `__del__`, it is raised again a moment later.
    """
    last = time.monotonic() + MOST_SECONDS_OF_IMPORTS
    others = sys.unraisablehook

    def attempt(frame: FrameType | None) -> None:
        error = wanted()
        if error is None:
            return
        importing = time.monotonic() < last and calls(frame, IMPORTS)
        if importing or calls(frame, BINDING):
            try_again()
        else:
            sys.unraisablehook = swallowed
            raise error

    def try_again() -> None:
        signal.signal(ALARM, lambda _, frame: attempt(frame))
        system.alarm_in(SECONDS_BETWEEN_TRIES)

    def swallowed(what: Any) -> None:
        if isinstance(what.exc_value, (Interrupted, KeyboardInterrupt, SystemExit)):
            try_again()
        else:
            others(what)

    attempt(frame)


def try_no_more(alarm: Any, hook: Any) -> None:
    """Puts back what was there before something was to be raised where it is safe."""
    if is_trying():
        system.alarm_in(0)
        signal.signal(ALARM, alarm)
    sys.unraisablehook = hook


def is_trying() -> bool:
    """Whether something waits to be raised."""
    return getattr(signal.getsignal(ALARM), "__module__", None) == __name__


def calls(frame: FrameType | None, file: str) -> bool:
    """Whether the code that runs, or what has called it, is of files whose names hold `file`."""
    while frame is not None:
        if file in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
