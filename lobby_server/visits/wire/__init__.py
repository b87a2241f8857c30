"""Visits on the wire: what a kiosk is told, and the card that a tablet shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lobby_server.branch.rules import ServiceType
from lobby_server.doors.reading import Id, Language, Wire
from lobby_server.kernel.privacy import mask_name
from lobby_server.queue.wire import StaffSeen
from lobby_server.recommend.rules import Offer
from lobby_server.recommend.wire import OfferSeen, offer_seen
from lobby_server.visits.actions import Arrived
from lobby_server.visits.actions.sending import Surroundings
from lobby_server.visits.alerts import Took
from lobby_server.visits.events import AlertEvent, VisitEvent
from lobby_server.visits.rules import Alert, Visit
from lobby_server.visits.wire.ways import (
    MachineSeen,
    Offered,
    RunningTicket,
    device_of,
    offered_service,
    running_ticket,
    said,
)

PARTY_MAX = 20
OLDER_MAX = 4  # two key versions overlap; a kiosk that is told of more is set up wrongly


class Credential(Wire):
    """What somebody presents. `value` is never written to a log or an answer.

    `older` are its tokens under the older keys of the readers: who is known by one is known by `value` from then on.
    """

    kind: Literal["qr", "card_token", "id_token", "appointment", "none"]
    value: Annotated[str, StringConstraints(max_length=4096)] = ""
    older: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list, max_length=OLDER_MAX)


class Arrival(Wire):
    """Somebody stands here. The sender makes `visit_id`, so that asking again changes nothing."""

    visit_id: Id | None = None
    credential: Credential
    language: Language = "zh-CN"
    party_size: Annotated[int, Field(ge=1, le=PARTY_MAX)] = 1


class CustomerSeen(Wire):
    """As much of a customer as stands on a screen in the hall; staff get the id and level too."""

    masked_name: str
    id: str | None = None
    service_level: str | None = None


class Greeting(Wire):
    """Which greeting the screen says."""

    code: str


class NeedSeen(Wire):
    """What they probably need; `reason` holds a code and the facts of its sentence."""

    code: str
    reason: dict[str, Any]


class Welcome(Wire):
    """What a kiosk shows after a scan."""

    visit_id: str
    customer: CustomerSeen | None
    greeting: Greeting
    services: list[Offered]
    suggested: str | None
    need: NeedSeen | None
    ticket: RunningTicket | None = None


class ExpectedSeen(Wire):
    """The appointment on which somebody came."""

    starts_at: str
    service_type: str
    staff: StaffSeen | None


class VisitSeen(Wire):
    """The card on a tablet, for staff only. No name but the masked one; `customer_id` opens the customer's card.

    `device` is the machine that it was sent to, `at_machine` whether they have begun there. Until `undo_until`
    whoever did the newest deed may take it back.
    """

    visit_id: str
    customer_id: str | None
    state: str
    arrived_at: str
    masked_name: str | None
    tier: str | None
    service_level: str
    need: NeedSeen | None
    greeting: Greeting
    service_type: str | None
    route: str | None
    ticket_id: str | None
    claimed_by: StaffSeen | None
    claimed_until: str | None
    language: str
    party_size: int
    promise_s: int
    recommendation: OfferSeen | None
    level_reason: dict[str, Any] | None
    companion_of: str | None
    appointment: ExpectedSeen | None
    greeted_by: StaffSeen | None
    device: MachineSeen | None
    at_machine: bool
    steps_done: list[str]
    undo_until: str | None


class AlertSeen(Wire):
    """What somebody must come for. `leased_to` is who is asked now; None where whoever comes first may."""

    id: str
    kind: str
    urgency: str
    visit_id: str | None
    ticket_id: str | None
    service_point: str | None
    device_id: str | None
    raised_at: str
    respond_by: str
    rung: str
    state: str
    leased_to: StaffSeen | None
    acknowledged_by: StaffSeen | None
    facts: dict[str, Any]


class AlertAnswer(Wire):
    """The alert as it stands after the deed."""

    alert: AlertSeen


class HelpAsked(Wire):
    """A colleague is wanted here; `visit_id` if the device knows of one."""

    visit_id: Id | None = None
    language: Language = "zh-CN"


class HelpComing(Wire):
    """A colleague has been asked to come."""

    alert_id: str
    respond_by: str


class Measured(Wire):
    """How long it took, in milliseconds: of `n`, half within p50 and ninety-nine in a hundred within p99."""

    n: int
    p50_ms: int | None
    p99_ms: int | None


class AlertsMeasured(Wire):
    """Of today's arrival alerts: until a tablet painted them, and until a colleague answered."""

    business_day: str
    arrival_to_glass: Measured
    arrival_to_acknowledge: Measured


