"""What a choice of a person's own brings to a configuration, as a file under `conf/` would."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.checking.parsing import class_names
from runner.checking.rules import Rule, flag, integer, number, text
from runner.errors import SettingsError

WHOLE = 2**62


@dataclass(frozen=True)
class Choice:
    """A choice of a group."""

    values: Mapping[str, Any]
    """As its YAML file would hold them, its defaults list among them."""
    package: str | None = None
    """Where they belong; None is the group."""


CHOICES: dict[tuple[str, str], Choice] = {}
"""By group and name."""


def add_choice(group: str, name: str, choice: Choice) -> None:
    """Makes it one that a configuration may name."""
    CHOICES[group, name] = choice
    class_names.cache_clear()  # its settings may be new keys


def ranges_of(
    settings: Mapping[str, Any], taken: tuple[str, ...], place: Callable[[str], SettingsError]
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """The defaults of settings that are numbers, and the range [least, below) of each.

    settings: by name a default, or (default, least, below). taken: names that others have.
    place: makes an error that says whose they are. Raises SettingsError for what is none.
    """
    defaults, ranges = dict[str, float](), dict[str, tuple[float, float]]()
    for name, given in settings.items():
        three = given if isinstance(given, tuple) else (given, -float("inf"), float("inf"))
        if len(three) != 3 or not all(is_number(each) for each in three):
            raise place(f"{name}={given!r}: expected a number, or (default, least, below)")
        default, least, below = map(float, three)
        if name in taken:
            raise place(f"{name} is a key already; choose another name")
        if not least <= default < below:
            raise place(f"{name}={default:g} is not in [{least:g}, {below:g})")
        defaults[name], ranges[name] = default, (least, below)
    return defaults, ranges


def is_number(value: object) -> bool:
    """Whether it is one, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def rule_like(default: object) -> Rule | None:
    """What a setting has to be that has such a default; None where that is nothing of YAML's."""
    if isinstance(default, bool):
        return flag
    if isinstance(default, int):
        return integer(at_least=0 if default >= 0 else -WHOLE)
    if isinstance(default, float):
        return number()
    return text if isinstance(default, str) else None
