"""What a settings class takes, as JSON Schema (draft 2020-12), by which editors complete YAML.

A schema allows what a file of a group or a preset may say: any of the keys, each a value of its own
kind or a text that OmegaConf works out. What belongs together is checked when a run is composed.
"""

from collections.abc import Mapping
from typing import Any

from runner.checking.parsing import Beside, Section, field_rules, names_of
from runner.checking.rules import Rule, Schema, any_of

WORKED_OUT: Schema = {"type": "string", "pattern": r"\$\{.*\}|^\?\?\?$"}
"""`${optimizer.learning_rate}`; `???` is yet to be given."""


def schema_of(section: Section, meanings: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    """A section's schema.

    meanings: what keys mean, by their dotted names. prefix: the section's place, as `network.`.
    """
    properties: dict[str, Any] = {}
    conditions: list[Schema] = []
    for name, rule in (field_rules(section) if isinstance(section, type) else section).items():
        if not isinstance(rule, Beside):
            properties[name] = described(rule, meanings, f"{prefix}{name}")
            continue
        parts = {
            value: schema_of(each, meanings, prefix)["properties"]
            for value, each in rule.sections.items()
        }
        for part in parts.values():
            for key, schema in part.items():
                known = properties.setdefault(key, schema)
                properties[key] = known if known == schema else any_of(known, schema)
        if rule.key:
            conditions += conditions_of(rule.key, parts, section)
    found = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**found, "allOf": conditions} if conditions else found


def described(rule: Rule | type, meanings: Mapping[str, str], key: str) -> Schema:
    """A key's schema, and what it means."""
    if isinstance(rule, type):
        schema: Schema = schema_of(rule, meanings, f"{key}.")
    else:
        schema = any_of(rule.schema, WORKED_OUT)
    meaning = meanings.get(key)
    return schema if meaning is None else {**schema, "description": meaning}


def conditions_of(
    key: str, parts: Mapping[str, Mapping[str, Schema]], section: Section
) -> list[Schema]:
    """Which keys there are, and what they take, where the value is given on which they depend."""
    every = {name for part in parts.values() for name in part}
    always = [name for name in names_of(section) if name not in every]
    return [
        {
            "if": {"properties": {key: {"const": value}}, "required": [key]},
            "then": {"propertyNames": {"enum": [*always, *part, "defaults"]}, "properties": part},
        }
        for value, part in parts.items()
    ]
