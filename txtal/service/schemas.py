"""What requests must look like: one JSON schema each, which OpenAPI shows and which is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

MOST_TEXTS = 1_000
"""Texts of one request."""

LONGEST_TEXT = 100_000
"""Characters of one text."""

TEXT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_TEXT,
    "pattern": r"\S",
    "description": "a text; not blank",
}

DATASET: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "description": "one of those that are served; may be left out where there is one",
}

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}

PREDICT: Schema = {
    "type": "object",
    "properties": {
        "dataset": DATASET,
        "text": TEXT,
        "texts": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST_TEXTS},
    },
    "minProperties": 1,
    "additionalProperties": False,
    "oneOf": [{"required": ["text"]}, {"required": ["texts"]}],
}

TICKETS: Schema = {
    "type": "object",
    "properties": {
        "dataset": DATASET,
        "tickets": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_TEXTS,
            "items": {
                "type": "object",
                "properties": {
                    "text": TEXT,
                    "meta": {
                        "type": "object",
                        "maxProperties": 100,
                        "description": "shown beneath the text",
                    },
                },
                "required": ["text"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["tickets"],
    "additionalProperties": False,
}

ANSWER: Schema = {
    "type": "object",
    "properties": {
        "dataset": DATASET,
        "ticket": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        "lease": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2**63 - 1,
            "description": "as /next gave it",
        },
        "labels": {"type": "array", "items": _NAME, "maxItems": 1_000},
        "verdict": {"type": "string", "enum": ["accept", "reject", "ignore"]},
        "comment": {"type": "string", "maxLength": 10_000},
        "flagged": {"type": "boolean"},
        "annotator": {
            **_NAME,
            "description": "the token's name, or that and /SOMEBODY",
        },
    },
    "required": ["ticket", "lease"],
    "additionalProperties": False,
}

TRAIN: Schema = {
    "type": "object",
    "properties": {
        "dataset": DATASET,
        "if_better": {
            "type": "boolean",
            "description": "use it only if it is right more often on answers new to both",
        },
    },
    "additionalProperties": False,
}

DRIFT: Schema = {
    "type": "object",
    "properties": {"dataset": DATASET},
    "additionalProperties": False,
}

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}


def faults(value: object, schema: Schema, where: str = "body") -> Iterator[str]:
    """Yield what is wrong with a value, by the schema's keywords used above; nothing when valid.

    What is said names places and limits, and quotes nothing of the value.
    """
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{where} must be of type {kind}"
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, where)
    elif isinstance(value, list):
        yield from _size_faults(len(value), schema, "Items", "items", where)
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{where}[{number}]")
    elif isinstance(value, str):
        yield from _size_faults(len(value), schema, "Length", "characters", where)
        if "pattern" in schema and not value.strip():
            yield f"{where} must not be blank"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where} must be one of {', '.join(schema['enum'])}"
    elif isinstance(value, int):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        if not low <= value <= high:
            yield f"{where} must be from {low} to {high}"


def _object_faults(value: Mapping[str, Any], schema: Schema, where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    if len(value) > schema.get("maxProperties", len(value)):
        yield f"{where} must have at most {schema['maxProperties']} keys"
    if not schema.get("additionalProperties", True) and value.keys() - known.keys():
        yield f"{where} may have only {', '.join(known)}"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where} must have {name}"
    choices = [one["required"] for one in schema.get("oneOf", ())]
    if choices and sum(all(name in value for name in names) for names in choices) != 1:
        yield f"{where} must have one of {', '.join(name for names in choices for name in names)}"
    for name, part in known.items():
        if name in value:
            yield from faults(value[name], part, f"{where}.{name}")


def _size_faults(size: int, schema: Schema, what: str, unit: str, where: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0):
        yield f"{where} must have at least {schema[f'min{what}']} {unit}"
    if size > schema.get(f"max{what}", size):
        yield f"{where} must have at most {schema[f'max{what}']} {unit}"
