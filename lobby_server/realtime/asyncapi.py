"""The AsyncAPI 3.0 document: what each audience hears over the socket, made from the rows that word it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from lobby_server.realtime.sockets import NAMESPACE
from lobby_server.realtime.wording import Vocabulary

_Fields = dict[str, dict[str, Any]]
_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_POSITION: _Fields = {"epoch": _TEXT, "seq": _NUMBER}
# What is said to every audience alike.
_COMMON: dict[str, tuple[str, _Fields]] = {
    "beat": ("after silence: compare, and ask anew when behind", _POSITION),
    "reset": ("ask for the whole picture again; it says where to go on", _POSITION),
    "draining": ("this process goes away: come back after about that long", {"reconnect_in_ms": _NUMBER}),
}
_ABOUT = (
    "Socket.IO over WebSocket only. Connect with auth {access_token?, ticket_key?, epoch?, after?}; staff are known by "
    "their cookie. The server decides the audience; a client has nothing to say. An event is applied only if all "
    "up to prev_seq is known, else the picture is asked for again (GET /api/v1/lobby)."
)


def document(vocabulary: Vocabulary, version: str) -> dict[str, Any]:
    """One channel for each audience, all at one address; which one a connection hears follows from who it is."""
    shapes = {audience: vocabulary.shapes(audience) for audience in vocabulary.audiences}
    models = dict.fromkeys(model for heard in shapes.values() for model in heard.values())
    _refs, defs = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    messages = {name: _message(about, _object(fields)) for name, (about, fields) in _COMMON.items()}
    schemas = dict(defs.get("$defs", {}))
    for audience, heard in shapes.items():
        for kind, model in heard.items():
            schemas[_event_name(kind, model)] = _event(kind, model)
        events = {"type": "array", "items": {"anyOf": [_schema(_event_name(*each)) for each in heard.items()]}}
        payload = _object({"epoch": _TEXT, "events": events})
        messages[f"news-{audience}"] = {**_message("what happened, in order", payload), "name": "news"}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Branch Lobby", "version": version, "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": {audience: _channel(audience) for audience in shapes},
        "operations": {
            f"tell-{audience}": {"action": "send", "channel": {"$ref": f"#/channels/{audience}"}} for audience in shapes
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _channel(audience: str) -> dict[str, Any]:
    names = {"news": f"news-{audience}"} | {name: name for name in _COMMON}
    told = {name: {"$ref": f"#/components/messages/{component}"} for name, component in names.items()}
    return {"address": NAMESPACE, "title": audience, "messages": told}


def _message(about: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"summary": about, "payload": payload}


def _event(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    fields = {"type": {"const": kind}, "seq": _NUMBER, "prev_seq": _NUMBER, "at": {**_TEXT, "format": "date-time"}}
    return _object({**fields, "data": _schema(model.__name__)})


def _event_name(kind: str, model: type[BaseModel]) -> str:
    return f"{kind}-{model.__name__}"


def _object(fields: _Fields) -> dict[str, Any]:
    return {"type": "object", "required": sorted(fields), "properties": fields, "additionalProperties": False}


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
