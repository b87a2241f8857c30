"""Reviews on the wire, with colleagues by name and customers not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lobby_server.doors.reading import Text, Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.queue.wire import StaffSeen
from referral.lifecycle.wire import ReferralSeen
from referral.review.store import Review


class ReviewSeen(Wire):
    """A pattern that showed: in which month or on which day, whom it concerns, and the numbers of its sentence."""

    id: str
    pattern: str
    period: str
    people: list[StaffSeen | None]
    referrals: list[str]
    facts: dict[str, int]
    found_at: str
    is_mine: bool
    verdict: str | None
    closed_by: StaffSeen | None


class ReviewList(Wire):
    """What nobody has looked at yet, and what is held; oldest first."""

    reviews: list[ReviewSeen]


class ReviewOpened(Wire):
    """The referrals in which a pattern shows, as they stand."""

    referrals: list[ReferralSeen]


class ReviewAnswer(Wire):
    """A review as it stands after the deed."""

    review: ReviewSeen


class Closed(Wire):
    """What came of it: nothing, or the money waits for compliance; and a few words."""

    verdict: Literal["nothing", "held"]
    note: Text | None = None


def review_seen(told: Review, people: Mapping[str, StaffSeen], me: str) -> ReviewSeen:
    """A review with the names of colleagues; `is_mine` says that the reader is one whom it concerns."""
    found = told.found
    return ReviewSeen(
        id=told.id,
        pattern=found.pattern,
        period=found.period,
        people=[people.get(each) for each in found.people],
        referrals=list(found.referrals),
        facts=dict(found.facts),
        found_at=to_wire(told.found_at),
        is_mine=me in found.people,
        verdict=told.verdict,
        closed_by=people.get(told.closed_by or ""),
    )
