"""Tickets and service points on the wire: whole for staff, numbers only for whoever else looks on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from lobby_server.doors.reading import Code, Id, Text, Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.events import to_json
from lobby_server.queue.discipline import Call, Candidate
from lobby_server.queue.events import PointEvent, QueueChanged, TicketEvent
from lobby_server.queue.rules import PRIORITY, STARS_MAX, VULNERABLE, QueuePolicy, Standing, Ticket, Waits


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
    recall_count: int = 0


class PublicCall(PublicTicket):
    """A call on the wall; `reason` says without naming anybody why somebody who came later went first, if so."""

    reason: str | None = None


class TicketSeen(PublicTicket):
    """A ticket as staff see it: how often later arrivals were called first, by the rule and by hand.

    `only_at` is the one point that it was transferred to. What older events do not hold has its first value.
    """

    id: str
    visit_id: str
    service_type: str
    service_level: str
    issued_at: str
    started_at: str | None
    finished_at: str | None
    call_count: int
    overtake_cap: int = 0
    overtaken: int = 0
    overtaken_by_hand: int = 0
    only_at: str | None = None


class TicketsOfDay(Wire):
    """Every ticket of a business day, newest first; `timezone` is the branch's, for its moments."""

    business_day: str
    timezone: str
    tickets: list[TicketSeen]


class PassedSeen(Wire):
    """A waiting ticket that a call has overtaken, with its counts after it."""

    ticket_id: str
    overtaken: int
    overtaken_by_hand: int


class CalledSeen(TicketSeen):
    """A ticket that was just called, and whom this passed: screens update those too."""

    passed: list[PassedSeen]


class PublicQueueSeen(Wire):
    """The queue as a whole: by which rule it is served, and whether the hall is short of windows or devices."""

    discipline: str
    rule_version: str
    overtake_cap: int
    is_degraded: bool
    kiosks_down: bool = False
    machines_down: bool = False
    points_open: int
    points_planned: int | None


class QueueSeen(PublicQueueSeen):
    """The same for staff: whether too many wait or too long, and the waiting tickets that no open point calls."""

    is_crowded: bool = False
    unserved: list[str]


class WaitsSeen(Wire):
    """The expected wait of somebody who takes a ticket now, by ticket class."""

    waits: dict[str, WaitSeen]


class RatingSeen(Wire):
    """The stars that a ticket was given; the customer's words are in the alert, if there is one."""

    ticket_id: str
    number: str
    service_point: str | None
    stars: int


class RatingGiven(Wire):
    """What a customer thought of it, and a few words if they like."""

    stars: Annotated[int, Field(ge=1, le=STARS_MAX)]
    note: Text | None = None


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


class StepAtPoint(TicketAtPoint):
    """The same, and the service type with which the visit goes on."""

    next_service_type: Code | None = None


class HandCall(TicketAtPoint):
    """Which ticket to call against the rule, and why."""

    reason: Text


class Onward(TicketAtPoint):
    """Where a ticket is transferred: one of the two."""

    service_type: Code | None = None
    service_point: Code | None = None


class CandidateSeen(Wire):
    """One ticket that could have been called; `passed` when the one called had arrived later."""

    number: str
    waited_s: float
    weight: float
    score: float
    overtaken: int
    service_level: str
    overtake_cap: int
    passed: bool


class Why(Wire):
    """Why a ticket was called when it was; `replayed_equal` only when asked for, None where no rule chose."""

    rule_version: str
    called_at: str
    service_point: str
    reason: str
    hand_reason: str | None
    candidates: list[CandidateSeen]
    replayed_equal: bool | None = None


class IssuedTicket(Wire):
    """A new ticket for the one who took it; only here is its secret."""

    id: str
    number: str
    ticket_key: str
    url: str | None
    ahead: int
    expected_wait: Announced | None
    overtake_cap: int


class StepAnswer(Wire):
    """The finished ticket; with a next step the new ticket, whose secret is only here."""

    ticket: TicketSeen
    next_ticket: IssuedTicket | None = None


def staff_form(data: Mapping[str, Any]) -> TicketSeen:
    """An event's ticket for staff."""
    return TicketSeen(**_staff_fields(data))


def call_form(data: Mapping[str, Any]) -> CalledSeen:
    """A call's ticket for staff, with whom it passed."""
    passed = [PassedSeen(**each) for each in data.get("passed", ())]
    return CalledSeen(**_staff_fields(data), passed=passed)


def _staff_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: data[name] for name in TicketSeen.model_fields if name in data}
    return {
        **kept,
        "overtaken": data.get("overtaken_auto", 0),
        "overtaken_by_hand": data.get("overtaken_manual", 0),
    }


def public_form(data: Mapping[str, Any]) -> PublicTicket:
    """An event's ticket for everybody: nothing by which a person could be found."""
    return PublicTicket.from_event(data)


def public_call(data: Mapping[str, Any]) -> PublicCall:
    """A call's ticket for everybody, with the reason of its turn."""
    return PublicCall(**PublicTicket.from_event(data).model_dump(), reason=reason_of_turn(data))


def reason_of_turn(data: Mapping[str, Any]) -> str | None:
    """Why a call went out of the order of arrival, in a word that anybody may read.

    `cap`: the fairness printed on this ticket was used up; `help`, `priority`, `staff` (a colleague's own choice):
    somebody who came earlier waits on. None: it was the earliest.
    """
    if 0 < data.get("overtake_cap", 0) <= data.get("overtaken_auto", 0):
        return "cap"
    if not data.get("passed"):
        return None
    return (
        "help" if data["service_level"] == VULNERABLE else "priority" if data["service_level"] in PRIORITY else "staff"
    )


def ticket_data(ticket: Ticket) -> dict[str, Any]:
    """A ticket as events hold it."""
    return TicketEvent(ticket.branch_id, ticket).data()


def ticket_seen(ticket: Ticket) -> TicketSeen:
    """A ticket for staff."""
    return staff_form(ticket_data(ticket))


def point_seen(data: Mapping[str, Any], staff: StaffSeen | None) -> PointSeen:
    """An event's service point, with the name of who works there for those who may know."""
    fields = {name: data[name] for name in PointSeen.model_fields if name != "staff"}
    return PointSeen(**fields, staff=staff)


def point_data(event: PointEvent) -> dict[str, Any]:
    """A service point as events hold it."""
    return event.data()


def queue_data(branch_id: str, policy: QueuePolicy, standing: Standing) -> dict[str, Any]:
    """The queue as a whole as events hold it."""
    return QueueChanged(branch_id, policy, standing).data()


def queue_seen(data: Mapping[str, Any]) -> QueueSeen:
    """An event's queue for staff."""
    return QueueSeen.from_event(data)


def public_queue_seen(data: Mapping[str, Any]) -> PublicQueueSeen:
    """The same for everybody."""
    return PublicQueueSeen.from_event(data)


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


def why(call: Call, replayed_equal: bool | None) -> Why:
    """A stored call in plain fields."""
    return Why(
        rule_version=call.rule_version,
        called_at=to_wire(call.at),
        service_point=call.service_point,
        reason=call.reason,
        hand_reason=call.hand_reason,
        candidates=[_candidate_seen(each) for each in call.candidates],
        replayed_equal=replayed_equal,
    )


def _candidate_seen(each: Candidate) -> CandidateSeen:
    return CandidateSeen(
        number=each.number,
        waited_s=each.waited_s,
        weight=each.weight,
        score=each.score,
        overtaken=each.overtaken,
        service_level=each.service_level,
        overtake_cap=each.cap,
        passed=each.passed,
    )
