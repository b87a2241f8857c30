"""How a visit's news is worded: the whole card, for staff only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lobby_server.customers import store as customers
from lobby_server.kernel.events import Recorded
from lobby_server.queue.live import STAFF_AUDIENCES, colleague
from lobby_server.realtime.wording import Reader, Wording
from lobby_server.visits import events, wire


def card(reader: Reader, data: Mapping[str, Any]) -> wire.VisitSeen:
    """A visit's card with the masked name and the colleagues who took and greeted it."""
    customer_id = data["customer_id"]
    names = customers.names(reader.db, reader.keys, [customer_id]) if customer_id else {}
    found = ((each, colleague(reader, each)) for each in wire.staff_ids(data))
    return wire.visit_seen(data, names.get(customer_id), {each: who for each, who in found if who is not None})


def _for_staff(reader: Reader, happened: Recorded) -> Mapping[str, Any]:
    return card(reader, happened.data).model_dump()


WORDING: Wording = {
    each.type: dict.fromkeys(STAFF_AUDIENCES, _for_staff)
    for each in (
        events.VisitArrived,
        events.VisitRouted,
        events.VisitClaimed,
        events.VisitClaimEnded,
        events.VisitServed,
        events.VisitReturned,
        events.VisitGreeted,
        events.VisitChanged,
        events.VisitLeft,
    )
}
