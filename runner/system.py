"""What the system beneath can do, asked in one place; where it lacks something, the way around.

Linux lacks none of it. The ways around are for macOS and Windows; tests take them by taking away
what is around here. `processors` and the sealed `compiled` see to what they alone want.
"""

import importlib
import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


def module(name: str) -> Any:
    """A module that not every system has, or None."""
    with suppress(ImportError):
        return importlib.import_module(name)
    return None


fcntl, msvcrt, resource = map(module, ("fcntl", "msvcrt", "resource"))

WINDOWS = os.name == "nt"
PROCESSES = Path("/proc")
"""What Linux tells of processes."""
_began = time.monotonic()


def flags(*names: str) -> int:
    """Those of `os.open` that there are; 0 for others."""
    return sum(getattr(os, name, 0) for name in names)


# Files

UNSURPRISED = flags("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
"""Opens no link, waits for no pipe's other end, is no child's, and changes no line ends."""
SEES_LINKS = hasattr(os, "O_NOFOLLOW")
"""Whether a link is refused as it is opened; else it has to be looked for before."""
FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
"""On macOS, whose fsync leaves content in the disk's own memory, what does not."""
SYNCS_ALL = hasattr(os, "sync") and FULL_SYNC is None
"""Whether everything that was written can be forced to the disk at once, and waited for."""


def sync_content(descriptor: int) -> None:
    """Waits until a file's content is on the disk."""
    if FULL_SYNC is not None:
        with suppress(OSError):  # some network file systems know no more than fsync
            fcntl.fcntl(descriptor, FULL_SYNC)
            return
    os.fsync(descriptor)


def sync_place(path: Path) -> None:
    """Waits until a file's content, or the names in a folder, are on the disk."""
    if WINDOWS and path.is_dir():  # which cannot be opened there; NTFS keeps a journal of names
        return
    descriptor = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
    try:
        sync_content(descriptor)
    finally:
        os.close(descriptor)


def sync_all() -> None:
    """Waits until everything is on the disk; nothing where the system has no such call."""
    if hasattr(os, "sync"):
        os.sync()


def replace(source: str | Path, target: str | Path) -> None:
    """As `os.replace`; on Windows, where nothing is that somebody reads, a moment later."""
    last = time.monotonic() + SECONDS_OF_READERS
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if not WINDOWS or time.monotonic() > last:
                raise
            time.sleep(0.01)
        else:
            return


SECONDS_OF_READERS = 2.0


def size_on_disk(about: os.stat_result) -> int:
    """Bytes that a file takes there, or where that is not told those that it holds."""
    blocks: int | None = getattr(about, "st_blocks", None)
    return about.st_size if blocks is None else blocks * 512


# Locks

LOCK = ".runner-lock"
"""A file of a held folder, where folders themselves cannot be locked."""
LOCKS_FOLDERS = fcntl is not None


def lock_place(folder: Path) -> Path:
    """What is locked of a folder: itself, which leaves nothing behind, or a file in it."""
    return folder if LOCKS_FOLDERS else folder / LOCK


def open_lock(folder: Path) -> int:
    """A descriptor to `lock`."""
    if LOCKS_FOLDERS:
        return os.open(folder, os.O_RDONLY | flags("O_DIRECTORY", "O_CLOEXEC"))
    return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | UNSURPRISED, 0o666)


def lock(descriptor: int) -> None:
    """Locks until the descriptor is closed, which the system does however the process ends.

    Raises BlockingIOError while it is locked by another, and OSError where it cannot be.
    """
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
    else:
        raise OSError("this system has no locks")


def close_lock(descriptor: int, folder: Path | None) -> None:
    """Lets go of a lock, and takes its file away; nobody can who holds it open on Windows."""
    os.close(descriptor)
    if not LOCKS_FOLDERS and folder is not None:
        with suppress(OSError):  # another has it open by now
            (folder / LOCK).unlink()


# Processes

FORKS = hasattr(os, "fork") and sys.platform != "darwin"
"""Whether a process may go on as two. On macOS its libraries, such as Accelerate, may hang then."""


