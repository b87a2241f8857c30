"""A step in its envelope: a CloudEvent 1.0 as canonical JSON, and the record that head office is to hold after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.database import canonical
from lobby_server.kernel.events import to_json
from referral.crm_sync.rules import SCHEMA_VERSION, Record, Told
from referral.lifecycle.rules import Booking, Referral


def envelope(outbox_id: str, event_type: str, of: Referral, booking: Booking | None, at: datetime) -> Told:
    """A referral's step as a CloudEvent in canonical JSON. Ids and codes only: no name, no note, no words of a person.

    `sequence` counts the referral's steps (CloudEvents' extension of that name); the trace's id is the referral's, so
    that all its steps are one trace (W3C Trace Context).
    """
    referral = to_json(of)
    kept = ("product_line", "need", "state", "customer_id", "referrer_id", "booking_id", "created_at")
    told = {name: referral[name] for name in kept}
    told["receiver_id"] = referral["receiver_id"] if of.accepted_at else None
    if booking is not None:
        told |= {"amount_minor": booking.amount_minor, "currency": booking.currency}
    content = canonical(
        {
            "specversion": "1.0",
            "id": outbox_id,
            "source": f"/branches/{of.branch_id}",
            "type": event_type,
            "subject": of.id,
            "time": to_wire(at),
            "datacontenttype": "application/json",
            "sequence": str(of.step_count),
            "schemaversion": str(SCHEMA_VERSION),
            "traceparent": f"00-{of.id.replace('-', '')}-{outbox_id.replace('-', '')[-16:]}-01",
            "data": told,
        }
    )
    return Told(outbox_id, event_type, content, hashlib.sha256(content.encode()).hexdigest())


def is_whole(content: str, sha256: str) -> bool:
    """Whether a step is still as it was written."""
    return hashlib.sha256(content.encode()).hexdigest() == sha256


def people_of(content: str) -> list[str]:
    """The ids of the colleagues whom a step names."""
    told = json.loads(content)["data"]
    return [each for each in (told["referrer_id"], told["receiver_id"]) if each]


def read_record(content: str, epoch: int, people: Mapping[str, str], *, is_withdrawn: bool) -> Record:
    """The record that a stored step makes of a referral. `people` are staff numbers by id.

    Whoever withdrew is named no more, whatever step is still under way.
    """
    stored = json.loads(content)
    told = stored["data"]
    return Record(
        external_id=stored["subject"],
        version=int(stored["sequence"]),
        epoch=epoch,
        branch=stored["source"].removeprefix("/branches/"),
        day=told["created_at"][:10],
        state=told["state"],
        product_line=told["product_line"],
        need=None if is_withdrawn else told["need"],
        customer=None if is_withdrawn else told["customer_id"],
        referrer=people.get(told["referrer_id"]),
        receiver=people.get(told["receiver_id"] or ""),
        amount_minor=told.get("amount_minor"),
        currency=told.get("currency"),
        booking_id=told["booking_id"],
    )
