"""Another machine of the bank that hears webhooks: what it was sent, and what it answers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.answering import Desk, answering


@dataclass
class Receiver:
    """Keeps every batch with its headers; `http_code` is what it answers, `location` where it would send others."""

    port: int = 0
    http_code: int = 204
    location: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks?from=lobby"

    def events(self) -> list[dict[str, Any]]:
        """Everything it was sent, in order."""
        return [event for _headers, body in self.heard for event in json.loads(body)]

    def is_signed(self, secret: str) -> bool:
        """Whether every batch was signed with this secret, as a receiver would check it."""
        return all(headers["webhook-signature"] == f"v1,{_mac(secret, headers, body)}" for headers, body in self.heard)


def _mac(secret: str, headers: dict[str, str], body: bytes) -> str:
    told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """One on a free port of this machine, in a thread."""
    told = Receiver()

    class Hooks(Desk):
        def do_POST(self) -> None:  # noqa: N802  # a name that the library calls
            told.heard.append(({name.lower(): value for name, value in self.headers.items()}, self.body()))
            self.answer(told.http_code, b"", **({"Location": told.location} if told.location else {}))

    with answering(Hooks) as told.port:
        yield told
