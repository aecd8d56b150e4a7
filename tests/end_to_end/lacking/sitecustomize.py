"""Takes from a Python on Linux what Windows lacks, before anything else is imported.

On PYTHONPATH, so that the processes that are started from one have less as well.
"""

import builtins
import enum
import fcntl
import io
import os
import shutil
import signal
import subprocess  # knows Windows by its msvcrt  # noqa: F401
import sys
import time
import types
from typing import Any

MODULES = ("fcntl", "termios", "resource", "pwd", "grp", "pty", "tty")
FUNCTIONS = (
    "fork forkpty register_at_fork sync setpgid getpgid setsid killpg getuid geteuid sysconf "
    "set_blocking sched_getaffinity sched_setaffinity mkfifo O_NOFOLLOW O_NONBLOCK "
    "O_DIRECTORY O_CLOEXEC"
)
SIGNALS = ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGTSTP")
HIDDEN = "/proc"


def locking(descriptor: int, _mode: int, _count: int) -> None:
    """As `msvcrt.locking`: a file is locked by who has opened it, and refused with EACCES."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


def hiding(function: Any) -> Any:
    """A function that opens or looks at files, to which some are not there."""

    def hidden(path: Any, *args: Any, **options: Any) -> Any:
        if isinstance(path, str | os.PathLike) and str(path).startswith(HIDDEN):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return function(path, *args, **options)

    return hidden


shutil._use_fd_functions = False  # type: ignore[attr-defined]  # which want O_NOFOLLOW
for name in FUNCTIONS.split():
    delattr(os, name)
for name in (*SIGNALS, "pthread_kill", "pthread_sigmask", "setitimer", "ITIMER_REAL"):
    delattr(signal, name)
signal.SIGBREAK = 21  # type: ignore[attr-defined]
left = {name: int(each) for name, each in signal.Signals.__members__.items() if name not in SIGNALS}
signal.Signals = enum.IntEnum("Signals", left)  # type: ignore[misc]
for name in ("clock_gettime", "CLOCK_BOOTTIME"):
    delattr(time, name)
sys.modules |= dict.fromkeys(MODULES)  # type: ignore[arg-type]
msvcrt: Any = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK, msvcrt.locking = 2, locking
sys.modules["msvcrt"] = msvcrt
builtins.open = io.open = hiding(io.open)
os.open, os.stat = hiding(os.open), hiding(os.stat)
