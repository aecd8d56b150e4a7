"""A text as windows of characters, each to be told from those before it: `dataset=text`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from runner.checking.memory import check_memory
from runner.checking.rules import integer, optional, path
from runner.data.dataset import Part, Pool
from runner.data.formats.opening import LOOSE, opened
from runner.data.shapes import step_names
from runner.errors import DataError, counted, printable
from runner.network.arrays import Array

SHIPPED = Path(__file__).parent / "sets" / "alice.txt"
"""Lewis Carroll, Alice's Adventures in Wonderland; see the README beside it."""
EXPECTED = "a text in UTF-8, plain or gzip"


@dataclass(frozen=True)
class TextOptions:
    path: Annotated[str | None, optional(path)]
    """A text, or None for the shipped one."""
    window: Annotated[int, integer(at_least=2, at_most=1_000_000)]
    """Characters of a sequence."""


def load_text(options: TextOptions) -> Pool:
    """Windows of so many characters [samples, window characters], one-hot, as uint8.

    Targets [samples, window] are labels of the characters that follow each. The windows lie end to
    end, in the text's order; what is left at the end is not looked at. The classes are all
    characters of the text: one that only its end has is a class that training never sees.
    Raises DataError where there is no such text.
    """
    file = SHIPPED if options.path is None else Path(options.path)
    text, window = read_text(file), options.window
    found = tuple(sorted(set(text)))
    samples = (len(text) - 1) // window
    if len(found) < 2 or samples < 1:
        many = f"{counted(len(text), 'character')}, {len(found)} of them different"
        raise DataError(
            f"dataset.path: {printable(file)} holds {many}; expected two different ones or more, "
            f"and more than dataset.window={window}"
        )
    check_memory(
        # Inputs of a byte, targets of four or more; and what is confused with what.
        samples * window * (len(found) * 5 + 8) + 16 * len(found) ** 2,
        f"{printable(file)} has {counted(len(text), 'character')}, {len(found):,} different ones",
        "give a shorter text, or one of fewer different characters",
        DataError,
    )
    labels = labels_of(text[: samples * window + 1], found)
    inputs = np.zeros((samples * window, len(found)), np.uint8)
    inputs[np.arange(len(inputs)), labels[:-1]] = 1
    shape = window, len(found)
    return Pool(
        samples=Part(inputs.reshape(samples, -1), labels[1:].reshape(samples, window)),
        shape=shape,
        steps=window,
        named=False,
        input_names=step_names(shape),
        target_names=("character",),
        classes=found,
        text=True,
    )


def labels_of(text: str, classes: tuple[str, ...]) -> Array:
    """The place of each character among the classes [characters], which are in order."""
    points = np.frombuffer(text.encode("utf-32-le"), "<u4")
    known = np.frombuffer("".join(classes).encode("utf-32-le"), "<u4")
    return np.searchsorted(known, points).astype(np.int64)


def letter(character: str) -> str:
    """A character by itself, so that a person sees which: a space too."""
    return "␣" if character == " " else printable(character)


def read_text(file: Path) -> str:
    """A file's text; lines end in a line feed, whatever they end in there.

    Raises DataError naming the line for what is not UTF-8.
    """
    with opened(file, EXPECTED) as opened_file:
        content = opened_file.read(LOOSE + 1)
    place = f"dataset.path: {printable(file)}"
    if len(content) > LOOSE:
        raise DataError(f"{place} holds more than {LOOSE:,} bytes; expected a shorter text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{place} line {line}: byte 0x{content[error.start]:02x} is not UTF-8; expected "
            f"{EXPECTED}"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{place} line {line}: a NUL is in no text; expected {EXPECTED}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
