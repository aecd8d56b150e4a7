"""The end of a process in which something hangs that nobody waits for."""

import os
import sys
from contextlib import suppress

hanging: list[str] = []
"""What it is: a library may have hooks that wait for it when the process ends."""


def leave(code: int) -> int:
    """The exit code; where something hangs, the process ends here, without such hooks."""
    if not hanging:
        return code
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads any more
            stream.flush()
    os._exit(code)
