"""Standard output that no command depends on: its reader may go, or never have been there."""

import errno
import io
import os
import sys
from typing import IO, Any

GONE = {errno.EPIPE, errno.EIO}
"""Of a pipe whose reader has ended, such as `head`, and of a terminal that was closed."""


class Outliving(io.FileIO):
    """A pipe or a terminal; once nobody reads there any more, what is written goes nowhere."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "wb", closefd=False)
        self._gone = GONE if self.isatty() else {errno.EPIPE}

    def write(self, content: Any) -> int:
        """Writes; the number of bytes that are done with."""
        try:
            return super().write(content)
        except OSError as error:
            if error.errno not in self._gone:
                raise
        to_nowhere(self.fileno())
        return memoryview(content).nbytes


def is_watched(stream: IO[str]) -> bool:
    """Whether a person watches, on a terminal that can draw over what it has drawn.

    A notebook that is given a command line (`!python -m runner`) only looks like one.
    """
    notebook, dumb = "JPY_PARENT_PID" in os.environ, os.environ.get("TERM") == "dumb"
    return stream.isatty() and not notebook and not dumb


def table_console(**options: Any) -> Any:
    """A rich console for tables, as wide as they need where nobody watches."""
    from rich.console import Console  # noqa: PLC0415 - slow, and only for those who print tables

    if not sys.stdout.isatty():
        options.setdefault("width", 10_000)
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, **options)


def outlive_readers() -> None:
    """From now on neither a reader that has gone nor a letter that it cannot show ends a command.

    Streams that somebody else has put in their place, such as a notebook's, are left alone.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, outliving(stream, number))


def outliving(stream: IO[str] | None, number: int) -> io.TextIOWrapper:
    """The same stream, or where there is none (`>&-`) one that leads nowhere."""
    if not isinstance(stream, io.TextIOWrapper):
        free = not is_open(number)  # if it stayed so, a file of the run would get the texts
        raw = Outliving(to_nowhere(number) if free else os.open(os.devnull, os.O_WRONLY))
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    stream.flush()
    raw = Outliving(stream.fileno())
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


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
