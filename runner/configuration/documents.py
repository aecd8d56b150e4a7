"""What is kept of a configuration beside its run, as YAML that loads to the same values."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from omegaconf import OmegaConf

PLAIN = re.compile(r"[A-Za-z/][\w/.+,-]*[=/.][\w/.+,=-]*", re.ASCII)
"""Texts that YAML takes as they are: no word such as `null`, no number."""


def yaml_text(values: object, indent: str = "", known: Mapping[int, str] | None = None) -> str:
    """Nested mappings and lists of plain values as lines of YAML.

    known: texts of mappings by their `id`, as they are at this indent.
    """
    if isinstance(values, Mapping):
        return "".join(
            [entry(f"{indent}{scalar(key, key)}:", values[key], indent, known) for key in values]
        )
    if isinstance(values, list):
        return "".join([entry(f"{indent}-", value, indent, known) for value in values])
    return f"{indent}{scalar(repr(values), values)}\n"


def entry(key: str, value: object, indent: str, known: Mapping[int, str] | None) -> str:
    """A line for a plain value; for a mapping or a list its key, and the lines below."""
    if isinstance(value, Mapping | list):
        if not value:
            return f"{key} {'[]' if isinstance(value, list) else '{}'}\n"
        below = known.get(id(value)) if known else None
        return f"{key}\n{below or yaml_text(value, f'{indent}  ', known)}"
    return f"{key} {scalar(repr(value), value)}\n"


@lru_cache(maxsize=4096, typed=True)
def scalar(written: str, value: Any) -> str:
    """A plain value. `written` tells apart what is equal, such as 0.0 and -0.0."""
    if isinstance(value, str):
        if PLAIN.fullmatch(value):
            return value
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


def known_texts(values: Mapping[str, Any], indent: str = "") -> dict[int, str]:
    """The texts of all mappings in this one, for documents that share most of them."""
    texts: dict[int, str] = {}
    for value in values.values():
        if isinstance(value, Mapping) and value:
            texts |= known_texts(value, f"{indent}  ")
            texts[id(value)] = yaml_text(value, f"{indent}  ", texts)
    return texts
