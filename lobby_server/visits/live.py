"""How a visit's news is worded: the whole card, for staff only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lobby_server.customers import store as customers
from lobby_server.kernel.events import Recorded
from lobby_server.queue.actions.ratings import NOTE
from lobby_server.queue.live import STAFF_AUDIENCES, colleague, colleagues
from lobby_server.queue.store import ratings
from lobby_server.realtime.wording import Reader, Wording
from lobby_server.recommend import store as recommendations
from lobby_server.recommend.events import OfferAnswered, OfferShown
from lobby_server.recommend.rules import Offer
from lobby_server.recommend.wire import OfferNews
from lobby_server.visits import events, wire
from lobby_server.visits.rules import AlertKind


def card(reader: Reader, data: Mapping[str, Any]) -> wire.VisitSeen:
    """A visit's card with the masked name and the colleagues who took and greeted it."""
    customer_id = data["customer_id"]
    names = customers.names(reader.db, reader.keys, [customer_id]) if customer_id else {}
    found = ((each, colleague(reader, each)) for each in wire.staff_ids(data))
    offers = recommendations.offers_of(reader.db, [data["id"]]) if customer_id else {}
    colleagues = {each: who for each, who in found if who is not None}
    return wire.visit_seen(data, names.get(customer_id), colleagues, recommended(offers, data["id"]))


def recommended(offers: Mapping[str, Sequence[Offer]], visit_id: str) -> Offer | None:
    """What to speak of on a visit: the first of what was offered."""
    return next(iter(offers.get(visit_id, ())), None)


def alerts_seen(reader: Reader, alerts: Sequence[Mapping[str, Any]], *, for_head: bool) -> list[wire.AlertSeen]:
    """Alerts with the colleagues' names; the head also reads the customer's own words with a bad rating."""
    ids = {each[name] for each in alerts for name in ("leased_to", "acknowledged_by") if each[name] is not None}
    names = colleagues(reader.db, reader.keys, ids)
    rated = {each["ticket_id"] for each in alerts if each["kind"] == AlertKind.LOW_RATING}
    notes = ratings.sealed_notes(reader.db, rated) if for_head and rated else {}
    opened = {ticket_id: {"note": reader.keys.open(sealed, NOTE)} for ticket_id, sealed in notes.items()}
    return [wire.alert_seen(each, names, opened.get(each["ticket_id"])) for each in alerts]


def _alert(reader: Reader, happened: Recorded) -> wire.AlertSeen:
    return alerts_seen(reader, [happened.data], for_head=False)[0]


def _alert_for_head(reader: Reader, happened: Recorded) -> wire.AlertSeen:
    return alerts_seen(reader, [happened.data], for_head=True)[0]


def _for_staff(reader: Reader, happened: Recorded) -> wire.VisitSeen:
    return card(reader, happened.data)


def _offer(_reader: Reader, happened: Recorded) -> OfferNews:
    return OfferNews.from_event(happened.data)


_OFFERS = {each.type: dict.fromkeys(STAFF_AUDIENCES, _offer) for each in (OfferShown, OfferAnswered)}

# Whom an alert climbs to; all of them hear all of it, because whoever is nearest may answer.
LADDER = ("lobby", "rm", "head")

WORDING: Wording = (
    {
        each.type: {"lobby": _alert, "rm": _alert, "head": _alert_for_head}
        for each in (events.AlertRaised, events.AlertEscalated, events.AlertAcknowledged, events.AlertEnded)
    }
    | _OFFERS
    | {
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
)
