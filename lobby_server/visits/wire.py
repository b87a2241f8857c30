"""Visits on the wire: what a kiosk is told, and the card that a tablet shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lobby_server.branch.rules import Machine, ServiceType
from lobby_server.doors.reading import Code, Id, Language, Wire
from lobby_server.kernel.events import to_json
from lobby_server.kernel.privacy import mask_name
from lobby_server.queue.rules import Ticket
from lobby_server.queue.wire import Announced, IssuedTicket, StaffSeen, announced
from lobby_server.visits.actions import Arrived
from lobby_server.visits.actions.sending import Routed, Surroundings
from lobby_server.visits.alerts import Took
from lobby_server.visits.events import AlertEvent, VisitEvent
from lobby_server.visits.rules import Alert, Visit

PARTY_MAX = 20


class Credential(Wire):
    """What somebody presents. `value` is never written to a log or an answer."""

    kind: Literal["qr", "none"]
    value: Annotated[str, StringConstraints(max_length=4096)] = ""


class Arrival(Wire):
    """Somebody stands here. The sender makes `visit_id`, so that asking again changes nothing."""

    visit_id: Id | None = None
    credential: Credential
    language: Language = "zh-CN"
    party_size: Annotated[int, Field(ge=1, le=PARTY_MAX)] = 1


class RouteChoice(Wire):
    """Which service, and which way to it."""

    service_type: Code
    choice: Literal["self_service", "ticket", "adviser"]


class MachineOutcome(Wire):
    """How the work at a machine ended: done, its own fault, or a task that needs a person."""

    outcome: Literal["done", "failed", "refused"]


class WhyBack(Wire):
    """Why somebody comes back from a machine: a code."""

    reason: Code


class CustomerSeen(Wire):
    """As much of a customer as stands on a screen in the hall; staff get the id and level too."""

    masked_name: str
    id: str | None = None
    service_level: str | None = None


class Greeting(Wire):
    """Which greeting the screen says."""

    code: str


class MachineSeen(Wire):
    """A self-service machine: which, and where it stands."""

    code: str
    names: dict[str, str]
    zone: str | None
    kind: str


class Offered(Wire):
    """One service that can be chosen, in the visit's language, and the way that is better for this visit.

    `device` is a machine that is alive and free now; `reason` holds a code and the facts of its sentence.
    """

    code: str
    name: str
    route: str
    expected_wait: Announced | None
    device: MachineSeen | None = None
    reason: dict[str, Any]


class NeedSeen(Wire):
    """What they probably need; `reason` holds a code and the facts of its sentence."""

    code: str
    reason: dict[str, Any]


class RunningTicket(Wire):
    """The ticket that a resumed visit already has, without its secret."""

    number: str
    state: str
    service_point: str | None


class Welcome(Wire):
    """What a kiosk shows after a scan."""

    visit_id: str
    customer: CustomerSeen | None
    greeting: Greeting
    services: list[Offered]
    suggested: str | None
    need: NeedSeen | None
    ticket: RunningTicket | None = None


class FasterWay(Wire):
    """A way that is faster than the one chosen, and still open; `wait_s` is what it saves."""

    route: str
    device: MachineSeen
    wait_s: int | None


class RoutedVisit(Wire):
    """Where to go now: to a machine, or with a ticket into the line; `running` is the ticket held meanwhile."""

    route: str
    reason: dict[str, Any]
    device: MachineSeen | None = None
    ticket: IssuedTicket | None = None
    running: RunningTicket | None = None
    faster: FasterWay | None = None


class WhereNow(Wire):
    """Where a visit stands after its work at a machine; `ticket` is new, `running` the one it had."""

    visit_id: str
    state: str
    route: str | None
    device: MachineSeen | None
    ticket: IssuedTicket | None = None
    running: RunningTicket | None = None


class Touchpoint(Wire):
    """One thing that befell a visit: when, what, by whom (a colleague; None for devices and the house itself)."""

    at: str
    code: str
    by: StaffSeen | None
    facts: dict[str, Any]


class History(Wire):
    """Everything that befell a visit, oldest first."""

    touchpoints: list[Touchpoint]


class VisitSeen(Wire):
    """The card on a tablet. No name but the masked one.

    `device` is the machine that it was sent to, `at_machine` whether they have begun there. Until `undo_until`
    whoever did the newest deed may take it back.
    """

    visit_id: str
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
    level_reason: dict[str, Any] | None
    companion_of: str | None
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
        services=[_offered(each, visit, around) for each in offered],
        suggested=suggested,
        need=_need(VisitEvent(visit.branch_id, visit).data()["need"]),
        ticket=_running(arrived.ticket),
    )


def visit_data(visit: Visit) -> dict[str, Any]:
    """A visit as events hold it."""
    return VisitEvent(visit.branch_id, visit).data()


def visit_seen(data: Mapping[str, Any], full_name: str | None, colleagues: Mapping[str, StaffSeen]) -> VisitSeen:
    """An event's visit as a card, the name masked here and nowhere else. Older events lack the newer fields."""
    claim, errand = data["claim"], data.get("errand")
    return VisitSeen(
        visit_id=data["id"],
        masked_name=mask_name(full_name) if full_name else None,
        need=_need(data["need"]),
        greeting=Greeting(code=data["greeting"]),
        claimed_by=colleagues.get(claim["staff_id"]) if claim else None,
        claimed_until=claim["until"] if claim else None,
        level_reason=_said(data.get("level_reason")),
        companion_of=data.get("companion_of"),
        greeted_by=colleagues.get(data.get("greeted_by") or ""),
        device=_device(errand),
        at_machine=bool(errand and errand["started_at"]),
        steps_done=data.get("steps_done", []),
        undo_until=data.get("undo_until"),
        **{name: data[name] for name in _SAME_FIELDS},
    )


