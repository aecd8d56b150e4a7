"""Ctrl-C and SIGTERM end a run in order; a second signal ends it at once."""

import os
import signal
import threading
from types import FrameType
from typing import Self

from runner.errors import INTERRUPTED


class Interrupts:
    """While entered, remembers the first SIGINT or SIGTERM instead of raising.

    Only a process's main thread can do this; elsewhere signals are left alone.
    """

    received: str | None = None

    def __enter__(self) -> Self:
        self._previous = {}
        if threading.current_thread() is threading.main_thread():
            for name in INTERRUPTED:
                number = signal.Signals[name]
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self.received is not None:
            os._exit(INTERRUPTED[name])
        self.received = name
