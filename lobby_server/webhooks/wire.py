"""Webhooks on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lobby_server.doors.reading import Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.webhooks.rules import URL_LENGTH_MAX


class NewWebhook(Wire):
    """An address: `https://`, of a host that is open to the outside or listed in the settings."""

    url: Annotated[str, Field(min_length=9, max_length=URL_LENGTH_MAX)]


class AddedSeen(Wire):
    """A new webhook with the secret that its receiver checks signatures with; it is told this once."""

    id: str
    secret: str


class From(Wire):
    """Everything after this number of the branch's history."""

    after: Annotated[int, Field(ge=0, le=2**53)]


class ChangedSeen(Wire):
    """The webhook that was changed."""

    id: str


class WebhookSeen(Wire):
    """How a webhook stands. `is_given_up`: it did not answer for days and hears nothing until it is replayed."""

    id: str
    url: str
    after: int
    failures: int
    failing_since: str | None
    reason: str | None
    is_given_up: bool


class WebhookList(Wire):
    """A branch's webhooks; `seq` is the newest event."""

    seq: int
    webhooks: list[WebhookSeen]


def webhook_seen(row: Any) -> WebhookSeen:
    """A webhook without its secret."""
    return WebhookSeen(
        id=row.id,
        url=row.url,
        after=row.after,
        failures=row.failures,
        failing_since=to_wire(row.failing_since) if row.failing_since else None,
        reason=row.reason,
        is_given_up=row.next_at is None,
    )
