"""Overrides as one types them, `key=value`, read by Hydra's grammar."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType

from runner.checking.rules import refuse, shown
from runner.configuration.hydra_errors import explaining
from runner.errors import SettingsError

NUMBER = re.compile(
    r"([a-z_]+(?:\.[a-z_]+)*)="
    r"(?:(-?[1-9]\d{0,17}|0)|(-?(?:0|[1-9]\d{0,17})\.\d{1,18}(?:e[-+]?\d{1,2})?))",
    re.ASCII,
)
"""Overrides that need no grammar: most of a large sweep's, such as seeds and learning rates."""
MOST_VALUES = 10**7
PLAIN = re.compile(
    r"(?!(?:null|true|false|nan|inf)$|[-+]?[\d_.]*(?:e[-+]?[\d_]*)?$)[\w./@-]+",
    re.ASCII | re.IGNORECASE,
)
"""Texts that the grammar reads as such without quotes: no words of its own, and no numbers."""


@lru_cache(maxsize=65536)
def parsed_override(text: str) -> Override:
    """An override as Hydra's grammar reads it, which takes milliseconds."""
    if (given := number_given(text)) is not None:
        key, value = given
        return Override(
            OverrideType.CHANGE,
            key_or_group=key,
            value_type=ValueType.ELEMENT,
            _value=value,
            input_line=text,
        )
    return override_parser().parse_override(text)


@lru_cache(maxsize=4096)
def number_given(text: str) -> tuple[str, int | float] | None:
    """The key and the number that it is given, where that is all there is to an override."""
    if (found := NUMBER.fullmatch(text)) is None:
        return None
    key, whole, broken = found.groups()
    return key, float(broken) if whole is None else int(whole)


@cache
def override_parser() -> OverridesParser:
    """Hydra's parser of overrides."""
    return OverridesParser.create()


@lru_cache(maxsize=4096)
def name_of(override: str) -> str:
    """The key of an override as it is typed."""
    return override.partition("=")[0].lstrip("+~")


def value_text(key: str, value: object) -> str:
    """A value of Python's as one types it, read back by the grammar as the same value.

    Raises SettingsError for what no configuration holds.
    """
    import numpy as np  # noqa: PLC0415 - to read overrides does without

    if isinstance(value, np.generic | np.ndarray) and not value.ndim:
        value = value.item() if value.dtype.kind in "biufU" and value is not np.ma.masked else value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):  # as a plain number: an IntEnum's member says its name
        return (int if isinstance(value, int) else float).__repr__(value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) else quoted(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name}:{value_text(key, each)}' for name, each in value.items())}}}"
    if (
        isinstance(value, Iterable)
        and not isinstance(value, bytes | bytearray | memoryview | np.generic)
        and getattr(value, "ndim", True)
    ):
        return f"[{','.join(value_text(key, each) for each in value)}]"
    expected = "expected a number, a text, true, false, null, or a list or mapping of those"
    raise refuse(key, str(value), f"is of type {type(value).__name__}", expected)


def quoted(text: str) -> str:
    """A text in quotes, which the grammar takes away again."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    closed = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f"'{closed}'"


def changes_in(overrides: Sequence[str]) -> dict[str, Any]:
    """New values by key, from arguments such as `stopping.max_steps=1000`.

    Raises SettingsError for what is not key=value, with one value.
    """
    changes = {}
    with explaining():
        parsed = override_parser().parse_overrides(list(overrides))
    for override in parsed:
        if override.type is not OverrideType.CHANGE or override.is_sweep_override():
            raise SettingsError(
                f"{shown(override.input_line)} is not one new value; expected key=value"
            )
        if not override.key_or_group:
            raise SettingsError(f"{shown(override.input_line)} has no key; expected key=value")
        changes[override.key_or_group] = override.value()
    return changes


def swept_values(
    texts: Sequence[str], own: Sequence[str] = (), loader: ConfigLoader | None = None
) -> dict[str, list[str]]:
    """By name each key's overrides, one a value; its last word counts, in its first's place.

    own: keys that are no part of a job. loader: knows the choices of groups.
    Raises SettingsError for ranges without steps, and for how a sweep is run being swept, and
    what Hydra raises for texts that cannot be read.
    """
    values: dict[str, list[str]] = {}
    signs: dict[str, str] = {}
    for override in OverridesParser.create(config_loader=loader).parse_overrides(list(texts)):
        key = override.get_key_element()
        name = key.lstrip("+")
        # What adds a key adds it with its last word too.
        signs[name] = max(signs.get(name, ""), key.removesuffix(name), key=len)
        key = f"{signs[name]}{name}"
        if override.is_sweep_override() and name.startswith("sweep."):
            expected = "expected one for the whole sweep"
            hint = f": '{name}=[{override.get_value_string()}]'" if name == "sweep.zip" else ""
            raise refuse(name, override.get_value_string(), "is several values", expected + hint)
        if override.is_discrete_sweep():
            some = islice(override.sweep_string_iterator(), MOST_VALUES)
            values[name] = [f"{key}={value}" for value in some]
        elif override.is_sweep_override():
            raise refuse(
                key,
                override.get_value_string(),
                "is a range without steps",
                "expected values, e.g. 0.1,1,10 or range(1,11); hydra/sweeper=optuna takes ranges",
            )
        elif name not in own:
            values[name] = [f"{key}={override.get_value_element_as_str()}"]
    return values
