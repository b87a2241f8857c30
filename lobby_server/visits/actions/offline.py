"""Visits that a kiosk took in while the branch server was away join the others, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lobby_server.branch import store as branches
from lobby_server.branch.rules import BY_ADVISER, Branch, ServiceType
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import IssueTicket, business_day
from lobby_server.queue.actions.entering import EnterTicket, enter_ticket
from lobby_server.queue.store import own_series
from lobby_server.recommend.rules import declared
from lobby_server.visits import store
from lobby_server.visits.actions.sending import offered, sent
from lobby_server.visits.events import VisitArrived
from lobby_server.visits.routing import ADVISER, TICKET
from lobby_server.visits.rules import ServiceLevel, Visit, VisitState, greeting_of

WAITING, EXPIRED, KNOWN, TAKEN = "waiting", "expired", "known", "taken"
EXPIRED_BECAUSE = "expired"
# A kiosk that is heard again hands in what it did within seconds; a page beside the agent may be heard before.
HAND_IN_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class OfflineVisit:
    """Somebody who got a number from the kiosk itself: `series` K02- and `ordinal` 17 stand on the paper as K02-017."""

    visit_id: str
    series: str
    ordinal: int
    business_day: date
    arrived_at: datetime
    service_type: ServiceType
    language: str

    @property
    def number(self) -> str:
        """What stands on the paper."""
        return f"{self.series}{self.ordinal:03d}"


@dataclass(frozen=True)
class Merged:
    """What became of one.

    `waiting`: in line at the place of its arrival; `expired`: of a past day, closed; `known`: it was here already;
    `taken`: another customer has this number, or another visit this id, and nothing was changed.
    """

    visit_id: str
    number: str
    state: str


@dataclass(frozen=True)
class _Day:
    """What bounds what a kiosk's clock may claim: when we last heard of it, and our own days then and now."""

    branch: Branch
    heard_at: datetime
    first: date
    today: date


def merge(work: Work, request: Sequence[OfflineVisit]) -> list[Merged]:
    """Take over what a kiosk did alone, in its order; sent again, it changes nothing.

    An arrival lies between the kiosk's last sign of life before it was alone and now, whatever its clock said. Raises
    Invalid("unknown_service_type") with those that this branch offers.
    """
    queue = queue_store.lock_queue(work.db, work.actor.branch_id)
    branch = branches.find_branch(work.db, queue.branch_id)
    assert branch is not None
    heard_at = min(branches.last_contact(work.db, work.actor.id, work.now - HAND_IN_WITHIN) or work.now, work.now)
    first = business_day_of(heard_at, branch.timezone, branch.cut_over_minute)
    today = business_day(work, queue)
    day = _Day(branch, heard_at, min(first, today), today)
    return [Merged(each.visit_id, each.number, _merge(work, each, day)) for each in request]


def _merge(work: Work, told: OfflineVisit, day: _Day) -> str:
    known = store.lock(work.db, day.branch.id, told.visit_id)
    if known is not None and own_series.is_visits_number(work.db, known.id, told.series, told.ordinal):
        return KNOWN
    offered(work, told.service_type)
    on = min(max(told.business_day, day.first), day.today)
    is_number_taken = own_series.is_taken(work.db, day.branch.id, on, told.series, told.ordinal)
    if is_number_taken or store.exists(work.db, told.visit_id):
        work.audit("refuse_offline_visit", told.visit_id, number=told.number)
        return TAKEN
    is_past = on < day.today
    visit = _visit(work, told, day)
    if is_past:
        gone = replace(visit, state=VisitState.LEFT, left_at=work.now, left_because=EXPIRED_BECAUSE)
        store.add(work.db, gone)
    else:
        store.add(work.db, visit)
        work.audit("arrive", visit.id, is_known=False)
        work.record(VisitArrived(visit.branch_id, visit))
    ticket = enter_ticket(work, EnterTicket(_place(visit, told), on, told.series, told.ordinal), is_past=is_past)
    if is_past:
        store.save(work.db, replace(gone, ticket_id=ticket.id))
        return EXPIRED
    by_adviser = told.service_type.by == BY_ADVISER
    routed = replace(
        visit,
        state=VisitState.ROUTED,
        service_type=told.service_type.code,
        need=declared(told.service_type.code),
        route=ADVISER if by_adviser else TICKET,
        ticket_id=ticket.id,
    )
    sent(work, visit, routed)
    return WAITING


def _visit(work: Work, told: OfflineVisit, day: _Day) -> Visit:
    """Somebody we do not know: a kiosk alone identifies nobody."""
    arrived_at = min(max(told.arrived_at, day.heard_at), work.now)
    return Visit(
        id=told.visit_id,
        branch_id=day.branch.id,
        state=VisitState.ARRIVED,
        arrived_at=arrived_at,
        customer_id=None,
        tier=None,
        service_level=ServiceLevel.ORDINARY,
        need=None,
        greeting=greeting_of(arrived_at, day.branch.timezone, is_known=False),
        language=told.language,
        party_size=1,
        made_by=work.actor.label,
        promise_s=day.branch.promises[ServiceLevel.ORDINARY].wait_s,
    )


def _place(visit: Visit, told: OfflineVisit) -> IssueTicket:
    return IssueTicket(
        branch_id=visit.branch_id,
        visit_id=visit.id,
        service_type=told.service_type,
        service_level=str(visit.service_level),
        language=visit.language,
        arrived_at=visit.arrived_at,
    )