_SAME_FIELDS = (
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


def _said(reason: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A reason's code beside the facts of its sentence."""
    return {"code": reason["code"], **reason["facts"]} if reason else None


def _device(errand: Mapping[str, Any] | None) -> MachineSeen | None:
    return MachineSeen(**{name: errand[name] for name in MachineSeen.model_fields}) if errand else None


def staff_ids(data: Mapping[str, Any]) -> list[str]:
    """The colleagues whose names a card shows."""
    claim = data["claim"]
    return [each for each in (claim and claim["staff_id"], data.get("greeted_by")) if each]


def _machine_seen(machine: Machine) -> MachineSeen:
    point = machine.point
    return MachineSeen(code=point.code, names=dict(point.names), zone=point.zone, kind=str(point.device_kind))


def _offered(service: ServiceType, visit: Visit, around: Surroundings) -> Offered:
    better = around.better_way(visit, service)
    machine = around.free_machine(better.device_kind)
    return Offered(
        code=service.code,
        name=service.names[visit.language],
        route=better.route,
        expected_wait=announced(around.waits.get(service.ticket_class)),
        device=_machine_seen(machine) if machine else None,
        reason={"code": better.reason.code, **better.reason.facts},
    )


def routed_visit(
    routed: Routed, ticket: IssuedTicket | None, running: Ticket | None, around: Surroundings
) -> RoutedVisit:
    """Where to go, and the faster way when it is another one."""
    better = routed.better
    machine = around.free_machine(better.device_kind) if routed.visit.errand is None else None
    wait_s = better.reason.facts.get("wait_s")
    return RoutedVisit(
        route=str(routed.visit.route),
        reason={"code": better.reason.code, **better.reason.facts},
        device=_device(to_json(routed.visit.errand)),
        ticket=ticket,
        running=_running(running) if ticket is None else None,
        faster=FasterWay(route=better.route, device=_machine_seen(machine), wait_s=wait_s) if machine else None,
    )


def where_now(visit: Visit, ticket: IssuedTicket | None, running: Ticket | None) -> WhereNow:
    """A visit after its work at a machine."""
    return WhereNow(
        visit_id=visit.id,
        state=str(visit.state),
        route=visit.route,
        device=_device(to_json(visit.errand)),
        ticket=ticket,
        running=_running(running) if ticket is None else None,
    )


def _running(ticket: Ticket | None) -> RunningTicket | None:
    if ticket is None:
        return None
    return RunningTicket(number=ticket.number, state=str(ticket.state), service_point=ticket.service_point)


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
