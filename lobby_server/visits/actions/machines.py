"""A visit at a self-service machine: sent there, begun, finished, or back in line without a loss.

The place on the machine is reserved under the branch's queue, in the transaction that sends somebody: of two kiosks
that want the last free machine one gets it, and the other is told the next best way. A ticket that the visit already
has is held meanwhile: nobody calls it and nothing counts against its cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lobby_server.branch import store as branches
from lobby_server.branch.rules import SERVICE_TYPES_FILE, Machine, ServiceType, read_service_types
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Refusal
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import KEY_PURPOSE, Issued
from lobby_server.queue.actions.held import give_up, hold, take_up
from lobby_server.queue.rules import Ticket, TicketState
from lobby_server.visits import store
from lobby_server.visits.actions import ABANDONED, MACHINE_WAITED, UNDECIDED_LEAVES_AFTER, free_machine, leave, mine
from lobby_server.visits.actions.sending import (
    Route,
    Routed,
    Surroundings,
    already_routed,
    look_around,
    need_of,
    offered,
    sent,
    ticket_of,
)
from lobby_server.visits.events import VisitReturned, VisitServed
from lobby_server.visits.routing import SELF_SERVICE, TICKET, Choice
from lobby_server.visits.rules import (
    DONE,
    DONE_SELF_SERVICE,
    MACHINE_WAITS,
    MACHINE_WORK_MAX,
    Errand,
    Visit,
    VisitState,
)

FAILED, REFUSED = "failed", "refused"
OUTCOMES = (DONE, FAILED, REFUSED)
CAN_BE_HELD = frozenset({TicketState.WAITING, TicketState.DELAYED, TicketState.PARKED})


def send(work: Work, request: Route) -> Routed:
    """Send a visit to a free machine that does this service; its ticket, if it has one, is held.

    Raises Conflict("machine_taken") or Conflict("lobby_manager_needed") with the next best way,
    Invalid("not_self_service") for a task that no machine does, Conflict("already_routed") with the number of one
    who is called, served, or at a machine already.
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    return _send(work, mine(work, request.visit_id), offered(work, request.service_type))


@dataclass(frozen=True)
class HolderRoute:
    """The holder of a ticket goes to a machine with what the ticket is for."""

    ticket_key: str
    types: Mapping[str, ServiceType]


def send_holder(work: Work, request: HolderRoute) -> Routed:
    """The same from the ticket's own page. Raises NotFound("ticket") and as `send` does."""
    ticket = queue_store.find_by_key(work.db, work.keys.index(request.ticket_key, KEY_PURPOSE))
    if ticket is None:
        raise NotFound("ticket")
    queue_store.lock_queue(work.db, ticket.branch_id)
    visit = _of_holder(work, ticket)
    # The ticket may have moved on while we waited for the queue.
    current = queue_store.live_ticket_of(work.db, visit.id)
    if current is None or current.id != ticket.id:
        raise NotFound("ticket")
    return _send(work, visit, request.types[current.service_type])


def return_holder(work: Work, ticket_key: str) -> Visit:
    """The holder comes back from the machine to their place. Raises NotFound("ticket"), Conflict("not_at_machine")."""
    ticket = queue_store.find_by_key(work.db, work.keys.index(ticket_key, KEY_PURPOSE))
    if ticket is None:
        raise NotFound("ticket")
    queue_store.lock_queue(work.db, ticket.branch_id)
    return _back(work, _with_errand(_of_holder(work, ticket)), "changed_mind").visit


def _of_holder(work: Work, ticket: Ticket) -> Visit:
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is None or visit.state is VisitState.LEFT:
        raise NotFound("ticket")
    return visit


def _send(work: Work, visit: Visit, service_type: ServiceType) -> Routed:
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    is_free_to_go = visit.state in (VisitState.ARRIVED, VisitState.ROUTED) and visit.errand is None
    if not is_free_to_go or (ticket is not None and ticket.state not in CAN_BE_HELD):
        raise already_routed(work, visit)
    around = look_around(work.db, visit, work.now)
    choice = around.better_way(visit, service_type, is_chosen=True)
    machine = around.free_machine(choice.device_kind)
    if machine is None:
        raise _no_machine(choice, around, service_type)
    if ticket is not None:
        hold(work, ticket)
    going = replace(
        visit,
        state=VisitState.ROUTED,
        service_type=service_type.code,
        need=need_of(visit, service_type),
        route=SELF_SERVICE,
        errand=_errand(work, machine, service_type),
    )
    branches.give_machine(work.db, visit.branch_id, machine.point.code, visit.id)
    store.begin_errand(work.db, going, str(machine.point.device_kind))
    work.due(visit.branch_id, work.now + MACHINE_WAITS, MACHINE_WAITED, visit.id)
    return Routed(sent(work, visit, going), None, choice)


def _errand(work: Work, machine: Machine, service_type: ServiceType) -> Errand:
    point = machine.point
    return Errand(
        id=work.ids.new_id(),
        code=point.code,
        names=point.names,
        kind=str(point.device_kind),
        zone=point.zone,
        service_type=service_type.code,
        given_at=work.now,
    )


