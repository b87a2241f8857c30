"""What colleagues do with a visit: take it, greet it, weigh it, let it go, and take the last deed back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions.held import give_up, reinstate, serve_at_level, take_up
from lobby_server.queue.rules import TicketState
from lobby_server.recommend.rules import Reason
from lobby_server.staff import store as staff
from lobby_server.visits import store
from lobby_server.visits.actions import (
    ABANDONED,
    CLAIM_ENDS,
    UNDECIDED_LEAVES_AFTER,
    free_machine,
    leave,
    with_undo,
)
from lobby_server.visits.events import VisitChanged, VisitClaimed, VisitClaimEnded, VisitGreeted
from lobby_server.visits.rules import CLAIM_LIVES, COMPANIONS_MAX, Claim, ServiceLevel, Visit, VisitState


def claim(work: Work, visit_id: str) -> Visit:
    """A lobby manager takes a visit for three minutes; doing it again prolongs it.

    Raises Conflict("claimed_by") naming the colleague who has it.
    """
    visit = _here(work, visit_id)
    held = visit.claim
    if held is not None and held.staff_id != work.actor.id and held.until > work.now:
        winner = staff.named(work.db, work.keys, [held.staff_id])[held.staff_id]
        raise Conflict("claimed_by", by={"staff_no": winner.staff_no, "name": winner.name})
    until = work.now + CLAIM_LIVES
    claimed = with_undo(work, "claim", visit, replace(visit, claim=Claim(work.actor.id, until)))
    store.save(work.db, claimed)
    work.due(visit.branch_id, until, CLAIM_ENDS, visit.id)
    work.audit("claim", visit.id)
    work.record(VisitClaimed(visit.branch_id, claimed))
    return claimed


def end_claim(work: Work, visit_id: str) -> None:
    """The three minutes are over: the visit is everybody's again."""
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None or visit.claim is None or visit.state is VisitState.LEFT:
        return
    freed = replace(visit, claim=None, undo=None)
    store.save(work.db, freed)
    work.audit("end_claim", visit.id)
    work.record(VisitClaimEnded(visit.branch_id, freed))


def greet(work: Work, visit_id: str) -> Visit:
    """A colleague has spoken to them; the first one counts. Raises NotFound("visit")."""
    visit = _here(work, visit_id)
    if visit.greeted_by is not None:
        return visit
    greeted = with_undo(work, "greet", visit, replace(visit, greeted_by=work.actor.id))
    store.save(work.db, greeted)
    work.audit("greet", visit.id)
    work.record(VisitGreeted(visit.branch_id, greeted))
    return greeted


@dataclass(frozen=True)
class Leave:
    """Somebody goes without being served, and why: a code."""

    visit_id: str
    reason: str


# What is undone puts a ticket back in line; one that was called is not called again by that.
_COMES_BACK = frozenset({TicketState.WAITING, TicketState.PARKED, TicketState.DELAYED})


def let_go(work: Work, request: Leave) -> Visit:
    """They are gone: the visit ends, and their ticket with it.

    Raises NotFound("visit"), Conflict("changed") with the ticket's state while they are being served.
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = _here(work, request.visit_id)
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    # Before the ticket is given up: it ends with the visit, not the visit with it.
    gone = leave(work, visit, request.reason)
    if ticket is not None:
        give_up(work, ticket)
    if visit.errand is None and (ticket is None or ticket.state in _COMES_BACK):
        gone = with_undo(work, "leave", visit, gone)
        store.save(work.db, gone)
    return gone


@dataclass(frozen=True)
class SetLevel:
    """The level at which a visit is served from now on, and why in the colleague's own words."""

    visit_id: str
    level: ServiceLevel
    reason: str


