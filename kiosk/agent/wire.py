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
    """Print a ticket. The same `job_id` again prints nothing again, unless it is a reprint."""

    job_id: str
    language: str
    number: str
    service: str
    ahead: int
    wait_min: list[int]
    cap: int | None
    issued_at: str
    url: str | None = None
    is_reprint: bool = False


PageWord = Hello | AskToken | Print
_WORDS: dict[str, type[Hello] | type[AskToken] | type[Print]] = {
    "hello": Hello,
    "ask_token": AskToken,
    "print": Print,
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
    if kind == "list[int]":
        return isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _KINDS_OF_VALUE[kind])


def to_page(type_: str, **facts: object) -> str:
    """One message for the page: `welcome`, `seen`, `refused`, `health`, `token` or `printed`."""
    return json.dumps({"type": type_, **facts}, ensure_ascii=False)