def after_fork(action: Callable[[], object]) -> None:
    """From now on a process that is forked from this one begins with it."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=action)


def own_group() -> dict[str, Any]:
    """For `subprocess.Popen`: a process that no Ctrl-C reaches but by its parent."""
    if WINDOWS:
        return {"creationflags": 0x200}  # CREATE_NEW_PROCESS_GROUP
    return {"process_group": 0}


def process_start(process: int) -> str | None:
    """When a process of this machine started, in its system's words; None if it is gone."""
    try:
        text = (PROCESSES / str(process) / "stat").read_text(encoding="utf-8")
    except OSError:
        if (PROCESSES / "self").exists():
            return None
        return start_on_windows(process) if WINDOWS else start_by_ps(process)
    return text.rpartition(")")[2].split()[19]


def start_by_ps(process: int) -> str | None:
    """The same, asked of the command that every Unix has; to the second."""
    import subprocess  # noqa: PLC0415 - where it is needed

    said = {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}  # the same words whoever asks
    command = ["ps", "-o", "lstart=", "-p", str(process)]
    try:
        told = subprocess.run(  # noqa: S603 - the command is our own
            command, env=said, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return told.stdout.strip() or None


def start_on_windows(process: int) -> str | None:
    """The same, asked of Windows; in its ticks of 100 nanoseconds."""
    import ctypes  # noqa: PLC0415 - where it is needed

    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.OpenProcess(0x1000, 0, process))  # QUERY_LIMITED_INFORMATION
    times, code = (ctypes.c_uint64 * 4)(), ctypes.c_uint32()
    try:
        places = [ctypes.byref(times, 8 * place) for place in range(4)]
        known = handle and kernel.GetProcessTimes(handle, *places)
        known = known and kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    finally:
        if handle:
            kernel.CloseHandle(handle)
    return str(times[0]) if known and code.value == 259 else None  # STILL_ACTIVE


def seconds_since_start() -> float:
    """How long this process has run; where the system does not say, since it imported this."""
    with suppress(OSError, AttributeError, IndexError):
        text = (PROCESSES / "self" / "stat").read_text(encoding="utf-8")
        ticks = int(text.rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - _began


def load() -> float:
    """How many processes wanted a processor of the machine at a time, in the last minute.

    0 where nobody says.
    """
    with suppress(AttributeError, OSError):
        return os.getloadavg()[0]
    return 0.0


# Memory


def memory_limits() -> list[int]:
    """Bytes that the machine has, and that this process may have; none where nobody says."""
    limits = []
    if WINDOWS:
        limits.append(memory_of_windows())
    with suppress(AttributeError, ValueError, OSError):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    if resource is not None:
        allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
        if allowed != resource.RLIM_INFINITY:
            limits.append(allowed)
    return limits


def memory_of_windows() -> int:
    """Bytes of memory, asked of Windows."""
    import ctypes  # noqa: PLC0415 - where it is needed

    status = (ctypes.c_uint64 * 8)(64)  # MEMORYSTATUSEX: its size and the load, then seven numbers
    ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return status[1]


# Signals

KILL: int = getattr(signal, "SIGKILL", 9)
"""Ends a process at once; where there is no such signal, what stands for it here."""
ALARM: int = getattr(signal, "SIGALRM", None) or signal.SIGBREAK  # type: ignore[attr-defined]
"""What `alarm_in` sends; on Windows as Ctrl-Break does."""


def there(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these signals that the system has: Windows lacks SIGHUP and those of users."""
    return tuple(name for name in names if name in signal.Signals.__members__)


def is_caught(number: int) -> bool:
    """Whether this process does something at a signal, as far as the system says."""
    with suppress(OSError):
        status = (PROCESSES / "self" / "status").read_text(encoding="ascii", errors="replace")
        return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1)
    return False


def signal_main_thread(number: int) -> None:
    """Sends a signal to the main thread, where it can be so that no system call goes on waiting."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        interrupt_main(signal.Signals(number))


def alarm_in(seconds: float) -> None:
    """Sends ALARM to the main thread by and by; 0: no more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif seconds:
        timer = threading.Timer(seconds, interrupt_main, [ALARM])
        timer.daemon = True
        timer.start()
