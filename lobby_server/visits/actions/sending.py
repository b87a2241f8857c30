"""Where a visit goes: to the queue, to a point, and back in line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.branch.rules import ServiceType
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import Issued, IssueTicket, issue_ticket
from lobby_server.queue.rules import Ticket
from lobby_server.recommend.rules import declared
from lobby_server.visits import store
from lobby_server.visits.actions import ABANDONED, mine
from lobby_server.visits.events import VisitReturned, VisitRouted, VisitServed
from lobby_server.visits.rules import Visit, VisitState

TICKET = "ticket"


@dataclass(frozen=True)
class Route:
    """Where a visit goes: in this first form, to the queue."""

    visit_id: str
    service_type: ServiceType


@dataclass(frozen=True)
class Routed:
    """The visit with its place in the queue."""

    visit: Visit
    issued: Issued


def route(work: Work, request: Route) -> Routed:
    """Send a visit to the queue. Raises Conflict("already_routed") with its ticket's number."""
    # The queue before the visit, as everywhere: two works that want both never wait for each other.
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = mine(work, request.visit_id)
    if visit.state is not VisitState.ARRIVED:
        running = queue_store.live_ticket_of(work.db, visit.id)
        raise Conflict("already_routed", number=running.number if running else None)
    issued = issue_ticket(
        work,
        IssueTicket(
            branch_id=visit.branch_id,
            visit_id=visit.id,
            service_type=request.service_type,
            service_level=str(visit.service_level),
            language=visit.language,
            arrived_at=visit.arrived_at,
        ),
    )
    # A guess that fits what they chose keeps its reason; otherwise what they say counts.
    fits = visit.need is not None and visit.need.code == request.service_type.code
    routed = replace(
        visit,
        state=VisitState.ROUTED,
        service_type=request.service_type.code,
        need=visit.need if fits else declared(request.service_type.code),
        route=TICKET,
        ticket_id=issued.ticket.id,
    )
    store.save(work.db, routed)
    work.no_longer_due(ABANDONED, visit.id)
    work.audit("route", visit.id, route=TICKET, service_type=request.service_type.code)
    work.record(VisitRouted(visit.branch_id, routed))
    return Routed(routed, issued)


def sit_down(work: Work, ticket: Ticket) -> None:
    """The visit's ticket is being served."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is not None and visit.state is VisitState.ROUTED:
        served = replace(visit, state=VisitState.IN_SERVICE)
        store.save(work.db, served)
        work.record(VisitServed(visit.branch_id, served))


def back_in_line(work: Work, ticket: Ticket) -> None:
    """The visit waits again, with this ticket: parked, sent on, or for its next step."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is None or visit.state is VisitState.LEFT or visit.state is VisitState.ARRIVED:
        return
    waits = replace(visit, state=VisitState.ROUTED, service_type=ticket.service_type, ticket_id=ticket.id)
    if waits != visit:
        store.save(work.db, waits)
        work.record(VisitReturned(visit.branch_id, waits))
