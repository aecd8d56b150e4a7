"""Threads that run one kernel together."""

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from runner.compiled.structures import VECTOR_BYTES


class Team:
    """So many threads, this one among them; each stage of the kernel waits for all of them."""

    def __init__(self, size: int) -> None:
        """Raises RuntimeError where the system gives no more threads."""
        self.size = size
        self.arrivals = np.zeros(VECTOR_BYTES // 8, np.int64)  # nothing else in its cache line
        self._others = ThreadPoolExecutor(size - 1, "kernel") if size > 1 else None
        self._start()

    def _start(self) -> None:
        """All at once: a kernel that one of them never enters would wait for ever."""
        if self._others is not None:
            begun = threading.Barrier(self.size)
            others = [self._others.submit(begun.wait) for _ in range(self.size - 1)]
            begun.wait()
            for each in others:
                each.result()

    def run(self, function: Callable[..., None], shares: Sequence[Sequence[bytes]]) -> None:
        """Calls it in each thread with that thread's share of the arguments."""
        if self._others is None:
            function(*shares[0])
            return
        others = [self._others.submit(function, *share) for share in shares[1:]]
        function(*shares[0])
        for each in others:
            each.result()


@cache
def rest_address() -> int:
    """Of the system's function that lends the processor to other threads; it takes nothing."""
    library = ctypes.CDLL("kernel32" if os.name == "nt" else None)
    function = library.SwitchToThread if os.name == "nt" else library.sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0
