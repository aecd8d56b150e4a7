"""What configuration keys and choices mean, as the comments in `conf/` say it, and their schema."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from runner.checking.conf_files import conf_folder
from runner.checking.parsing import field_rules
from runner.checking.schemas import schema_of
from runner.checking.suggestions import choices
from runner.errors import SettingsError, printable
from runner.settings import LoggerSettings, Settings

SECTIONS: Mapping[str, type] = {
    **{name: rule for name, rule in field_rules(Settings).items() if isinstance(rule, type)},
    "logger": LoggerSettings,
}
"""The groups whose files hold a section."""

GLOBAL = "# @package _global_\n"
"""Begins a file of a group that holds parts of a whole configuration."""

OF_HYDRA: Mapping[str, Any] = {
    "defaults": {"type": "array", "description": "the choices that this one builds on"},
    "hydra": {"type": "object", "description": "Hydra's own part"},
    "published": {
        "type": "object",
        "description": "numbers that runner.reproduce holds runs against",
    },
}


def json_schema(group: str | None = None) -> dict[str, Any]:
    """Of the files of a group, or of config.yaml and presets. Raises SettingsError for no group."""
    meaning = meanings()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if group is None:
        whole = schema_of(Settings, meaning)
        whole["properties"] |= OF_HYDRA
        return {**head, "title": "a runner's configuration", **whole}
    if group not in SECTIONS:
        raise SettingsError(f"{printable(group)} is no group; {choices(group, sorted(SECTIONS))}")
    section = schema_of(SECTIONS[group], meaning, f"{group}.")
    section["properties"]["defaults"] = OF_HYDRA["defaults"]
    return {**head, "title": f"a runner's {group}", **section}


@cache
def meanings() -> dict[str, str]:
    """What keys mean, by their dotted names: as said of the default choice, or of another."""
    conf, found = Path(conf_folder()), dict[str, str]()
    files = [conf / group / f"{name}.yaml" for group in SECTIONS for name in choices_of(group)]
    for path in (conf / "config.yaml", *files):
        for key, meaning in remarks_in(path).items():
            found.setdefault(key, meaning)
    return found


def choices_of(group: str) -> list[str]:
    """The names of a group's choices, the default first."""
    conf = Path(conf_folder())
    names = sorted(path.stem for path in (conf / group).glob("*.yaml"))
    chosen = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    first = [each[group] for each in chosen if isinstance(each, dict) and each.get(group)]
    return [*first, *(name for name in names if name not in first)]


def remarks_in(path: Path) -> dict[str, str]:
    """What a file says of keys in the lines of their values, by dotted names.

    Of one that holds parts of all, what it says of its own group's.
    """
    text, group = path.read_text(encoding="utf-8"), f"{path.parent.name}."
    whole = path.stem == "config"
    prefix = "" if whole or text.startswith(GLOBAL) else group
    found = remarks(yaml.compose(text, yaml.SafeLoader), text.splitlines(), prefix)
    return {key: meaning for key, meaning in found if whole or key.startswith(group)}


def remarks(node: yaml.Node | None, lines: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    """The keys of a mapping behind which a remark stands, with the lines that go on with it."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name, on_its_line = f"{prefix}{key.value}", value.end_mark.line == key.end_mark.line
        mark = value.end_mark if on_its_line else key.end_mark
        if remark := re.match(r":? +# *(.+)", lines[mark.line][mark.column :]):
            more = takewhile(re.compile(" +# ").match, lines[mark.line + 1 :])
            yield name, " ".join([remark[1], *(line.strip().removeprefix("# ") for line in more)])
        yield from remarks(value, lines, f"{name}.")


def head_of(group: str, name: str) -> str:
    """What a choice is: the remark that its file begins with."""
    text = (Path(conf_folder()) / group / f"{name}.yaml").read_text(encoding="utf-8")
    lines = text.removeprefix(GLOBAL).splitlines()
    head = takewhile(lambda line: line.startswith("# "), lines)
    return " ".join(line.removeprefix("# ") for line in head)
