"""From mappings to frozen settings objects, each value checked by its field's rule.

A settings class is a frozen dataclass whose fields are annotated with a rule
(`Annotated[float, number(above=0)]`), with another settings class for a section, or with `Beside`
for a section whose keys stand among the others. A key that is a word of Python's has a field with
an underscore after it. A field with a default may be left out, as by runs from before it was there;
one whose default is `said(...)` may not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from keyword import iskeyword
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

from runner.checking.rules import Rule, number, refuse
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, printable

T = TypeVar("T")

Section = type | Mapping[str, Rule]
"""A settings class; or rules by name, whose values come as a tuple in their order."""


@dataclass(frozen=True)
class Beside:
    """A section whose keys stand among others, such as what an optimizer's name asks for."""

    sections: Mapping[Any, Section]
    """By the value that it depends on."""
    key: str = ""
    """Where that value stands, before it; empty where there is one section alone."""

    def section(self, parsed: Mapping[str, Any]) -> Section:
        """The one that the values parsed so far ask for. Raises KeyError for none."""
        return self.sections[parsed[self.key] if self.key else ""]

    @property
    def every(self) -> Iterable[Section]:
        """All that it could be, to find what a misspelt key meant."""
        return self.sections.values()


class OfEntries(Mapping[str, Section]):
    """The settings that each entry of a table asks for, as the table is when it is asked."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Section:
        return _rules(tuple(self._table[name].settings.items()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def by_name(table: Mapping[str, Any]) -> Beside:
    """The settings that a table's entry asks for, `least <= value < most` each."""
    return Beside(OfEntries(table), "name")


@cache
def _rules(ranges: tuple[tuple[str, tuple[float, float]], ...]) -> dict[str, Rule]:
    return {name: number(at_least=least, below=most) for name, (least, most) in ranges}


def said(default: T) -> T:
    """A field's default in Python, where a configuration has to say the value all the same."""
    value: T = field(default=default, metadata={"said": True})
    return value


@cache
def field_rules(kind: type) -> dict[str, Any]:
    """Of each field of a settings class: its rule, the class of its section, or `Beside`."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name.removesuffix("_"): hint.__metadata__[0] if get_origin(hint) is Annotated else hint
        for name, hint in hints.items()
    }


def parse(kind: type, values: object, prefix: str = "") -> Any:
    """A settings object of class `kind` from a mapping.

    prefix: its place in the configuration, such as `network.`, for messages.
    Raises SettingsError for the first value that is unknown, missing or breaks its rule.
    """
    known = field_rules(kind)
    if not isinstance(values, Mapping):
        names = ", ".join(names_of(kind))
        place = prefix.rstrip(".") or "configuration"
        raise refuse(place, values, "is not a section", f"expected a section with {names}")
    for name in values:
        if name not in names_of(kind):
            raise unknown_key(f"{prefix}{name}", prefix, names_here(kind, values))
    left = dict(values)
    parsed: dict[str, Any] = {}
    for name, rule in known.items():
        if isinstance(rule, Beside):
            section = rule.section(parsed)
            own = {key: left.pop(key) for key in names_of(section) if key in left}
            parsed[name] = parse_section(section, own, prefix)
        elif name in left or attribute(name) not in defaults(kind):
            parsed[name] = parse_value(rule, left, name, prefix)
    if left:
        taken = [name for name in values if name not in left]
        raise unknown_key(f"{prefix}{next(iter(left))}", prefix, taken)
    return kind(**{attribute(name): parsed[name] for name in parsed})


@cache
def defaults(kind: type) -> frozenset[str]:
    """The attributes of a settings class that a configuration may leave out."""
    return frozenset(
        each.name
        for each in fields(kind)
        if each.default is not MISSING and "said" not in each.metadata
    )


@cache
def assumed(section: Section, prefix: str = "") -> Mapping[str, Any]:
    """The keys that a configuration may leave out, dotted, and what is assumed of them then."""
    if not isinstance(section, type):
        return {}
    found = {
        f"{prefix}{each.name.removesuffix('_')}": each.default
        for each in fields(section)
        if each.name in defaults(section)
    }
    for name, rule in field_rules(section).items():
        if isinstance(rule, Beside):
            for each in rule.every:
                found |= assumed(each, prefix) if isinstance(each, type) else {}
        elif isinstance(rule, type):
            found |= assumed(rule, f"{prefix}{name}.")
    return found


def attribute(name: str) -> str:
    """What a key is called in Python."""
    return f"{name}_" if iskeyword(name) else name


def parse_section(section: Section, values: Mapping[str, Any], prefix: str) -> Any:
    """A section's object, or the tuple of its values."""
    if isinstance(section, type):
        return parse(section, values, prefix)
    left = dict(values)
    return tuple(parse_value(rule, left, name, prefix) for name, rule in section.items())


def parse_value(rule: Any, values: dict[str, Any], name: str, prefix: str) -> Any:
    """Takes a value out of `values` and checks it."""
    key = f"{prefix}{name}"
    if name not in values:
        raise SettingsError(f"{key} is missing; give it a value, e.g. {key}=…")
    value = values.pop(name)
    return parsed_section(rule, value, f"{key}.") if isinstance(rule, type) else rule(key, value)


def parsed_section(kind: type, values: object, prefix: str) -> Any:
    """As `parse`, remembered: most sections of a sweep's jobs are alike."""
    written = kind, prefix, repr(values)
    if written not in _parsed:
        if len(_parsed) >= MOST_REMEMBERED:
            _parsed.clear()
        _parsed[written] = parse(kind, values, prefix)
    return _parsed[written]


MOST_REMEMBERED = 1024
_parsed: dict[tuple[type, str, str], Any] = {}


def names_of(section: Section) -> list[str]:
    """The keys that a section has in YAML."""
    return class_names(section) if isinstance(section, type) else list(section)


@cache
def class_names(kind: type) -> list[str]:
    """The keys of a settings class; `cache_clear` where a table has got an entry."""
    names: list[str] = []
    for name, rule in field_rules(kind).items():
        beside = [names_of(each) for each in rule.every] if isinstance(rule, Beside) else [[name]]
        names += [key for keys in beside for key in keys if key not in names]
    return names


def names_here(kind: type, values: Mapping[str, Any]) -> list[str]:
    """The keys of a settings class with the sections that these values ask for."""
    names: list[str] = []
    for name, rule in field_rules(kind).items():
        if not isinstance(rule, Beside):
            names.append(name)
            continue
        try:
            names += names_of(rule.section(values))
        except (KeyError, TypeError):  # they ask for none that there is
            return names_of(kind)
    return names


def unknown_key(key: str, prefix: str, names: Iterable[str]) -> SettingsError:
    """The one line for a key that nothing reads."""
    known = list(dict.fromkeys(f"{prefix}{name}" for name in names))
    return SettingsError(
        f"{printable(key)} is not a configuration key here; "
        f"{suggestion(key, known)}known are {', '.join(known)}"
    )


def known_keys(kind: Section, prefix: str = "") -> list[str]:
    """Every configuration key, dotted, to find what a misspelt one meant."""
    keys: list[str] = []
    for name, rule in (field_rules(kind) if isinstance(kind, type) else kind).items():
        if isinstance(rule, Beside):
            keys += [key for each in rule.every for key in known_keys(each, prefix)]
        else:
            keys.append(f"{prefix}{name}")
            keys += known_keys(rule, f"{prefix}{name}.") if isinstance(rule, type) else []
    return list(dict.fromkeys(keys))
