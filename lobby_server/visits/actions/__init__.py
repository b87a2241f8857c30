"""What happens on a visit: somebody arrives, and leaves.

What befalls it between stands beside: where it goes in `sending`, what it does at a machine in `machines`, who takes
care of it in `caring`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from lobby_server.appointments.actions import Meet, meet
from lobby_server.appointments.rules import Appointment
from lobby_server.branch import store as branches
from lobby_server.branch.rules import Branch, is_open_at, next_opening
from lobby_server.customers import store as customers
from lobby_server.customers.rules import VULNERABLE, Customer
from lobby_server.identification.actions import Identified, Identify, identify
from lobby_server.identification.rules import Seen
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.rules import Ticket
from lobby_server.recommend.actions import recommend
from lobby_server.recommend.rules import infer_need
from lobby_server.visits import store
from lobby_server.visits.actions.knowing import known
from lobby_server.visits.events import VisitArrived, VisitLeft
from lobby_server.visits.rules import (
    DECIDED_HERE,
    UNDO_WITHIN,
    Expected,
    ServiceLevel,
    Undo,
    Visit,
    VisitState,
    greeting_of,
    level_of,
    level_reason_of,
    need_on_arrival,
)

CLAIM_ENDS = "visit.claim_ends"
MACHINE_WAITED = "visit.machine_waited"
ABANDONED = "visit.abandoned"
# Somebody who was identified and chose nothing has walked away; the card leaves the tablet.
UNDECIDED_LEAVES_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Arrive:
    """Somebody stands at a kiosk or before a colleague. `seen` is their examined code, None without one.

    `keeps_hours`: outside the opening hours a device lets nobody begin a visit; a colleague always may.
    """

    visit_id: str
    seen: Seen | None
    language: str
    party_size: int
    keeps_hours: bool = True


@dataclass(frozen=True)
class Arrived:
    """The visit, whose it is, and the ticket it already has when it was merely resumed."""

    visit: Visit
    customer: Customer | None
    ticket: Ticket | None = None


def arrive(work: Work, request: Arrive) -> Arrived:
    """Begin a visit, or resume the one that this customer is on.

    Raises Conflict("already_checked_in") for a code used before by somebody else, Conflict("visit_exists")
    for an id that another visit has, Conflict("closed") with when the branch opens, for a device outside the hours.
    """
    who = Identified(None, request.visit_id)
    if request.seen is not None:
        who = identify(work, Identify(request.seen, request.visit_id))
    running = _running_visit(work, who)
    if running is not None:
        return _resume(work, running, who)
    if who.asked_before:
        raise Conflict("already_checked_in", audited=True)
    if store.exists(work.db, request.visit_id):
        raise Conflict("visit_exists")
    branch = branches.find_branch(work.db, work.actor.branch_id)
    assert branch is not None
    if request.keeps_hours and work.actor.kind == "device" and not is_open_at(branch.calendar, work.now):
        opens_at = next_opening(branch.calendar, work.now)
        raise Conflict("closed", opens_at=to_wire(opens_at) if opens_at else None)
    today = business_day_of(work.now, branch.timezone, branch.cut_over_minute)
    if who.customer is not None:
        who = replace(who, customer=known(work.db, who.customer, branch, today))
    visit = _new_visit(work, request, who, branch, today)
    store.add(work.db, visit)
    if who.appointment is not None:
        meet(work, Meet(who.appointment.id, visit.id))
    work.due(visit.branch_id, work.now + UNDECIDED_LEAVES_AFTER, ABANDONED, visit.id)
    work.audit("arrive", visit.id, is_known=who.customer is not None)
    work.record(VisitArrived(visit.branch_id, visit))
    if who.customer is not None:
        recommend(work, who.customer, visit.id, today)
    return Arrived(visit, who.customer)


def _running_visit(work: Work, who: Identified) -> Visit | None:
    """The visit that a known customer, or an asker who lost our answer, is already on."""
    branch_id = work.actor.branch_id
    if who.customer is not None:
        return store.live_of_customer(work.db, branch_id, customers.ids_of(work.db, who.customer.id))
    found = store.find(work.db, branch_id, who.visit_id)
    is_mine = found is not None and found.made_by == work.actor.label and found.left_at is None
    return found if is_mine else None


def _resume(work: Work, visit: Visit, who: Identified) -> Arrived:
    """Go on with a visit; where nothing was chosen yet, the device that asks now may choose."""
    if visit.state is VisitState.ARRIVED and visit.made_by != work.actor.label:
        visit = replace(visit, made_by=work.actor.label)
        store.save(work.db, visit)
        work.audit("resume_visit", visit.id)
    return Arrived(visit, who.customer, queue_store.live_ticket_of(work.db, visit.id))


def _new_visit(work: Work, request: Arrive, who: Identified, branch: Branch, today: date) -> Visit:
    anybody = Visit(
        id=request.visit_id,
        branch_id=branch.id,
        state=VisitState.ARRIVED,
        arrived_at=work.now,
        customer_id=None,
        tier=None,
        service_level=ServiceLevel.ORDINARY,
        need=None,
        greeting=greeting_of(work.now, branch.timezone, is_known=who.customer is not None),
        language=request.language,
        party_size=request.party_size,
        made_by=work.actor.label,
    )
    return as_known(anybody, who.customer, who.appointment, branch, today)


def as_known(
    visit: Visit, customer: Customer | None, awaited: Appointment | None, branch: Branch, today: date
) -> Visit:
    """A visit as what is known of the customer has it served. What somebody has decided on it already stays."""
    expected = visit.appointment
    if awaited is not None:
        expected = Expected(awaited.id, awaited.service_type, awaited.starts_at, awaited.staff_id)
    tier = customer.served_as(today) if customer else None
    named = replace(visit, customer_id=customer.id if customer else None, tier=tier, appointment=expected)
    if visit.service_type is None:
        named = replace(named, need=need_on_arrival(infer_need(customer.tags, today) if customer else None, expected))
    if visit.level_reason is not None and visit.level_reason.code in DECIDED_HERE:
        return named
    is_vulnerable = customer is not None and customer.tag(VULNERABLE) is not None
    level = level_of(tier, is_vulnerable=is_vulnerable, is_expected=expected is not None)
    because = level_reason_of(tier, is_vulnerable=is_vulnerable, is_expected=expected is not None)
    return replace(named, service_level=level, level_reason=because, promise_s=branch.promises[level].wait_s)


def with_undo(work: Work, deed: str, before: Visit, after: Visit) -> Visit:
    """The visit after a deed that whoever did it may take back for a few seconds; devices may not."""
    if work.actor.kind != "staff":
        return replace(after, undo=None)
    was = store.columns_changed(replace(before, undo=None), replace(after, undo=None))
    return replace(after, undo=Undo(deed, work.actor.id, work.now + UNDO_WITHIN, was))


def abandon(work: Work, visit_id: str) -> None:
    """Nothing was chosen for ten minutes: they have gone."""
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is not None and visit.state is VisitState.ARRIVED:
        leave(work, visit, "undecided")


def leave(work: Work, visit: Visit, because: str) -> Visit:
    """The visit is over; a machine where it was is free again."""
    visit = free_machine(work, visit, because)
    gone = replace(visit, state=VisitState.LEFT, left_at=work.now, left_because=because, claim=None, undo=None)
    store.save(work.db, gone)
    work.no_longer_due(CLAIM_ENDS, visit.id)
    work.no_longer_due(ABANDONED, visit.id)
    work.audit("leave", visit.id, branch_id=visit.branch_id, because=because)
    work.record(VisitLeft(visit.branch_id, gone))
    return gone


def free_machine(work: Work, visit: Visit, outcome: str) -> Visit:
    """The visit without its errand; the machine may be given to the next. Whoever calls saves the visit."""
    if visit.errand is None:
        return visit
    store.end_errand(work.db, visit.errand, work.now, outcome)
    branches.give_machine(work.db, visit.branch_id, visit.errand.code, None)
    work.no_longer_due(MACHINE_WAITED, visit.id)
    work.audit("end_errand", visit.id, branch_id=visit.branch_id, machine=visit.errand.code, outcome=outcome)
    return replace(visit, errand=None)


def mine(work: Work, visit_id: str) -> Visit:
    """A visit that this actor may act on: a device only on those that it made or was given."""
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None or (work.actor.kind == "device" and not _is_its_own(work, visit)):
        raise NotFound("visit")
    return visit


def _is_its_own(work: Work, visit: Visit) -> bool:
    if visit.made_by == work.actor.label:
        return True
    given = (each for each in branches.machines(work.db, visit.branch_id, work.now) if each.visit_id == visit.id)
    return any(each.device_id == work.actor.id for each in given)
