"""What completion knows: groups and keys of `conf/` and the settings, options of the commands."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from runner.checking.conf_files import conf_folder
from runner.checking.rules import PATH
from runner.checking.schemas import schema_of
from runner.configuration.reference import (
    GLOBAL,
    OF_HYDRA,
    SECTIONS,
    choices_of,
    head_of,
    json_schema,
)
from runner.plugins.choices import CHOICES
from runner.plugins.loading import load_installed


def made_table(commands: Mapping[str, str]) -> dict[str, Any]:
    """Groups with their choices, keys with their values, and which keys a choice does without.

    commands: by name their modules, whose parsers have the options.
    """
    load_installed()
    conf = Path(conf_folder())
    folders = sorted(place for place in conf.rglob("*") if place.is_dir())
    groups = {}
    for folder in folders:
        group = folder.relative_to(conf).as_posix()
        if names := choices_of(group):
            groups[group] = {name: head_of(group, name) for name in names}
    for group, name in CHOICES:
        groups[group].setdefault(name, "a piece of your own")
    properties = json_schema()["properties"]
    own = {name: each for name, each in properties.items() if name not in (*OF_HYDRA, "logger")}
    sections = [group for group in SECTIONS if group in groups and group != "logger"]
    return {
        "conf": str(conf),
        "groups": groups,
        "sections": list(SECTIONS),
        "keys": dict(keys_in(own)),
        "absent": {group: dict(absent_keys(group, groups[group])) for group in sections},
        "defaults": {group: choices_of(group)[0] for group in sections},
        "options": {name: dict(options_of(module)) for name, module in commands.items()},
    }


def options_of(module: str) -> Iterator[tuple[str, Any]]:
    """A command's options by name: what each means, and what is to stand behind it, if anything."""
    for argument in import_module(module).command_parser().taken:
        for name in argument.option_strings:
            yield (
                name,
                {
                    "meaning": argument.help or "",
                    "takes": None if argument.nargs == 0 else argument.metavar or "",
                    "values": list(argument.choices or ()),
                },
            )


def keys_in(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key by its dotted name, with what it means and may be."""
    for name, schema in properties.items():
        if "properties" in schema:
            yield from keys_in(schema["properties"], f"{prefix}{name}.")
        else:
            yield (
                f"{prefix}{name}",
                {
                    "meaning": schema.get("description", ""),
                    "values": list(dict.fromkeys(values_in(schema))),
                    "path": any(each == PATH for each in alternatives(schema)),
                },
            )


def alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas one of which a value is to match."""
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from alternatives(each)
    else:
        yield schema


def values_in(schema: Mapping[str, Any]) -> Iterator[str]:
    """The values that can be counted up."""
    for each in alternatives(schema):
        yield from each.get("enum", ())
        if each.get("type") == "boolean":
            yield from ("true", "false")
        if each.get("type") == "null":
            yield "null"


def absent_keys(group: str, names: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Of each choice of a group the keys that others have, and it has not."""
    schema = schema_of(SECTIONS[group], {})
    for name in names:
        values, there = section_of(group, name), set(schema["properties"])
        for condition in schema.get("allOf", ()):
            ((key, value),) = condition["if"]["properties"].items()
            if values.get(key) == value["const"]:
                there &= set(condition["then"]["propertyNames"]["enum"])
        yield name, [f"{group}.{key}" for key in schema["properties"] if key not in there]


def section_of(group: str, name: str) -> Mapping[str, Any]:
    """What a choice says of its own group."""
    if (choice := CHOICES.get((group, name))) is not None:
        return choice.values
    text = (Path(conf_folder()) / group / f"{name}.yaml").read_text(encoding="utf-8")
    found = yaml.safe_load(text) or {}
    section: Mapping[str, Any] = found.get(group, {}) if text.startswith(GLOBAL) else found
    return section
