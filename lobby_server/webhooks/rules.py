"""How what happened is put into an envelope, signed, and sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

WEBHOOKS_MAX = 10  # of a branch: each costs an exchange for every batch of events
EVENTS_AT_ONCE = 100  # about 60 KB; a receiver that was away for a day gets it in some hundred batches
URL_LENGTH_MAX = 500
SECRET_BYTES = 32
GIVEN_UP_AFTER = timedelta(days=3)  # who has not answered for so long is asked no more until somebody replays it
CONTENT_TYPE = "application/cloudevents-batch+json"


@dataclass(frozen=True)
class Webhook:
    """An address that hears a branch's events. `after` is the last one that it confirmed, of the history `epoch`."""

    id: str
    branch_id: str
    url: str
    epoch: str
    after: int
    failures: int = 0


def parts_of(url: str) -> tuple[str, str]:
    """Where it is, and what is asked for there: `https://host:port` and `/path?query`."""
    told = urlsplit(url)
    return f"{told.scheme}://{told.netloc}", (told.path or "/") + (f"?{told.query}" if told.query else "")


def cloud_events(branch_id: str, epoch: str, worded: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events as CloudEvents 1.0. `id` is the same whenever an event is sent; `sequence` is its number in the branch."""
    return [
        {
            "specversion": "1.0",
            "id": f"{epoch}/{each['seq']}",
            "source": f"/branches/{branch_id}",
            "type": each["type"],
            "time": each["at"],
            "datacontenttype": "application/json",
            "sequence": str(each["seq"]),
            "branchepoch": epoch,
            "data": each["data"],
        }
        for each in worded
    ]


def signed(secret: str, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that it was us, and when: HMAC-SHA256 over `id.seconds.body`.

    Refuse what is older than five minutes, and what you have had. Source: Standard Webhooks 1.0.0.
    """
    mac = hmac.new(secret.encode(), f"{message_id}.{at_s}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(mac.digest()).decode()}",
    }
