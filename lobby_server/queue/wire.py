"""Tickets and service points on the wire: whole for staff, numbers only for whoever else looks on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lobby_server.doors.reading import Id, Wire
from lobby_server.kernel.events import to_json
from lobby_server.queue.events import PointEvent, TicketEvent
from lobby_server.queue.rules import Ticket, Waits


class WaitSeen(Wire):
    """An expected wait in seconds; p50 to p90 is announced."""

    p10_s: int
    p50_s: int
    p90_s: int


class Announced(Wire):
    """What a customer is told: in half of the cases p50_s, in nine of ten at most p90_s."""

    p50_s: int
    p90_s: int


class PublicTicket(Wire):
    """What the wall shows and the loudspeaker says."""

    number: str
    ticket_class: str
    state: str
    arrived_at: str
    called_at: str | None
    service_point: str | None
    language: str


class TicketSeen(PublicTicket):
    """A ticket as staff see it."""

    id: str
    visit_id: str
    service_type: str
    service_level: str
    issued_at: str
    started_at: str | None
    finished_at: str | None
    call_count: int


class StaffSeen(Wire):
    """A colleague."""

    staff_no: str
    name: str


class PointSeen(Wire):
    """A service point; `staff` is who works there, for colleagues only."""

    code: str
    kind: str
    names: dict[str, str]
    serves: list[str]
    state: str
    staff: StaffSeen | None = None


class TicketAnswer(Wire):
    """The ticket as it stands after the deed."""

    ticket: TicketSeen


class PointAnswer(Wire):
    """The service point as it stands after the deed."""

    service_point: PointSeen


class TicketAtPoint(Wire):
    """Which ticket the sender believes to be there."""

    ticket_id: Id


class IssuedTicket(Wire):
    """A new ticket for the one who took it; only here is its secret."""

    id: str
    number: str
    ticket_key: str
    url: str | None
    ahead: int
    expected_wait: Announced | None
    overtake_cap: int


def staff_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """An event's ticket for staff."""
    return {name: data[name] for name in TicketSeen.model_fields}


def public_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """An event's ticket for everybody: nothing by which a person could be found."""
    return {name: data[name] for name in PublicTicket.model_fields}


def ticket_data(ticket: Ticket) -> dict[str, Any]:
    """A ticket as events hold it."""
    return TicketEvent(ticket.branch_id, ticket).data()


def ticket_seen(ticket: Ticket) -> TicketSeen:
    """A ticket for staff."""
    return TicketSeen(**staff_form(ticket_data(ticket)))


def point_seen(data: Mapping[str, Any], staff: StaffSeen | None) -> PointSeen:
    """An event's service point, with the name of who works there for those who may know."""
    fields = {name: data[name] for name in PointSeen.model_fields if name != "staff"}
    return PointSeen(**fields, staff=staff)


def point_data(event: PointEvent) -> dict[str, Any]:
    """A service point as events hold it."""
    return event.data()


def wait_seen(waits: Waits) -> WaitSeen:
    """A wait with all three quantiles."""
    return WaitSeen(**to_json(waits))


def announced(waits: Waits | None) -> Announced | None:
    """What of a wait is announced."""
    return Announced(p50_s=waits.p50_s, p90_s=waits.p90_s) if waits else None


def issued_ticket(ticket: Ticket, ticket_key: str, url: str | None, ahead: int, waits: Waits | None) -> IssuedTicket:
    """A new ticket with its place in the line it joined."""
    return IssuedTicket(
        id=ticket.id,
        number=ticket.number,
        ticket_key=ticket_key,
        url=url,
        ahead=ahead,
        expected_wait=announced(waits),
        overtake_cap=ticket.overtake_cap,
    )
