"""Standard output that nobody depends on: its reader may go, or never have been there."""

import errno
import io
import os
import stat
import sys
from contextlib import suppress
from typing import IO, Any

from runner.system import WINDOWS

BROKEN = {errno.EPIPE, *([errno.EINVAL] if WINDOWS else [])}
"""Of a pipe whose reader has ended, such as `head`."""
GONE = {*BROKEN, errno.EIO}
"""The same, and of a terminal that was closed."""


class Outliving(io.FileIO):
    """A pipe or a terminal; once nobody reads there any more, what is written goes nowhere."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "wb", closefd=False)
        self._gone = GONE if self.isatty() else BROKEN

    def write(self, content: Any) -> int:
        """Writes; the number of bytes that are done with."""
        try:
            return super().write(content)
        except OSError as error:
            if error.errno not in self._gone:
                raise
        to_nowhere(self.fileno())
        return memoryview(content).nbytes


class OwnStream(io.TextIOWrapper):
    """Standard output or error of a command, which ends where a disk is too full for them."""


class Forgiving:
    """Somebody else's stream, or none: what it does not take is not shown, and a run goes on."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream: Any = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes what can be; the number of letters that are done with."""
        with suppress(OSError, ValueError, AttributeError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Writes what can be."""
        with suppress(OSError, ValueError, AttributeError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it says that it is a terminal."""
        with suppress(OSError, ValueError, AttributeError):
            return bool(self._stream.isatty())
        return False


def screen() -> Any:
    """Where a person reads."""
    return forgiving(sys.stdout)


def tell(text: str) -> None:
    """A line for a person, at once."""
    print(text, file=screen(), flush=True)


def forgiving(stream: IO[str] | None) -> Any:
    """A stream to print to; a command's own as it is."""
    return stream if isinstance(stream, OwnStream | Forgiving) else Forgiving(stream)


def is_watched(stream: IO[str] | None) -> bool:
    """Whether a person watches, on a terminal that can draw over what it has drawn.

    A notebook that is given a command line (`!python -m runner`) only looks like one.
    """
    notebook, dumb = "JPY_PARENT_PID" in os.environ, os.environ.get("TERM") == "dumb"
    return forgiving(stream).isatty() and not notebook and not dumb


def table_console(**options: Any) -> Any:
    """A rich console for tables, as wide as they need where nobody watches."""
    from rich.console import Console  # noqa: PLC0415 - slow, and only for those who print tables

    if not screen().isatty():
        options.setdefault("width", 10_000)
    options.setdefault("file", screen())
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, **options)


def outlive_readers() -> None:
    """From now on neither a reader that has gone nor a letter that it cannot show ends a command.

    Streams that somebody else has put in their place, such as a notebook's, are left alone.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, outliving(stream, number))


def outliving(stream: IO[str] | None, number: int) -> OwnStream:
    """The same stream, or where there is none (`>&-`) one that leads nowhere."""
    if not isinstance(stream, io.TextIOWrapper):
        free = not is_open(number)  # if it stayed so, a file of the run would get the texts
        return stream_to(to_nowhere(number) if free else os.open(os.devnull, os.O_WRONLY))
    stream.flush()
    console = getattr(stream.buffer, "raw", stream.buffer)
    # A console of Windows takes letters and no bytes, by an object of its own.
    own: Any = Outliving(stream.fileno()) if isinstance(console, io.FileIO) else console
    return OwnStream(
        own if stream.write_through else io.BufferedWriter(own),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def stream_to(number: int) -> OwnStream:
    """A stream to a file descriptor."""
    return OwnStream(io.BufferedWriter(Outliving(number)), encoding="utf-8")


def forget_terminal(name: str) -> None:
    """After SIGHUP, where what is shown would go to a terminal that is gone, it goes nowhere."""
    if name == "SIGHUP":
        for stream in (1, 2):
            with suppress(OSError):
                if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                    to_nowhere(stream)


def is_open(number: int) -> bool:
    """Whether a file descriptor leads anywhere."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def to_nowhere(number: int) -> int:
    """Lets a file descriptor lead to /dev/null; the same number."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    if nowhere != number:
        os.close(nowhere)
    return number
