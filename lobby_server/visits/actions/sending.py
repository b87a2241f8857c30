"""Where a visit goes: to the queue or a machine, to a point, and back in line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import BY_ADVISER, Machine, ServiceType, is_open_at
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import Issued, IssueTicket, issue_ticket
from lobby_server.queue.rules import Ticket, Waits
from lobby_server.recommend.rules import Need, declared
from lobby_server.staff import store as staff
from lobby_server.visits import store
from lobby_server.visits.actions import ABANDONED, mine, with_undo
from lobby_server.visits.events import VisitReturned, VisitRouted, VisitServed
from lobby_server.visits.routing import ADVISER, SELF_SERVICE, TICKET, Choice, Facts, Fleet, choose_route
from lobby_server.visits.rules import Visit, VisitState
from lobby_server.visits.store import alerts

LOBBY_MANAGER = "lobby_manager"


@dataclass(frozen=True)
class Surroundings:
    """What of a branch the choice of a way looks at, at one moment."""

    machines: tuple[Machine, ...]
    waits: dict[str, Waits]
    is_open: bool
    lobby_is_there: bool
    needs_help: bool = False

    def better_way(self, visit: Visit, service_type: ServiceType, *, is_chosen: bool = False) -> Choice:
        """The better way for a visit that wants this service."""
        wait = self.waits.get(service_type.ticket_class)
        facts = Facts(
            service_type=service_type,
            level=visit.service_level,
            promise_s=visit.promise_s,
            party_size=visit.party_size,
            language=visit.language,
            needs_help=self.needs_help,
            machines=self._fleets(),
            wait_s=wait.p50_s if wait else None,
            is_open=self.is_open,
            lobby_is_there=self.lobby_is_there,
            is_chosen=is_chosen,
        )
        return choose_route(facts)

    def free_machine(self, kind: str | None) -> Machine | None:
        """The machine of a kind to which somebody can be sent now."""
        return next((each for each in self.machines if each.is_free and each.point.device_kind == kind), None)

    def _fleets(self) -> dict[str, Fleet]:
        kinds = {each.point.device_kind for each in self.machines}
        return {kind: self._fleet(kind) for kind in kinds if kind is not None}

    def _fleet(self, kind: str) -> Fleet:
        of_kind = [each for each in self.machines if each.point.device_kind == kind]
        return Fleet(sum(each.is_alive for each in of_kind), sum(each.is_free for each in of_kind))


def look_around(db: sa.Connection, visit: Visit, now: datetime) -> Surroundings:
    """The branch as it stands now, with the waits that this visit's service level is told."""
    branch_id = visit.branch_id
    branch = branches.find_branch(db, branch_id)
    assert branch is not None
    managers = staff.on_duty(db, branch_id, LOBBY_MANAGER, now)
    return Surroundings(
        machines=tuple(branches.machines(db, branch_id, now)),
        waits=queue_store.look_at_queue(db, branch_id).waits_of(str(visit.service_level)),
        is_open=is_open_at(branch.calendar, now),
        lobby_is_there=not store.claimants(db, branch_id, now).issuperset(managers),
        needs_help=alerts.waits_for_help(db, visit.id),
    )


@dataclass(frozen=True)
class Route:
    """Where a visit goes for a service: the customer's choice, or a colleague's for them."""

    visit_id: str
    service_type: ServiceType
    choice: str = TICKET


@dataclass(frozen=True)
class Routed:
    """The visit, the ticket that it took (none at a machine), and the way that would have been better."""

    visit: Visit
    ticket: Issued | None
    better: Choice

    @property
    def issued(self) -> Issued:
        """The ticket of a visit that went to the queue."""
        assert self.ticket is not None
        return self.ticket