def _no_machine(choice: Choice, around: Surroundings, service_type: ServiceType) -> Refusal:
    """Why not, and the next best way with its wait."""
    why = choice.reason.code
    if why in ("adviser_only", "counter_only"):
        return Invalid("not_self_service", reason=why)
    wait = around.waits.get(service_type.ticket_class)
    following = {"route": choice.route, "wait_s": wait.p50_s if wait else None}
    if why == "lobby_manager_needed":
        return Conflict("lobby_manager_needed", next=following)
    return Conflict("machine_taken", reason=why, next=following)


def start(work: Work, visit_id: str) -> Visit:
    """They begin at the machine; saying it again changes nothing. Raises NotFound, Conflict("not_at_machine")."""
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = _with_errand(mine(work, visit_id))
    assert visit.errand is not None
    if visit.errand.started_at is not None:
        return visit
    begun = replace(visit, state=VisitState.IN_SERVICE, errand=replace(visit.errand, started_at=work.now), undo=None)
    store.save(work.db, begun)
    work.due(visit.branch_id, work.now + MACHINE_WORK_MAX, MACHINE_WAITED, visit.id)
    work.audit("start_self_service", visit.id, machine=visit.errand.code)
    work.record(VisitServed(visit.branch_id, begun))
    return begun


@dataclass(frozen=True)
class Finish:
    """What a machine says at the end: `done`, `failed` (its fault) or `refused` (the task needs a person)."""

    visit_id: str
    outcome: str


@dataclass(frozen=True)
class Back:
    """The visit after the machine, and the new ticket of one who had none."""

    visit: Visit
    issued: Issued | None = None


def finish(work: Work, request: Finish) -> Back:
    """The machine's work ends: gone when it was all they wanted, else back in line at the old place.

    A held ticket for another service goes on. Raises NotFound("visit"), Conflict("not_at_machine").
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = _with_errand(mine(work, request.visit_id))
    assert visit.errand is not None
    if request.outcome != DONE:
        return _back(work, visit, f"machine_{request.outcome}")
    service_type = visit.errand.service_type
    visit = replace(visit, steps_done=(*visit.steps_done, service_type))
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    if ticket is not None and ticket.service_type != service_type:
        return _back(work, visit, DONE)
    # Before the ticket is given up: it ends with the visit, not the visit with it.
    gone = leave(work, visit, DONE_SELF_SERVICE)
    if ticket is not None:
        give_up(work, ticket)
    return Back(gone)


@dataclass(frozen=True)
class Return:
    """Somebody comes back from a machine, and why: a code."""

    visit_id: str
    reason: str


def return_to_line(work: Work, request: Return) -> Back:
    """Back in line at the place of the arrival, with the count kept; who had no ticket gets one.

    Raises NotFound("visit"), Conflict("not_at_machine").
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    return _back(work, _with_errand(mine(work, request.visit_id)), request.reason)


def lose_machine(work: Work, branch_id: str, code: str) -> None:
    """The machine has fallen silent: whoever was sent there is back in line."""
    queue_store.lock_queue(work.db, branch_id)
    point = branches.find_service_point(work.db, branch_id, code)
    visit = store.lock(work.db, branch_id, point.visit_id) if point is not None and point.visit_id else None
    if visit is not None and visit.errand is not None:
        _back(work, visit, "machine_lost")


def take_up_with(work: Work, ticket: Ticket) -> None:
    """A colleague has put a held ticket back in line: its customer is at the machine no longer."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is not None and visit.errand is not None:
        _in_line(work, free_machine(work, visit, "resumed"), ticket, "resumed")


def end_waiting(work: Work, visit_id: str) -> None:
    """Nobody began in time, or the machine never said that they finished.

    A ticket goes back in line. Who had none may choose anew, and has left after ten minutes of silence.
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None or visit.errand is None:
        return
    because = "not_started" if visit.errand.started_at is None else "machine_silent"
    if queue_store.live_ticket_of(work.db, visit.id) is not None:
        _back(work, visit, because)
        return
    undecided = replace(free_machine(work, visit, because), state=VisitState.ARRIVED, route=None, undo=None)
    store.save(work.db, undecided)
    work.due(visit.branch_id, work.now + UNDECIDED_LEAVES_AFTER, ABANDONED, visit.id)
    work.record(VisitReturned(visit.branch_id, undecided, because))


def _with_errand(visit: Visit) -> Visit:
    if visit.errand is None or visit.state is VisitState.LEFT:
        raise Conflict("not_at_machine", state=str(visit.state))
    return visit


def _back(work: Work, visit: Visit, because: str) -> Back:
    """Free the machine first, so that what follows sees somebody who is there no longer."""
    assert visit.errand is not None
    freed = replace(free_machine(work, visit, because), undo=None)
    store.save(work.db, freed)
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    issued = None
    if ticket is None:
        issued = ticket_of(work, freed, read_service_types(SERVICE_TYPES_FILE)[visit.errand.service_type])
        ticket = issued.ticket
    elif ticket.state is TicketState.PARKED:
        ticket = take_up(work, ticket)
    return Back(_in_line(work, freed, ticket, because), issued)


def _in_line(work: Work, visit: Visit, ticket: Ticket, because: str) -> Visit:
    waits = replace(
        visit,
        state=VisitState.ROUTED,
        route=TICKET,
        service_type=ticket.service_type,
        ticket_id=ticket.id,
        undo=None,
    )
    store.save(work.db, waits)
    work.audit("return_to_line", visit.id, branch_id=visit.branch_id, because=because)
    work.record(VisitReturned(visit.branch_id, waits, because))
    return waits
