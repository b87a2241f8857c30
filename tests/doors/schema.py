"""Whether a value has the shape that our OpenAPI document promises.

Knows exactly the keywords of JSON Schema 2020-12 that our document uses and refuses any other, so that nothing is
passed by not being looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
# What says nothing about the value, or only together with a keyword that is looked at.
SILENT = {"title", "description", "default", "format"}


def faults(value: Any, schema: Schema, document: Schema, at: str = "") -> Iterator[str]:
    """Where the value is not what the schema says; nothing when it fits."""
    for keyword, wanted in schema.items():
        if keyword in SILENT:
            continue
        assert keyword in _KEYWORDS, f"{keyword} is not known here: teach tests/doors/schema.py"
        for fault in _KEYWORDS[keyword](value, wanted, schema, document):
            yield fault if fault.startswith("/") else f"{at or '/'}: {fault}"


def _reference(value: Any, wanted: str, _schema: Schema, document: Schema) -> Iterator[str]:
    yield from faults(value, resolved(wanted, document), document)


def resolved(reference: str, document: Schema) -> Schema:
    """What `#/components/schemas/Name` points at; KeyError when it points nowhere."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def _type(value: Any, wanted: str, _schema: Schema, _document: Schema) -> Iterator[str]:
    if not TYPES[wanted](value):
        yield f"no {wanted}"


def _any_of(value: Any, wanted: list[Schema], _schema: Schema, document: Schema) -> Iterator[str]:
    if all(any(faults(value, each, document)) for each in wanted):
        yield "fits none of the alternatives"


def _properties(value: Any, wanted: Mapping[str, Schema], _schema: Schema, document: Schema) -> Iterator[str]:
    for name in wanted.keys() & value.keys() if isinstance(value, dict) else ():
        yield from (f"/{name}{fault}" for fault in faults(value[name], wanted[name], document, "/"))


def _required(value: Any, wanted: list[str], _schema: Schema, _document: Schema) -> Iterator[str]:
    yield from (f"{name} is missing" for name in wanted if isinstance(value, dict) and name not in value)


def _additional(value: Any, wanted: Any, schema: Schema, document: Schema) -> Iterator[str]:
    for name in value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else ():
        if wanted is False:
            yield f"{name} is not declared"
        elif wanted is not True:
            yield from faults(value[name], wanted, document, f"/{name}")


def _items(value: Any, wanted: Schema, _schema: Schema, document: Schema) -> Iterator[str]:
    for index, each in enumerate(value) if isinstance(value, list) else ():
        yield from faults(each, wanted, document, f"/{index}")


def _is(test: Callable[[Any, Any], bool], says: str) -> Callable[[Any, Any, Schema, Schema], Iterator[str]]:
    def check(value: Any, wanted: Any, _schema: Schema, _document: Schema) -> Iterator[str]:
        if not test(value, wanted):
            yield says.format(wanted)

    return check


_KEYWORDS: dict[str, Callable[[Any, Any, Schema, Schema], Iterator[str]]] = {
    "$ref": _reference,
    "type": _type,
    "anyOf": _any_of,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "enum": _is(lambda value, wanted: value in wanted, "none of {}"),
    "const": _is(lambda value, wanted: bool(value == wanted), "not {}"),
    "pattern": _is(lambda value, wanted: not isinstance(value, str) or bool(re.search(wanted, value)), "not like {}"),
    "minLength": _is(lambda value, wanted: not isinstance(value, str) or len(value) >= wanted, "shorter than {}"),
    "maxLength": _is(lambda value, wanted: not isinstance(value, str) or len(value) <= wanted, "longer than {}"),
    "minItems": _is(lambda value, wanted: not isinstance(value, list) or len(value) >= wanted, "fewer than {}"),
    "maxItems": _is(lambda value, wanted: not isinstance(value, list) or len(value) <= wanted, "more than {}"),
    "minimum": _is(lambda value, wanted: not isinstance(value, int) or value >= wanted, "less than {}"),
    "maximum": _is(lambda value, wanted: not isinstance(value, int) or value <= wanted, "more than {}"),
}
