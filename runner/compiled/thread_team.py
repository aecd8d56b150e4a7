"""Threads that run one kernel together."""

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from runner.compiled.structures import VECTOR_BYTES, Packed, aligned
from runner.errors import SettingsError


class Team:
    """So many threads, each of whose stages of a kernel waits for all the others."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.arrivals = aligned(VECTOR_BYTES // 8, np.dtype(np.int64))  # a cache line of its own
        self._pool: ThreadPoolExecutor | None = None
        self._process, self._turn = 0, threading.Lock()

    def run(self, function: Callable[..., None], shares: Sequence[Sequence[Packed[Any]]]) -> None:
        """Calls it in each thread with that thread's share of the structures.

        Raises SettingsError where the system gives no more threads.
        """
        if self.size == 1:
            call(function, shares[0])
            return
        pool = self._threads()
        with self._turn:
            # The main thread alone is interrupted, and would then leave some without the others.
            running = pool.submit(run_all, pool, function, shares)
            try:
                running.result()
            finally:
                wait([running])

    def _threads(self) -> ThreadPoolExecutor:
        """This process's: one that was forked has none of those before."""
        if self._pool is None or self._process != os.getpid():
            self._pool, self._process = begun(self.size), os.getpid()
            self._turn = threading.Lock()
            self.arrivals[:] = 0
        return self._pool


def run_all(
    pool: ThreadPoolExecutor, function: Callable[..., None], shares: Sequence[Sequence[Packed[Any]]]
) -> None:
    """In one of the pool's threads, which takes the first share and gives the others theirs."""
    others = [
        pool.submit(call, function, share, place) for place, share in enumerate(shares[1:], 1)
    ]
    call(function, shares[0], 0)
    wait(others)


def call(
    function: Callable[..., None], share: Sequence[Packed[Any]], place: int | None = None
) -> None:
    """Calls a kernel, on the processor of that place if one is given; keeps what it works on."""
    if place is not None:
        take_processor(place)
    function(*(each.content for each in share))


def take_processor(place: int) -> None:
    """Moves this thread there, from where the system may move it again.

    Threads that wake one another begin on one processor, and share it for long where all are busy.
    """
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        with suppress(OSError):  # one of them may just have been taken away
            os.sched_setaffinity(0, {allowed[place % len(allowed)]})
            os.sched_setaffinity(0, allowed)


def begun(size: int) -> ThreadPoolExecutor:
    """Threads that have all started: a kernel that one of them never entered would wait for ever.

    Raises SettingsError where the system gives no more.
    """
    pool, all_here = ThreadPoolExecutor(size, "kernel"), threading.Barrier(size)
    try:
        wait([pool.submit(all_here.wait) for _ in range(size)])
    except BaseException as error:
        all_here.abort()
        if not isinstance(error, RuntimeError):
            raise
        raise SettingsError(
            f"threads={size}: the system gives this process no more ({error}); set threads=1"
        ) from error
    return pool


@cache
def rest_address() -> int:
    """Of the system's function that sleeps so many microseconds.

    On Windows, which has none, of that which gives way, and looks at no argument.
    """
    library = ctypes.CDLL("kernel32" if os.name == "nt" else None)
    function = library.SwitchToThread if os.name == "nt" else library.usleep
    return ctypes.cast(function, ctypes.c_void_p).value or 0
