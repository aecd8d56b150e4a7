"""JSON Schema (draft 2020-12) of answers, made from the annotations of their classes."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from runner.answers.answer import Answer

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAMES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def answer_schema(kind: type[Answer]) -> dict[str, Any]:
    """An answer's schema. It leaves room for keys that come without a new version."""
    found = schema_of(kind)
    name = {"const": kind.schema_name(), "description": "what the document is, and its version"}
    return {
        "$schema": DRAFT,
        "title": kind.schema_name(),
        **({"description": kind.__doc__} if kind.__doc__ else {}),
        "type": "object",
        "required": ["schema", *found["required"]],
        "properties": {"schema": name, **found["properties"]},
    }


def schema_of(kind: Any) -> dict[str, Any]:
    """What a type's values are in JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return {**schema_of(arguments[0]), "description": arguments[1]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return any_of([schema_of(each) for each in arguments])
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        names = [field.name for field in fields(kind)]
        return {
            "type": "object",
            "required": names,
            "properties": {name: schema_of(hints[name]) for name in names},
        }
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return {"type": "array", "items": schema_of(arguments[0])}
    return {"type": NAMES[kind]}


def any_of(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One of these; of plain types the short way."""
    if all(list(each) == ["type"] for each in schemas):
        return {"type": [each["type"] for each in schemas]}
    return {"anyOf": list(schemas)}
