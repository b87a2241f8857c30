"""Looking for patterns, and saying what came of it. Nothing is deducted: at most the money waits for compliance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.branch.rules import Branch
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from referral.lifecycle import store as lifecycle
from referral.lifecycle.actions import WithReason, holding
from referral.review import store
from referral.review.rules import HELD, MONTHS_LOOKED_AT, RELEASED, Found, look
from referral.review.store import Review


def newly_found(db: sa.Connection, branch: Branch, now: datetime) -> list[Found]:
    """What shows in a branch's referrals and has not been put into its queue. Changes nothing."""
    zone = ZoneInfo(branch.timezone)
    first = today = now.astimezone(zone).date()
    for _ in range(MONTHS_LOOKED_AT - 1):
        first = first.replace(day=1) - timedelta(days=1)
    since = datetime.combine(first.replace(day=1), time(), zone)
    known = store.known_keys(db, branch.id)
    return [each for each in look(store.handled(db, branch, since), today) if (each.pattern, each.key) not in known]


def put_in_queue(work: Work, found: Sequence[Found]) -> list[Review]:
    """Somebody is to look at these; what is in the queue already, or was looked at, stays as it is."""
    seen = [Review(work.ids.new_id(), work.actor.branch_id, each, work.now) for each in found]
    new = [each for each in seen if store.add(work.db, each)]
    for each in new:
        work.audit("find_pattern", each.id, pattern=each.found.pattern, referrals=len(each.found.referrals))
    return new


@dataclass(frozen=True)
class CloseReview:
    """Which, what came of it (`nothing` or `held`), and a few words."""

    review_id: str
    verdict: str
    note: str | None


def close_review(work: Work, request: CloseReview) -> Review:
    """Somebody who is no party has looked at it; `held` holds what its referrals give until another lets it go.

    The same verdict again changes nothing. Raises NotFound("review"), Conflict("party") for whom it concerns, Conflict
    ("closed") with the verdict there is.
    """
    of = _concerning_others(work, request.review_id)
    if of.verdict is not None:
        if of.verdict == request.verdict:
            return of
        raise Conflict("closed", verdict=of.verdict)
    closed = replace(of, verdict=request.verdict, note=request.note, closed_by=work.actor.id, closed_at=work.now)
    store.save(work.db, closed)
    if request.verdict == HELD:
        for referral_id in of.found.referrals:
            holding.hold(work, WithReason(referral_id, _reason(of)))
    work.audit("close_review", of.id, pattern=of.found.pattern, verdict=request.verdict)
    return closed


def release_review(work: Work, review_id: str) -> Review:
    """Another person lets go what was held for it; what compliance holds for another reason stays.

    Again changes nothing. Raises NotFound("review"), Conflict("party"), Conflict("not_held"), Conflict("same_person")
    for who held it.
    """
    of = _concerning_others(work, review_id)
    if of.verdict == RELEASED:
        return of
    if of.verdict != HELD:
        raise Conflict("not_held")
    if of.closed_by == work.actor.id:
        raise Conflict("same_person", audited=True)
    for each in lifecycle.as_they_stand(work.db, of.found.referrals):
        if each.hold is not None and each.hold.reason == _reason(of):
            holding.release(work, WithReason(each.id, _reason(of)))
    released = replace(of, verdict=RELEASED, released_by=work.actor.id)
    store.save(work.db, released)
    work.audit("release_review", of.id, pattern=of.found.pattern)
    return released


def _concerning_others(work: Work, review_id: str) -> Review:
    of = store.find(work.db, work.actor.branch_id, review_id)
    if of is None:
        raise NotFound("review")
    if work.actor.id in of.found.people:
        raise Conflict("party", audited=True)
    return of


def _reason(of: Review) -> str:
    """Why compliance holds those referrals."""
    return f"review:{of.id}"
