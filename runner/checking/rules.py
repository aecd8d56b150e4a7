"""Rules that check one configuration value: a bad one is answered with what was expected.

A rule takes (key, value) and gives the value to use, or raises SettingsError. Its schema says what
it takes, in JSON Schema's words: no more than can be said so.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from runner.checking.suggestions import choices
from runner.errors import SettingsError, printable

Check = Callable[[str, Any], Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """What a configuration value has to be."""

    check: Check
    """(key, value) to the value that is used; raises SettingsError."""
    schemas: Callable[[], Schema]
    """Gives the schema when it is asked for: a table may have got names since."""

    @property
    def schema(self) -> Schema:
        """Of the values that it takes."""
        return self.schemas()

    def __call__(self, key: str, value: Any) -> Any:
        """The value that is used. Raises SettingsError."""
        return self.check(key, value)


def taking(*schemas: Schema) -> Callable[[Check], Rule]:
    """Makes a check a rule; schemas: of values that it may take."""
    return lambda check: Rule(check, lambda: any_of(*schemas))


def any_of(*schemas: Schema) -> Schema:
    """What one of these takes."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


NULL: Schema = {"type": "null"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string", "minLength": 1}
PATH: Schema = {**TEXT, "format": "path"}


def list_of(items: Schema, *, at_least: int = 1) -> Schema:
    """A list's."""
    return {"type": "array", "items": items, "minItems": at_least}


def one_of(*names: str) -> Schema:
    """A name's."""
    return {"enum": list(names)}


def whole(*, at_least: int, at_most: int | None = None) -> Schema:
    """A whole number's."""
    upper = {} if at_most is None else {"maximum": at_most}
    return {"type": "integer", "minimum": at_least, **upper}


def refuse(key: str, value: object, problem: str, expected: str) -> SettingsError:
    """The one line for a value that breaks its rule."""
    return SettingsError(f"{key}={shown(value)} {problem}; {expected}")


def shown(value: object) -> str:
    """A value as it is shown in a message: text quoted, at most 60 characters."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
    line = printable(f"'{text}'" if isinstance(value, str) else text)
    return line if len(line) <= 60 else line[:57] + "..."


def _number(key: str, value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(key, value, "is not a number", expected + several(value))
    try:
        converted = float(value)
    except OverflowError:  # a whole number of 309 digits or more
        converted = math.inf
    if not math.isfinite(converted):
        raise refuse(key, value, "is not finite", expected)
    return converted


def number(
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> Rule:
    """A finite number in a range."""
    bounds = [
        *([f"above {above:g}"] if above > -math.inf else []),
        *([f"of at least {at_least:g}"] if at_least > -math.inf else []),
        *([f"below {below:g}"] if below < math.inf else []),
        *([f"of at most {at_most:g}"] if at_most < math.inf else []),
    ]
    expected = f"expected a number {' and '.join(bounds)}".rstrip()

    def rule(key: str, value: object) -> float:
        checked = _number(key, value, expected)
        if not (above < checked < below and at_least <= checked <= at_most):
            raise refuse(key, value, "is out of range", expected)
        return checked

    limits = {
        "exclusiveMinimum": above,
        "minimum": at_least,
        "exclusiveMaximum": below,
        "maximum": at_most,
    }
    finite = {name: limit for name, limit in limits.items() if math.isfinite(limit)}
    return Rule(rule, lambda: {"type": "number", **finite})


def several(value: object) -> str:
    """A way out where one number is expected and several are given."""
    return "; several are a sweep's, -m or runner.sweep" if isinstance(value, list) else ""


def integer(*, at_least: int, at_most: int = 2**62) -> Rule:
    """A whole number in a range."""
    upper = f" and at most {at_most}" if at_most < 2**62 else ""
    expected = f"expected a whole number of at least {at_least}{upper}"

    def rule(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse(key, value, "is not a whole number", expected + several(value))
        if not at_least <= value <= at_most:
            raise refuse(key, value, "is out of range", expected)
        return value

    return Rule(rule, lambda: whole(at_least=at_least, at_most=at_most if upper else None))


def choice(names: Collection[str], *also: str) -> Rule:
    """One of a table's names, those that it has when it is asked, or of others."""

    def rule(key: str, value: object) -> str:
        known = sorted((*names, *also))
        if not isinstance(value, str):
            hint = " (YAML reads on, off, yes and no as booleans: quote them)"
            note = hint if isinstance(value, bool) else ""
            raise refuse(key, value, "is not a name" + note, f"choose from {', '.join(known)}")
        if value not in known:
            raise refuse(key, value, "is unknown", choices(value, known))
        return value

    return Rule(rule, lambda: one_of(*sorted((*names, *also))))


@taking(BOOLEAN)
def flag(key: str, value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise refuse(key, value, "is not a truth value", "expected true or false")
    return value


@taking(TEXT)
def text(key: str, value: object) -> str:
    """A name on one line, at most 255 bytes."""
    if not isinstance(value, str) or not value:
        raise refuse(key, value, "is not a text", "expected a text such as a name")
    if not value.isprintable():
        raise refuse(key, value, "holds a control character", "expected one line of plain text")
    if len(value.encode()) > 255:
        raise refuse(key, value, "is too long", "expected at most 255 bytes")
    return value


@taking(TEXT)
def folder(key: str, value: object) -> str:
    """The path of a folder that is to be made."""
    expected = "expected the path of a folder, its names of at most 255 bytes"
    if not isinstance(value, str) or not value:
        raise refuse(key, value, "is empty", expected)
    if not value.isprintable():
        raise refuse(key, value, "holds a control character", expected)
    if any(len(name.encode()) > 255 for name in value.split("/")):
        raise refuse(key, value, "is too long", expected)
    return value


@taking(PATH)
def path(key: str, value: object) -> str:
    """The path of a file."""
    if not isinstance(value, str) or not value:
        raise refuse(key, value, "is not a path", f"expected a file, e.g. {key}=data.csv")
    if not value.isprintable():
        raise refuse(key, value, "holds a control character", "expected the path of a file")
    return value


def optional(rule: Rule) -> Rule:
    """`null`, or what `rule` takes."""
    return Rule(
        lambda key, value: None if value is None else rule(key, value),
        lambda: any_of(NULL, rule.schema),
    )


def one_or_many(rule: Rule) -> Rule:
    """One value or a list of them, as a tuple."""

    def many(key: str, value: object) -> tuple[Any, ...]:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise refuse(key, value, "is empty", "expected at least one value")
        return tuple(rule(key, item) for item in values)

    return Rule(many, lambda: any_of(rule.schema, list_of(rule.schema)))


def is_step(text: str) -> bool:
    """Whether a text is a step's number, of no more digits than one can have."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


MOST_DIGITS = 18
