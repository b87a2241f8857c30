"""Head office named somebody after their visit had begun."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.appointments import store as appointments
from lobby_server.appointments.actions import Meet, meet
from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.identification.actions import whose
from lobby_server.identification.rules import Seen
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.recommend.actions import recommend
from lobby_server.visits import store
from lobby_server.visits.actions import as_known
from lobby_server.visits.actions.caring import weigh_ticket
from lobby_server.visits.actions.knowing import known
from lobby_server.visits.events import VisitChanged
from lobby_server.visits.rules import VisitState


@dataclass(frozen=True)
class Recognise:
    """A visit, and what was presented when it began."""

    visit_id: str
    seen: Seen


def recognise(work: Work, request: Recognise) -> bool:
    """Say whose visit it is, and serve it as theirs; False while there is no such visit yet.

    What a colleague or the customer has decided meanwhile stays: a level set by hand, a chosen service. Whoever is here
    on another visit, or has left, is let be.
    """
    branch_id = work.actor.branch_id
    queue_store.lock_queue(work.db, branch_id)
    visit = store.lock(work.db, branch_id, request.visit_id)
    if visit is None:
        return False
    customer = whose(work.db, work.keys, request.seen)
    if customer is None or visit.customer_id is not None or visit.state is VisitState.LEFT:
        return True
    ids = customers.ids_of(work.db, customer.id)
    if store.live_of_customer(work.db, branch_id, ids) is not None:
        return True
    branch = branches.find_branch(work.db, branch_id)
    assert branch is not None
    today = business_day_of(work.now, branch.timezone, branch.cut_over_minute)
    customer = known(work.db, customer, branch, today)
    awaited = None
    if visit.state is VisitState.ARRIVED and visit.appointment is None:
        awaited = appointments.awaited(work.db, work.keys, branch_id, ids, work.now)
    named = replace(as_known(visit, customer, awaited, branch, today), undo=None)
    store.save(work.db, named)
    if awaited is not None:
        meet(work, Meet(awaited.id, visit.id))
    weigh_ticket(work, named)
    work.audit("recognise", visit.id)
    work.record(VisitChanged(branch_id, named))
    recommend(work, customer, visit.id, today)
    return True
