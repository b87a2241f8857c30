"""The customer sits in the hall: whoever takes the referral says whether they come, and the tablet shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.kernel.errors import Conflict, Forbidden
from lobby_server.kernel.work import Work
from lobby_server.visits import store as visits
from referral.lifecycle import events, store
from referral.lifecycle.actions import found_referral
from referral.lifecycle.rules import PRESENCES, Presence, Referral


@dataclass(frozen=True)
class SayPresence:
    """One of `PRESENCES` about one referral."""

    referral_id: str
    answer: str


def say_presence(work: Work, request: SayPresence) -> Referral:
    """Say whether I come. It moves nothing: who cannot come may still take it, and call.

    A new answer replaces the old one. Raises NotFound("referral"), Forbidden("not_yours") for anybody but whose turn
    it is or who took it, Conflict("changed") when it is over, Conflict("customer_gone").
    """
    assert request.answer in PRESENCES
    of = found_referral(work, request.referral_id)
    if work.actor.id != (of.offered_to or (of.receiver_id if of.accepted_at else None)):
        raise Forbidden("not_yours", audited=True)
    if not of.state.is_live:
        raise Conflict("changed", state=str(of.state))
    visit = visits.find(work.db, of.branch_id, of.visit_id)
    if visit is None or visit.left_at is not None:
        raise Conflict("customer_gone")
    said = replace(of, presence=Presence(request.answer, work.now))
    store.save(work.db, said)
    work.audit("say_presence", of.id, branch_id=of.branch_id, answer=request.answer)
    work.record(events.ReferralPresence(of.branch_id, said))
    return said
