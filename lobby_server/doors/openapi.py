"""The OpenAPI 3.1 document, made from the same rows that the doors are made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from lobby_server.doors.routes import FILE_TYPE, Route

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable; screens turn it into words"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}


# The service domains of the Banking Industry Architecture Network (BIAN) that doors belong to, for a bank that
# catalogues its interfaces by them.
_BIAN: Mapping[str, str] = {
    "appointments": "Contact Handler",
    "bookings": "Lead and Opportunity Management",
    "customers": "Party Reference Data Directory",
    "incentives": "Commissions",
    "referrals": "Lead and Opportunity Management",
    "visits": "Contact Handler",
}


def document(table: Iterable[Route], version: str) -> dict[str, Any]:
    """Every row under `/api/v1` with its shapes and who may call it."""
    rows = [row for row in table if row.path.startswith("/api/")]
    models: list[type[BaseModel]] = [model for row in rows for model in (row.takes, row.gives) if model]
    schemas, defs = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)],
        ref_template="#/components/schemas/{model}",
    )
    refs = {model: schema for (model, _mode), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Branch Lobby", "version": version},
        "tags": [{"name": name, "description": "BIAN service domain"} for name in sorted(set(_BIAN.values()))],
        "paths": paths,
        "components": {
            "schemas": {**defs.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "staff": {"type": "apiKey", "in": "cookie", "name": "__Host-lobby"},
                "device": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(row: Route, refs: Mapping[Any, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", row.path)
    ]
    if row.keyed:
        key = {"type": "string", "format": "uuid"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    answer: dict[str, Any] = {"description": row.summary or "done"}
    if row.gives:
        answer["content"] = {"application/json": {"schema": refs[row.gives]}}
    responses = {str(row.http_code): answer}
    if row.or_nothing:
        responses["204"] = {"description": "there is nothing"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "operationId": row.handler.__name__,
        "tags": [row.tag, *([_BIAN[row.tag]] if row.tag in _BIAN else [])],
        "summary": row.summary,
        "x-may": sorted(row.may),
        "parameters": parameters,
        "responses": {**responses, "default": {"description": "refused", "content": problem}},
    }
    if row.takes_file:
        operation["requestBody"] = {"required": True, "content": {FILE_TYPE: {"schema": {"type": "string"}}}}
    if row.takes:
        body = {"application/json": {"schema": refs[row.takes]}}
        operation["requestBody"] = {"required": True, "content": body}
    return operation
