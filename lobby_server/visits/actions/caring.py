"""What a lobby manager does with a visit: takes it, and lets it go."""

from __future__ import annotations

from dataclasses import replace

from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from lobby_server.visits import store
from lobby_server.visits.actions import CLAIM_ENDS
from lobby_server.visits.events import VisitClaimed, VisitClaimEnded
from lobby_server.visits.rules import CLAIM_LIVES, Claim, Visit, VisitState


def claim(work: Work, visit_id: str) -> Visit:
    """A lobby manager takes a visit for three minutes; doing it again prolongs it.

    Raises Conflict("claimed_by") naming the colleague who has it.
    """
    visit = store.lock(work.db, work.actor.branch_id, visit_id)
    if visit is None or visit.state is VisitState.LEFT:
        raise NotFound("visit")
    held = visit.claim
    if held is not None and held.staff_id != work.actor.id and held.until > work.now:
        winner = staff.named(work.db, work.keys, [held.staff_id])[held.staff_id]
        raise Conflict("claimed_by", by={"staff_no": winner.staff_no, "name": winner.name})
    until = work.now + CLAIM_LIVES
    claimed = replace(visit, claim=Claim(work.actor.id, until))
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
    freed = replace(visit, claim=None)
    store.save(work.db, freed)
    work.audit("end_claim", visit.id)
    work.record(VisitClaimEnded(visit.branch_id, freed))
