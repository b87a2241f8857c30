"""How a visit's news is worded: the whole card, for staff only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lobby_server.customers import store as customers
from lobby_server.kernel.events import Recorded
from lobby_server.queue.live import STAFF_AUDIENCES, colleague
from lobby_server.realtime.wording import Reader, Wording, as_recorded
from lobby_server.recommend import store as recommendations
from lobby_server.recommend.events import OfferAnswered, OfferShown
from lobby_server.recommend.rules import Offer
from lobby_server.visits import events, wire


def card(reader: Reader, data: Mapping[str, Any]) -> wire.VisitSeen:
    """A visit's card with the masked name and the colleague who took it."""
    customer_id = data["customer_id"]
    names = customers.names(reader.db, reader.keys, [customer_id]) if customer_id else {}
    claimant = colleague(reader, data["claim"]["staff_id"]) if data["claim"] else None
    offers = recommendations.offers_of(reader.db, [data["id"]]) if customer_id else {}
    return wire.visit_seen(data, names.get(customer_id), claimant, recommended(offers, data["id"]))


def recommended(offers: Mapping[str, Sequence[Offer]], visit_id: str) -> Offer | None:
    """What to speak of on a visit: the first of what was offered."""
    return next(iter(offers.get(visit_id, ())), None)


def _for_staff(reader: Reader, happened: Recorded) -> Mapping[str, Any]:
    return card(reader, happened.data).model_dump()


_OFFERS = {each.type: dict.fromkeys(STAFF_AUDIENCES, as_recorded) for each in (OfferShown, OfferAnswered)}

WORDING: Wording = _OFFERS | {
    each.type: dict.fromkeys(STAFF_AUDIENCES, _for_staff)
    for each in (
        events.VisitArrived,
        events.VisitRouted,
        events.VisitClaimed,
        events.VisitClaimEnded,
        events.VisitServed,
        events.VisitReturned,
        events.VisitLeft,
    )
}