def route(work: Work, request: Route) -> Routed:
    """Send a visit to the queue or an adviser; to a machine, see `machines.send`.

    Raises Conflict("already_routed") with its ticket's number, Invalid("no_adviser") for a service that is not
    theirs, Invalid("unknown_service_type") with those that this branch offers.
    """
    # The queue before the visit, as everywhere: two works that want both never wait for each other.
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = mine(work, request.visit_id)
    service_type = offered(work, request.service_type)
    if request.choice == ADVISER and service_type.by != BY_ADVISER:
        raise Invalid("no_adviser")
    if visit.state is not VisitState.ARRIVED:
        raise already_routed(work, visit)
    better = look_around(work.db, visit, work.now).better_way(visit, service_type)
    issued = ticket_of(work, visit, service_type)
    routed = replace(
        visit,
        state=VisitState.ROUTED,
        service_type=service_type.code,
        need=need_of(visit, service_type),
        route=ADVISER if service_type.by == BY_ADVISER else TICKET,
        ticket_id=issued.ticket.id,
    )
    return Routed(sent(work, visit, routed), issued, better)


def offered(work: Work, service_type: ServiceType) -> ServiceType:
    """A service that this branch offers. Raises Invalid("unknown_service_type") with those that it does."""
    codes = branches.service_codes(work.db, work.actor.branch_id)
    if service_type.code not in codes:
        raise Invalid("unknown_service_type", known=sorted(codes))
    return service_type


def already_routed(work: Work, visit: Visit) -> Conflict:
    """The refusal that names the number it already has."""
    running = queue_store.live_ticket_of(work.db, visit.id)
    return Conflict("already_routed", number=running.number if running else None)


def ticket_of(work: Work, visit: Visit, service_type: ServiceType) -> Issued:
    """A ticket at the place of the visit's arrival; for an appointment at their adviser's point while it is open."""
    return issue_ticket(
        work,
        IssueTicket(
            branch_id=visit.branch_id,
            visit_id=visit.id,
            service_type=service_type,
            service_level=str(visit.service_level),
            language=visit.language,
            arrived_at=visit.arrived_at,
            only_at=_point_of_adviser(work, visit, service_type),
        ),
    )


def _point_of_adviser(work: Work, visit: Visit, service_type: ServiceType) -> str | None:
    expected = visit.appointment
    if expected is None or expected.staff_id is None or expected.service_type != service_type.code:
        return None
    point = branches.point_of_staff(work.db, visit.branch_id, expected.staff_id)
    return point.code if point is not None and point.is_open else None


def need_of(visit: Visit, service_type: ServiceType) -> Need:
    """A guess that fits what they chose keeps its reason; otherwise what they say counts."""
    fits = visit.need is not None and visit.need.code == service_type.code
    return visit.need if visit.need is not None and fits else declared(service_type.code)


def sent(work: Work, before: Visit, after: Visit) -> Visit:
    """A visit knows where to go: stored, no longer undecided, told to the screens."""
    assert after.route is not None
    after = with_undo(work, "route", before, after)
    store.save(work.db, after)
    work.no_longer_due(ABANDONED, before.id)
    work.audit("route", after.id, branch_id=after.branch_id, route=after.route, service_type=after.service_type)
    work.record(VisitRouted(after.branch_id, after))
    return after


def sit_down(work: Work, ticket: Ticket) -> None:
    """The visit's ticket is being served."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is not None and visit.state is VisitState.ROUTED:
        served = replace(visit, state=VisitState.IN_SERVICE, undo=None)
        store.save(work.db, served)
        work.record(VisitServed(visit.branch_id, served))


def back_in_line(work: Work, ticket: Ticket) -> None:
    """The visit waits again, with this ticket: parked, sent on, or for its next step."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is None or visit.state is VisitState.LEFT or visit.state is VisitState.ARRIVED:
        return
    if visit.route == SELF_SERVICE:
        # It comes back from a machine, which is told as a whole where that is done.
        return
    waits = replace(visit, state=VisitState.ROUTED, service_type=ticket.service_type, ticket_id=ticket.id)
    if waits != visit:
        waits = replace(waits, undo=None)
        store.save(work.db, waits)
        work.record(VisitReturned(visit.branch_id, waits))


def step_done(work: Work, ticket: Ticket) -> None:
    """One service is finished and another follows: the visit stays."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is not None and visit.state is not VisitState.LEFT:
        store.save(work.db, replace(visit, steps_done=(*visit.steps_done, ticket.service_type), undo=None))
