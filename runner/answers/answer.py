"""What a command answers a script: one JSON document, whose keys are the fields of a dataclass.

A command that is asked for it leaves standard output to the document: exactly one, in UTF-8, with
numbers in full precision, NaN and infinity as null. People are told on stderr. Every key of a
document is always there; its first, `schema`, says of which command and version it is.
"""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, TextIO

from runner.errors import RunnerError, error_line, printable, refused_by_system
from runner.standard_output import OwnStream, stream_to

Cell = str | int | float | bool | None
"""A value of a setting or a result."""


@dataclass(frozen=True)
class Answer:
    """A document; what its fields mean stands in their annotations."""

    command: ClassVar[str]
    """What gives it, as `python -m runner.schema` is asked for it."""
    version: ClassVar[int] = 1
    """It rises where a key goes or means something else; that a key comes is no new version."""

    @classmethod
    def schema_name(cls) -> str:
        """What stands at `schema`, such as runner/compare/1."""
        return f"runner/{cls.command}/{cls.version}"


@dataclass(frozen=True)
class Problem:
    kind: Annotated[str, "settings, data, snapshot, conflict, storage, diverged or other"]
    message: Annotated[str, "one line, as it stands on stderr behind `error:`"]
    details: Annotated[list[str], "a line for each of many things that it is about; mostly none"]
    exit_code: Annotated[int, "that of errors of this kind"]


@dataclass(frozen=True)
class Failure(Answer):
    """What any command answers that could not do what it was asked to."""

    command = "error"
    error: Annotated[Problem, "what was wrong"]


def problem_of(error: Exception, folder: Path | None = None) -> Problem:
    """An error that a person can cause, as a document tells it.

    folder: where the command writes, for the system does not always name the file.
    """
    if isinstance(error, OSError | MemoryError):
        error = refused_by_system(error, folder)
    kind, code = "other", RunnerError.exit_code
    if isinstance(error, RunnerError):
        kind, code = error.kind, error.exit_code
    details = [printable(line) for line in getattr(error, "details", ())]
    return Problem(kind, error_line(error), details, code)


def print_answer(answer: Answer) -> None:
    """Writes the one document that standard output is to hold; a command does nothing after it."""
    print_json({"schema": answer.schema_name(), **plain(answer)})


def answer_error(error: Exception, folder: Path | None = None) -> None:
    """Says what was wrong, where standard output takes it; of a fault of the runner's own nothing.

    folder: as of `problem_of`.
    """
    if isinstance(error, RunnerError | OSError | MemoryError):
        with suppress(OSError):
            print_answer(Failure(problem_of(error, folder)))


def print_json(document: Mapping[str, Any]) -> None:
    """Writes a document, in UTF-8 wherever it is read."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    stream = _left[-1] if _left else sys.stdout
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
    else:  # names of files need not be UTF-8: what is not stands as \udcff, which JSON can say
        binary.write(text.encode("utf-8", "backslashreplace"))
    stream.flush()


def plain(value: Any) -> Any:
    """A value in what JSON has; of NaN and infinity null, for it has neither."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return plain(value.tolist())
    return [plain(each) for each in value]


@contextmanager
def stdout_left(*, to_answer: bool) -> Iterator[None]:
    """While entered, what is printed goes to stderr, where standard output is to be an answer's.

    In a command's own process also what is printed past Python's streams, and by its children.
    """
    if not to_answer or _left:
        yield
        return
    stream = sys.stdout
    stream.flush()
    kept = os.dup(1) if isinstance(stream, OwnStream) else None
    _left.append(stream if kept is None else stream_to(kept))
    try:
        if kept is not None:
            os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _left.pop()
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


_left: list[TextIO] = []
"""Standard output, while it is left to an answer."""
