"""How the news of referrals is worded: masked names, for staff only. The note is never told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lobby_server.customers import store as customers
from lobby_server.kernel.events import Recorded
from lobby_server.queue.live import STAFF_AUDIENCES, colleagues
from lobby_server.realtime.wording import Reader, Wording
from lobby_server.visits import store as visits
from referral.lifecycle import events, wire


def seen(reader: Reader, data: Mapping[str, Any]) -> wire.ReferralSeen:
    """A referral with the masked name and the colleagues."""
    names = customers.names(reader.db, reader.keys, {data["customer_id"]} - {""})
    ids = {data[name] for name in ("referrer_id", "receiver_id", "offered_to")} - {None, ""}
    people = colleagues(reader.db, reader.keys, ids)
    is_here = bool(visits.still_here(reader.db, {data["visit_id"]} - {""}))
    return wire.referral_seen(data, names.get(data["customer_id"]), people, customer_here=is_here)


def _for_staff(reader: Reader, happened: Recorded) -> wire.ReferralSeen:
    return seen(reader, happened.data)


WORDING: Wording = {
    each.type: dict.fromkeys(STAFF_AUDIENCES, _for_staff)
    for each in (
        events.ReferralCreated,
        events.ReferralOffered,
        events.ReferralDeclined,
        events.ReferralAccepted,
        events.ReferralEscalated,
        events.ReferralSentHere,
        events.ReferralHeld,
        events.ReferralReleased,
        events.ReferralPresence,
        events.ReferralContacted,
        events.ReferralQualified,
        events.ReferralProposed,
        events.ReferralWon,
        events.ReferralLost,
        events.ReferralExpired,
        events.ReferralWithdrawn,
        events.ReferralDuplicated,
        events.ReferralReversed,
        events.ReferralOverdue,
    )
}
