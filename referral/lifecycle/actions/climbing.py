"""When nobody takes a referral: the lobby manager looks for somebody, then the branch head, here or elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from lobby_server.visits import store as visits
from referral.lifecycle import events, store
from referral.lifecycle.actions import found_referral, offer_to
from referral.lifecycle.rules import RUNGS, Referral, ReferralState


def end_rung(work: Work, referral_id: str) -> None:
    """The later deed `RUNG_ENDS`: who looked for somebody found nobody in time, so the next rung looks."""
    of = store.lock(work.db, work.actor.branch_id, referral_id)
    if of is None or of.state is not ReferralState.DECLINED or of.escalated_to not in RUNGS[:-1]:
        return
    climbed = replace(of, escalated_to=RUNGS[RUNGS.index(of.escalated_to) + 1])
    store.save(work.db, climbed)
    work.audit("escalate_referral", of.id, branch_id=of.branch_id, to=climbed.escalated_to)
    work.record(events.ReferralEscalated(of.branch_id, climbed))


@dataclass(frozen=True)
class Assign:
    """A referral, and the relationship manager to ask; of the actor's branch unless another is named."""

    referral_id: str
    staff_no: str
    branch_id: str | None = None


def assign(work: Work, request: Assign) -> Referral:
    """Ask one colleague by hand, here or in another branch. They may still decline.

    Raises NotFound("referral"), NotFound("staff"), Conflict("changed") once somebody has it, Conflict
    ("own_referral"), Conflict("conflict_of_interest"), Invalid("not_licensed").
    """
    of = found_referral(work, request.referral_id)
    if of.state not in (ReferralState.CREATED, ReferralState.OFFERED, ReferralState.DECLINED):
        raise Conflict("changed", state=str(of.state))
    branch_id = request.branch_id or of.branch_id
    found = staff.find(work.db, work.keys, branch_id, request.staff_no)
    if found is None or "rm" not in found[0].roles:
        raise NotFound("staff")
    who = found[0].id
    if who == of.referrer_id:
        raise Conflict("own_referral")
    if who in store.kin_of(work.db, of.customer_id):
        raise Conflict("conflict_of_interest", audited=True)
    able = store.candidates(work.db, branch_id, of.product_line, (), None, (), work.now)
    if not any(each.staff_id == who and each.is_licensed for each in able):
        raise Invalid("not_licensed")
    elsewhere = branch_id if branch_id != of.branch_id else None
    is_here = bool(visits.still_here(work.db, {of.visit_id})) and elsewhere is None
    why = {"why": "assigned", "by": work.actor.label}
    return offer_to(work, of, who, why, is_here=is_here, branch_id=elsewhere)
