"""Compliance looks into a referral: what it gives waits, selling goes on. Who lets it go is not who stopped it."""

from __future__ import annotations

from dataclasses import replace

from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.work import Work
from referral.lifecycle import events, store
from referral.lifecycle.actions import WithReason, found_referral
from referral.lifecycle.rules import Hold, Referral


def hold(work: Work, request: WithReason) -> Referral:
    """Hold what a referral gives, whatever its state. Holding again changes nothing. Raises NotFound("referral")."""
    of = found_referral(work, request.referral_id)
    if of.hold is not None:
        return of
    held = replace(of, hold=Hold(request.reason, work.actor.id, work.now))
    return _keep(work, held, "hold_referral", events.ReferralHeld(of.branch_id, held), request.reason)


def release(work: Work, request: WithReason) -> Referral:
    """Let it go. Raises NotFound("referral"), Conflict("not_held"), Conflict("same_person") for who held it."""
    of = found_referral(work, request.referral_id)
    if of.hold is None:
        raise Conflict("not_held")
    if of.hold.by == work.actor.id:
        raise Conflict("same_person", audited=True)
    freed = replace(of, hold=None)
    return _keep(work, freed, "release_referral", events.ReferralReleased(of.branch_id, freed), request.reason)


def _keep(work: Work, of: Referral, deed: str, happened: events.ReferralEvent, reason: str) -> Referral:
    store.save(work.db, of)
    work.audit(deed, of.id, branch_id=of.branch_id, reason=reason)
    work.record(happened)
    return of
