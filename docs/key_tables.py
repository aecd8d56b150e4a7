"""The tables of configuration.md: every key, what it takes, its default and what it means.

All of it is read from the settings and the YAML under conf/, when the site is built or by

    python docs/key_tables.py optimizer     # a group; none: what stands at the top
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from runner.checking.parsing import Beside, Section, field_rules, names_of
from runner.checking.rules import Schema
from runner.checking.schemas import WORKED_OUT, schema_of
from runner.configuration.composing import conf_folder
from runner.configuration.reference import SECTIONS, choices_of, head_of, meanings, remarks_in
from runner.settings import Settings

CONF = Path(conf_folder())
OF_CHOICES = ("dataset", "optimizer", "schedule")
"""The groups whose choices have keys of their own."""
LIST = "a list of: "
HEAD = "| key | takes | default | |\n|---|---|---|---|\n"


def keys_of(group: str) -> str:
    """A group as Markdown: its choices, its keys, and those that choices have of their own."""
    parts = []
    if group in SECTIONS and (names := choices_of(group)):
        rows = [f"| `{group}={name}` | {cell(head_of(group, name))} |" for name in names]
        parts.append("| choice | |\n|---|---|\n" + "\n".join(rows))
    section = SECTIONS.get(group, Settings)
    parts.append(table(rows_of(section, f"{group}." if group in SECTIONS else "", defaults(group))))
    if group in OF_CHOICES:
        parts.append(table(own_rows(group)))
    return "\n\n".join(part for part in parts if part)


def table(rows: Iterator[Sequence[str]]) -> str:
    """Markdown of rows; nothing for none."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return HEAD + "\n".join(lines) if lines else ""


def defaults(group: str) -> Mapping[str, Any]:
    """What config.yaml, or a group's default choice, says of its keys."""
    whole = yaml.safe_load((CONF / "config.yaml").read_text(encoding="utf-8"))
    if group not in SECTIONS:
        return dict(whole)
    own = whole.get(group) or {}
    if group == "logger":  # each choice has a section of its own
        files = [CONF / group / f"{name}.yaml" for name in choices_of(group)]
        return {k: v for file in files for k, v in yaml.safe_load(file.read_text()).items()}
    first = CONF / group / f"{next(iter(choices_of(group)), '')}.yaml"
    return {**own, **(yaml.safe_load(first.read_text(encoding="utf-8")) if first.exists() else {})}


def rows_of(section: type, prefix: str, values: Mapping[str, Any]) -> Iterator[list[str]]:
    """A row for each key that all choices have."""
    properties = schema_of(section, {})["properties"]
    for name, rule in field_rules(section).items():
        if isinstance(rule, Beside):
            names = names_of(rule.sections[""]) if not rule.key else []
            yield from (row(f"{prefix}{key}", properties[key], values.get(key)) for key in names)
        elif not isinstance(rule, type):
            yield row(f"{prefix}{name}", properties[name], values.get(name))
        elif prefix or name not in SECTIONS:
            yield from rows_of(rule, f"{prefix}{name}.", values.get(name) or {})


def own_rows(group: str) -> Iterator[list[str]]:
    """A row for each key of choices' own, those together that have the same to say of it."""
    beside = next(
        rule
        for rule in field_rules(SECTIONS[group]).values()
        if isinstance(rule, Beside) and rule.key
    )
    names: dict[tuple[str, ...], list[str]] = {}
    for name in choices_of(group):
        path = CONF / group / f"{name}.yaml"
        said, values = remarks_in(path), yaml.safe_load(path.read_text(encoding="utf-8"))
        values = values.get(group, values)
        for key, schema, value in leaves(beside.sections[values[beside.key]], values):
            dotted = f"{group}.{key}"
            names.setdefault(tuple(row(dotted, schema, value, said.get(dotted))), []).append(name)
    for (key, *cells), own in names.items():
        yield [f"{key} ({', '.join(own)})", *cells]


def leaves(section: Section, values: Mapping[str, Any]) -> Iterator[tuple[str, Schema, Any]]:
    """The keys of a section with what they take and have, those of sections in it dotted."""
    for key, schema in schema_of(section, {})["properties"].items():
        inner = schema.get("properties")
        for name, each in (inner or {}).items():
            yield f"{key}.{name}", each, values.get(key, {}).get(name)
        if not inner:
            yield key, schema, values.get(key)


def row(key: str, schema: Schema, value: object, meaning: str | None = None) -> list[str]:
    """A key's cells."""
    default = "" if isinstance(value, dict | list) else f"`{yaml.safe_dump(value).split()[0]}`"
    told = meanings().get(key, "") if meaning is None else meaning
    return [f"`{key}`", cell(in_words(schema)), cell(default), cell(told)]


def cell(text: str) -> str:
    """A text as it can stand in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def in_words(schema: Schema) -> str:
    """What a schema takes."""
    if "anyOf" in schema:
        found = list(
            dict.fromkeys(in_words(each) for each in schema["anyOf"] if each != WORKED_OUT)
        )
        one = [words for words in found if not words.startswith(LIST)]
        lists = [words for words in found if words.startswith(LIST)]
        same = [words.removeprefix(LIST) == one[-1] for words in lists if one]
        return ", or ".join(
            [*one, *("a list of these" if same and all(same) else words for words in lists)]
        )
    if "enum" in schema:
        return " ".join(f"`{name}`" for name in schema["enum"])
    kind = schema["type"]
    words = {"boolean": "`true` `false`", "null": "`null`", "string": "text", "object": "a section"}
    if kind in words:
        return words[kind]
    if kind == "array":
        return f"{LIST}{in_words(schema['items'])}"
    return " ".join(["whole number" if kind == "integer" else "number", *limits(schema)])


def limits(schema: Schema) -> Iterator[str]:
    """The range of a number."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    yield from (f"{sign} {schema[name]:,}" for name, sign in signs.items() if name in schema)


if __name__ == "__main__":
    asked = "".join(sys.argv[1:])
    if asked and asked not in SECTIONS:
        sys.exit(f"expected nothing, or one of {', '.join(SECTIONS)}")
    print(keys_of(asked))
