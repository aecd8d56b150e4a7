"""What is kept of a configuration beside its run, as YAML that loads to the same values."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from omegaconf import OmegaConf

PLAIN = re.compile(r"[A-Za-z/][\w/.+,-]*[=/.][\w/.+,=-]*", re.ASCII)
"""Texts that YAML takes as they are: no word such as `null`, no number."""

WORD = re.compile(
    r"(?!(?:null|true|false|yes|no|on|off|y|n|inf|infinity|nan)$)[a-z_]+", re.ASCII | re.IGNORECASE
)
"""Words that it takes as they are."""

DIGITS = re.compile(r"[1-9]\d*|0", re.ASCII)
"""Texts that YAML quotes, for they would be numbers."""


def yaml_text(values: dict[str, Any] | list[Any], indent: str = "") -> str:
    """Nested mappings and lists of plain values as lines of YAML."""
    if isinstance(values, list):
        return "".join([item(value, indent) for value in values])
    return "".join([lines(head(key, indent), value, indent) for key, value in values.items()])


def head(key: str, indent: str) -> str:
    """A line up to its value."""
    return f"{indent}{scalar(key, key)}:"


def lines(key: str, value: object, indent: str) -> str:
    """A line for a plain value; for a mapping or a list its key, and the lines below."""
    if isinstance(value, dict | list):
        if not value:
            return f"{key} {'[]' if isinstance(value, list) else '{}'}\n"
        if isinstance(value, list) and all(isinstance(each, int | float) for each in value):
            return f"{key} [{', '.join(scalar(repr(each), each) for each in value)}]\n"
        return f"{key}\n{yaml_text(value, f'{indent}  ')}"
    return f"{key} {scalar(repr(value), value)}\n"


def item(value: object, indent: str) -> str:
    """A list's item."""
    if isinstance(value, dict) and value:
        return f"{indent}- {yaml_text(value, f'{indent}  ')[len(indent) + 2 :]}"
    return lines(f"{indent}-", value, indent)


@lru_cache(maxsize=4096, typed=True)
def scalar(written: str, value: Any) -> str:
    """A plain value. `written` tells apart what is equal, such as 0.0 and -0.0."""
    if isinstance(value, str):
        if WORD.fullmatch(value) or PLAIN.fullmatch(value):
            return value
        if DIGITS.fullmatch(value):
            return f"'{value}'"
        text = OmegaConf.to_yaml([value])[2:].rstrip("\n")
        return text if "\n" not in text else quoted(value)
    if isinstance(value, float) and math.isfinite(value) and "e" in written and "." not in written:
        return written.replace("e", ".0e")  # YAML 1.1 would read a text
    if isinstance(value, bool | int | float | None):
        words = {"True": "true", "False": "false", "None": "null"}
        return {**words, "inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(written, written)
    return OmegaConf.to_yaml([value])[2:].rstrip("\n")


def quoted(text: str) -> str:
    """A text on one line, in quotes."""
    import yaml  # noqa: PLC0415 - for texts that take several lines, which are few

    return yaml.safe_dump(text, default_style='"', width=math.inf, allow_unicode=True).rstrip("\n")


class Form:
    """A mapping's lines of YAML, to be written many times with other values at some of its keys."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._lines: list[str] = []
        self._places: dict[tuple[str, ...], tuple[int, str]] = {}
        """Of each value, by the keys on its way: the number of its lines, and their key."""
        self._lay(values, ())

    def _lay(self, values: Mapping[str, Any], above: tuple[str, ...]) -> None:
        for key, value in values.items():
            keys, start = (*above, key), head(key, "  " * len(above))
            if isinstance(value, dict) and value:
                self._lines.append(f"{start}\n")
                self._lay(value, keys)
            else:
                self._places[keys] = len(self._lines), start
                self._lines.append(lines(start, value, "  " * len(above)))

    def text(self, changed: Mapping[tuple[str, ...], object]) -> str:
        """The lines with these values, each by the keys on its way."""
        filled = self._lines.copy()
        for keys, value in changed.items():
            number, start = self._places[keys]
            filled[number] = lines(start, value, "  " * (len(keys) - 1))
        return "".join(filled)