class VisitAnswer(Wire):
    """The visit as it stands after the deed."""

    visit: VisitSeen


def welcome(arrived: Arrived, types: Mapping[str, ServiceType], around: Surroundings, *, is_staff: bool) -> Welcome:
    """The choices after an arrival: the suggested service first, then what most people come for."""
    visit, customer = arrived.visit, arrived.customer
    suggested = visit.need.code if visit.need and visit.need.code in types else None
    offered = [types[suggested]] if suggested else []
    offered += [each for each in types.values() if each.tile and each.code != suggested]
    seen = None
    if customer is not None:
        seen = CustomerSeen(
            masked_name=mask_name(customer.name),
            id=customer.id if is_staff else None,
            service_level=str(visit.service_level) if is_staff else None,
        )
    return Welcome(
        visit_id=visit.id,
        customer=seen,
        greeting=Greeting(code=visit.greeting),
        services=[offered_service(each, visit, around) for each in offered],
        suggested=suggested,
        need=_need(VisitEvent(visit.branch_id, visit).data()["need"]),
        ticket=running_ticket(arrived.ticket),
    )


def visit_data(visit: Visit) -> dict[str, Any]:
    """A visit as events hold it."""
    return VisitEvent(visit.branch_id, visit).data()


def visit_seen(
    data: Mapping[str, Any], full_name: str | None, colleagues: Mapping[str, StaffSeen], recommended: Offer | None
) -> VisitSeen:
    """An event's visit as a card, the name masked here and nowhere else. Older events lack the newer fields."""
    claim, errand = data["claim"], data.get("errand")
    return VisitSeen(
        visit_id=data["id"],
        masked_name=mask_name(full_name) if full_name else None,
        need=_need(data["need"]),
        greeting=Greeting(code=data["greeting"]),
        recommendation=offer_seen(recommended) if recommended else None,
        claimed_by=colleagues.get(claim["staff_id"]) if claim else None,
        claimed_until=claim["until"] if claim else None,
        level_reason=said(data.get("level_reason")),
        companion_of=data.get("companion_of"),
        appointment=_expected(data.get("appointment"), colleagues),
        greeted_by=colleagues.get(data.get("greeted_by") or ""),
        device=device_of(errand),
        at_machine=bool(errand and errand["started_at"]),
        steps_done=data.get("steps_done", []),
        undo_until=data.get("undo_until"),
        **{name: data[name] for name in _SAME_FIELDS},
    )


_SAME_FIELDS = (
    "customer_id",
    "state",
    "arrived_at",
    "tier",
    "service_level",
    "service_type",
    "route",
    "ticket_id",
    "language",
    "party_size",
    "promise_s",
)


def _need(data: Mapping[str, Any] | None) -> NeedSeen | None:
    if data is None:
        return None
    return NeedSeen(code=data["code"], reason={"code": data["reason"]["code"], **data["reason"]["facts"]})


def staff_ids(data: Mapping[str, Any]) -> list[str]:
    """The colleagues whose names a card shows."""
    claim, expected = data["claim"], data.get("appointment")
    ids = (claim and claim["staff_id"], expected and expected["staff_id"], data.get("greeted_by"))
    return [each for each in ids if each]


def _expected(data: Mapping[str, Any] | None, colleagues: Mapping[str, StaffSeen]) -> ExpectedSeen | None:
    if data is None:
        return None
    staff = colleagues.get(data["staff_id"] or "")
    return ExpectedSeen(starts_at=data["starts_at"], service_type=data["service_type"], staff=staff)


def alert_data(alert: Alert) -> dict[str, Any]:
    """An alert as events hold it."""
    return AlertEvent(alert.branch_id, alert).data()


def alert_seen(
    data: Mapping[str, Any], colleagues: Mapping[str, StaffSeen], more_facts: Mapping[str, Any] | None = None
) -> AlertSeen:
    """An event's alert with the names of who is asked and who answered."""
    same = {
        name: data[name] for name in AlertSeen.model_fields if name not in ("leased_to", "acknowledged_by", "facts")
    }
    return AlertSeen(
        **same,
        leased_to=colleagues.get(data["leased_to"] or ""),
        acknowledged_by=colleagues.get(data["acknowledged_by"] or ""),
        facts={**data["facts"], **(more_facts or {})},
    )


def measured(took: Took) -> Measured:
    """Times on the wire."""
    return Measured(n=took.n, p50_ms=took.p50_ms, p99_ms=took.p99_ms)
