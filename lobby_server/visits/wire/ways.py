"""The ways on the wire: what is offered, where a visit goes, where it stands after a machine, what befell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from lobby_server.branch.rules import Machine, ServiceType
from lobby_server.doors.reading import Code, Id, Text, Wire
from lobby_server.kernel.audit import Deed
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.events import to_json
from lobby_server.queue.rules import Ticket
from lobby_server.queue.wire import Announced, IssuedTicket, StaffSeen, announced
from lobby_server.visits.actions.sending import Routed, Surroundings
from lobby_server.visits.rules import Visit

# As long as the column in which it is kept.
Why = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]


class RouteChoice(Wire):
    """Which service, and which way to it."""

    service_type: Code
    choice: Literal["self_service", "ticket", "adviser"]


class MachineOutcome(Wire):
    """How the work at a machine ended: done, its own fault, or a task that needs a person."""

    outcome: Literal["done", "failed", "refused"]


class WhyBack(Wire):
    """Why somebody comes back from a machine: a code."""

    reason: Why


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


class RunningTicket(Wire):
    """The ticket that a resumed visit already has, without its secret."""

    number: str
    state: str
    service_point: str | None


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


class Leaving(Wire):
    """Why somebody goes: a code."""

    reason: Why


class LevelSet(Wire):
    """The level from now on, and why, in the colleague's own words. An appointment is not given by hand."""

    level: Literal["ordinary", "vip", "vulnerable"]
    reason: Text


class Together(Wire):
    """The visit with which this one came."""

    of: Id


class Touchpoint(Wire):
    """One thing that befell a visit: when, what, by whom (a colleague; None for devices and the house itself)."""

    at: str
    code: str
    by: StaffSeen | None
    facts: dict[str, Any]


class History(Wire):
    """Everything that befell a visit, oldest first."""

    touchpoints: list[Touchpoint]


def said(reason: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A reason's code beside the facts of its sentence."""
    return {"code": reason["code"], **reason["facts"]} if reason else None


def device_of(errand: Mapping[str, Any] | None) -> MachineSeen | None:
    return MachineSeen(**{name: errand[name] for name in MachineSeen.model_fields}) if errand else None


def _machine_seen(machine: Machine) -> MachineSeen:
    point = machine.point
    return MachineSeen(code=point.code, names=dict(point.names), zone=point.zone, kind=str(point.device_kind))


def offered_service(service: ServiceType, visit: Visit, around: Surroundings) -> Offered:
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
        device=device_of(to_json(routed.visit.errand)),
        ticket=ticket,
        running=running_ticket(running) if ticket is None else None,
        faster=FasterWay(route=better.route, device=_machine_seen(machine), wait_s=wait_s) if machine else None,
    )


def where_now(visit: Visit, ticket: IssuedTicket | None, running: Ticket | None) -> WhereNow:
    """A visit after its work at a machine."""
    return WhereNow(
        visit_id=visit.id,
        state=str(visit.state),
        route=visit.route,
        device=device_of(to_json(visit.errand)),
        ticket=ticket,
        running=running_ticket(running) if ticket is None else None,
    )


def running_ticket(ticket: Ticket | None) -> RunningTicket | None:
    if ticket is None:
        return None
    return RunningTicket(number=ticket.number, state=str(ticket.state), service_point=ticket.service_point)


def history(deeds: Sequence[tuple[datetime, Deed]], colleagues: Mapping[str, StaffSeen]) -> History:
    """What the audit says of a visit and its tickets."""
    return History(
        touchpoints=[
            Touchpoint(at=to_wire(at), code=each.deed, by=colleagues.get(staff_id_of(each)), facts=dict(each.facts))
            for at, each in deeds
        ]
    )


def staff_id_of(deed: Deed) -> str:
    """Whose deed it was, if a colleague's."""
    kind, _, actor_id = deed.actor.partition(":")
    return actor_id if kind == "staff" else ""
