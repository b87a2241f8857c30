"""The words between the agent and the kiosk page: JSON over a loopback WebSocket.

The page and the agent are tested against the same recorded messages, `tests/golden/wire/kiosk_agent.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

PORT = 47800  # fixed, so that the page's policy can name it
PROTOCOL = 1
MESSAGE_BYTES_MAX = 16_384  # a ticket with both languages is under 2 KiB
TEXT_LENGTH_MAX = 512  # of any text in a message: a code has 132 to 231 letters
LANGUAGES_MAX = 8  # in which a service is named; we have two


class NotUnderstood(Exception):
    """The page said something that is not in this protocol."""


@dataclass(frozen=True)
class Hello:
    """The page's first word: it knows this boot's secret."""

    secret: str


@dataclass(frozen=True)
class AskToken:
    """The page wants to speak to the branch server as this kiosk."""


@dataclass(frozen=True)
class Print:
    """Print a ticket. The same `job_id` again prints nothing again, unless it is a reprint.

    `ahead` and `wait_min` are None on a ticket that the kiosk gave alone: nobody knows them.
    """

    job_id: str
    language: str
    number: str
    service: str
    ahead: int | None
    wait_min: list[int] | None
    cap: int | None
    issued_at: str
    url: str | None = None
    is_reprint: bool = False


@dataclass(frozen=True)
class Issue:
    """The branch server does not answer: give a ticket of the kiosk's own series. Asked again, `job_id` gets the same.

    `names` are the service's, by language; the page knows them, the agent does not.
    """

    job_id: str
    service_type: str
    names: dict[str, str]
    language: str


PageWord = Hello | AskToken | Print | Issue
_WORDS: dict[str, type[Hello] | type[AskToken] | type[Print] | type[Issue]] = {
    "hello": Hello,
    "ask_token": AskToken,
    "print": Print,
    "issue": Issue,
}
_KINDS_OF_VALUE = {"str": str, "int": int, "bool": bool, "int | None": int | None, "str | None": str | None}


def from_page(text: str | bytes) -> PageWord:
    """What the page said. Raises NotUnderstood for anything else than the words above, naming the field."""
    if isinstance(text, bytes):
        raise NotUnderstood("binary")
    try:
        said = json.loads(text)
    except ValueError:
        raise NotUnderstood("json") from None
    if not isinstance(said, dict) or said.get("type") not in _WORDS:
        raise NotUnderstood("type")
    word = _WORDS[said.pop("type")]
    declared = {each.name: str(each.type) for each in fields(word)}
    for name, value in said.items():
        if name not in declared or not _is_of(declared[name], value):
            raise NotUnderstood(name[:64])
    try:
        return word(**said)
    except TypeError:
        raise NotUnderstood("missing") from None


def _is_of(kind: str, value: Any) -> bool:
    if isinstance(value, str) and len(value) > TEXT_LENGTH_MAX:
        return False
    if kind == "list[int] | None":
        is_pair = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
        return value is None or is_pair
    if kind == "dict[str, str]":
        is_named = isinstance(value, dict) and 0 < len(value) <= LANGUAGES_MAX
        return is_named and all(isinstance(each, str) and len(each) <= TEXT_LENGTH_MAX for each in value.values())
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _KINDS_OF_VALUE[kind])


def to_page(type_: str, **facts: object) -> str:
    """One message for the page: `welcome`, `seen`, `refused`, `health`, `token`, `printed` or `issued`."""
    return json.dumps({"type": type_, **facts}, ensure_ascii=False)
