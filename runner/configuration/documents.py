"""YAML texts of jobs that differ in few values, byte for byte as OmegaConf writes them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from omegaconf import OmegaConf

Path = tuple[str, ...]
"""The keys on the way to a value."""

PLAIN = re.compile(r"[A-Za-z/][\w/.+,-]*[=/.][\w/.+,=-]*", re.ASCII)
"""Texts that YAML writes as they are: no word such as `null`, no number, nowhere to break."""

DIGITS = re.compile(r"[1-9]\d*|0", re.ASCII)
"""Texts that YAML quotes, for they would be numbers."""


class Template:
    """The YAML of nested mappings, in which the lines of some values can be replaced.

    Raises LookupError where a value's lines cannot be told from others.
    """

    def __init__(self, text: str, values: Mapping[str, Any], paths: Sequence[Path]) -> None:
        places = sorted((*place_of(text, values, path), path) for path in paths)
        self._paths = [path for _, _, path in places]
        starts = [start for start, _, _ in places] + [len(text)]
        ends = [0] + [end for _, end, _ in places]
        self._between = [text[end:start] for end, start in zip(ends, starts, strict=True)]

    def text(self, values: Mapping[Path, object]) -> str:
        """The text with these values, one for each of the paths."""
        first, *others = self._between
        parts = [first]
        for path, following in zip(self._paths, others, strict=True):
            parts += (value_lines(path, values[path]), following)
        return "".join(parts)


def place_of(text: str, values: Mapping[str, Any], path: Path) -> tuple[int, int]:
    """Where the lines of a value start and end."""
    inner: Any = values
    start = 0
    for depth, key in enumerate(path):
        inner = inner[key]
        line = f"{'  ' * depth}{key}:"
        if not text.startswith(line, start):
            start = text.index(f"\n{line}", start) + 1
    lines = value_lines(path, inner)
    if not text.startswith(lines, start):
        raise LookupError(f"{'.'.join(path)} is not written as expected")
    return start, start + len(lines)


def value_lines(path: Path, value: object) -> str:
    """The lines of one value: its key at its depth, and what follows."""
    indent = "  " * (len(path) - 1)
    if isinstance(value, list):
        items = item_lines(value, indent)
        return f"{indent}{path[-1]}:\n{items}" if items else dumped(path, value)
    if type(value) is int or (isinstance(value, str) and PLAIN.fullmatch(value)):
        return f"{indent}{path[-1]}: {value}\n"
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return f"{indent}{path[-1]}: '{value}'\n"
    return dumped_scalar(path, repr(value), value)


def list_text(values: list[str]) -> str:
    """A list of texts as a file of its own."""
    return item_lines(values) or OmegaConf.to_yaml(values)


def item_lines(values: list[Any], indent: str = "") -> str:
    """The lines of a list of texts that go without quotes; nothing for any other list."""
    if not all(isinstance(value, str) and PLAIN.fullmatch(value) for value in values):
        return ""
    return "".join([f"{indent}- {value}\n" for value in values])


@lru_cache(maxsize=4096, typed=True)
def dumped_scalar(path: Path, _written: str, value: object) -> str:
    """As `dumped`, remembered. `_written` tells apart what is equal, such as 0.0 and -0.0."""
    return dumped(path, value)


def dumped(path: Path, value: object) -> str:
    """The lines as OmegaConf writes them, below the keys of `path`."""
    nested: Any = value
    for key in reversed(path):
        nested = {key: nested}
    return "".join(OmegaConf.to_yaml(nested).splitlines(keepends=True)[len(path) - 1 :])