def set_level(work: Work, request: SetLevel) -> Visit:
    """Raise or lower a visit's level by hand; its waiting ticket is weighed by it from the next call on.

    The ticket's place, cap and counts stay. Raises NotFound("visit").
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = _here(work, request.visit_id)
    said = Reason("by_hand", {"note": request.reason, "before": str(visit.service_level)})
    leveled = replace(visit, service_level=request.level, level_reason=said)
    return _changed(work, "level", visit, leveled)


@dataclass(frozen=True)
class Accompany:
    """A visit that came together with another one."""

    visit_id: str
    of: str


def accompany(work: Work, request: Accompany) -> Visit:
    """Whoever comes with a VIP is served like one; nobody's level is lowered by it.

    Raises NotFound("visit"), Invalid("same_visit"), Conflict("is_companion") for the companion of a companion,
    Conflict("companions_max") with how many there may be.
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    if request.visit_id == request.of:
        raise Invalid("same_visit")
    visit, other = _here(work, request.visit_id), _here(work, request.of)
    companions = store.companions_of(work.db, visit.branch_id, (visit.id, other.id))
    if other.companion_of is not None or companions[visit.id]:
        raise Conflict("is_companion")
    if visit.companion_of != other.id and companions[other.id] >= COMPANIONS_MAX:
        raise Conflict("companions_max", most=COMPANIONS_MAX)
    joined = replace(visit, companion_of=other.id)
    if other.service_level is ServiceLevel.VIP and visit.service_level is ServiceLevel.ORDINARY:
        joined = replace(joined, service_level=ServiceLevel.VIP, level_reason=Reason("companion", {"of": other.id}))
    return _changed(work, "companion", visit, joined)


def _changed(work: Work, deed: str, before: Visit, after: Visit) -> Visit:
    branch = branches.find_branch(work.db, after.branch_id)
    assert branch is not None
    promised = replace(after, promise_s=branch.promises[after.service_level].wait_s)
    changed = with_undo(work, deed, before, promised)
    store.save(work.db, changed)
    weigh_ticket(work, changed)
    work.audit(deed, changed.id, service_level=str(changed.service_level))
    work.record(VisitChanged(changed.branch_id, changed))
    return changed


def weigh_ticket(work: Work, visit: Visit) -> None:
    """Let its ticket, if it has one, be called by the visit's level."""
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    if ticket is not None and ticket.service_level != visit.service_level:
        serve_at_level(work, ticket, str(visit.service_level))


def undo(work: Work, visit_id: str) -> Visit:
    """Take one's own newest deed on a visit back, within five seconds and while nothing has followed it.

    A route is undone by giving up its ticket (the number stays used) or freeing its machine; a leaving by putting
    the ticket back in line at its place; a level by weighing the ticket as before. Raises NotFound("visit"),
    Conflict("nothing_to_undo") for anybody else, later, or after another deed; Conflict("changed") where the ticket
    has been called meanwhile or the customer has come back.
    """
    queue_store.lock_queue(work.db, work.actor.branch_id)
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None:
        raise NotFound("visit")
    last = visit.undo
    if last is None or last.staff_id != work.actor.id or work.now >= last.until:
        raise Conflict("nothing_to_undo")
    back = store.with_columns(replace(visit, undo=None), last.before)
    if last.deed == "route":
        _unroute(work, visit, back)
    elif last.deed == "leave":
        _bring_back(work, visit, back)
    else:
        store.save(work.db, back)
        weigh_ticket(work, back)
    _due_again(work, back)
    work.audit("undo", visit.id, undone=last.deed)
    work.record(VisitChanged(visit.branch_id, back, last.deed))
    return back


def _unroute(work: Work, visit: Visit, back: Visit) -> None:
    """The visit is stored first: what befalls its ticket then finds it already where it was."""
    ticket = queue_store.live_ticket_of(work.db, visit.id)
    free_machine(work, visit, "undone")
    store.save(work.db, back)
    if ticket is None:
        return
    if visit.errand is not None:
        take_up(work, ticket)
    elif ticket.state is TicketState.WAITING:
        give_up(work, ticket)
    else:
        raise Conflict("changed", state=str(ticket.state))


def _bring_back(work: Work, visit: Visit, back: Visit) -> None:
    ids = customers.ids_of(work.db, visit.customer_id) if visit.customer_id is not None else []
    if store.live_of_customer(work.db, visit.branch_id, ids):
        raise Conflict("changed", state=str(VisitState.ARRIVED))
    store.save(work.db, back)
    ticket = queue_store.find(work.db, visit.branch_id, visit.ticket_id) if visit.ticket_id else None
    if ticket is not None:
        reinstate(work, ticket)


def _due_again(work: Work, back: Visit) -> None:
    """What must happen later follows from where the visit stands again."""
    if back.claim is not None:
        work.due(back.branch_id, back.claim.until, CLAIM_ENDS, back.id)
    else:
        work.no_longer_due(CLAIM_ENDS, back.id)
    if back.state is VisitState.ARRIVED:
        work.due(back.branch_id, work.now + UNDECIDED_LEAVES_AFTER, ABANDONED, back.id)


def _here(work: Work, visit_id: str) -> Visit:
    """A visit that has not left, taken for this transaction."""
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None or visit.state is VisitState.LEFT:
        raise NotFound("visit")
    return visit
