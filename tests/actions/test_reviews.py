"""What looks like gaming, in the queue of whoever looks at it: found once, closed by no party, never deducted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.house import House
from lobby_server.worker import Worker
from referral.lifecycle.actions import WithReason, holding
from referral.lifecycle.tables import referral
from referral.review import actions, store
from referral.review.actions import CloseReview
from referral.review.store import Review
from tests import make
from tests.actions.racing import at_once
from tests.actions.test_referrals import accepted, booked, logged, take, visit_of
from tests.ledger import Books, books
from tests.make import HERE, Cast


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A branch with a head and an administrator, whom nothing of it pays."""
    return books(house, cast)


def split(of: Books) -> None:
    """One customer, three things, one teller, one visit."""
    visit_id = visit_of(of.house, of.cast)
    for line in ("wealth", "card", "loan"):
        logged(of.house, of.cast, visit_id, product_line=line)


def looked(of: Books) -> list[Review]:
    """What waits after the worker has looked twice."""
    for _ in range(2):
        Worker(of.house, make.TYPES).look_for_gaming()
    with of.house.database.read() as db:
        return store.still_open(db, HERE)


def holds(of: Books) -> list[Any]:
    """Why each referral is held, if it is, in the order in which they were logged."""
    with of.house.database.read() as db:
        return list(db.scalars(sa.select(referral.c.hold).order_by(referral.c.created_at, referral.c.id)))


def close(of: Books, review: Review, verdict: str, who: Actor | None = None) -> Review:
    return of.house.works.run(actions.close_review, CloseReview(review.id, verdict, "看过了"), who or of.head)


def release(of: Books, review: Review, who: Actor) -> Review:
    return of.house.works.run(actions.release_review, review.id, who)


def test_what_shows_is_queued_once_and_says_what_it_saw(of: Books) -> None:
    assert looked(of) == []
    split(of)
    (review,) = looked(of)
    assert (review.found.pattern, review.found.people, review.found.facts) == (
        "splitting",
        (of.cast.zhou.id,),
        {"n": 3},
    )
    assert len(review.found.referrals) == 3


def test_a_booking_minutes_after_the_referral_shows_with_both_colleagues(of: Books) -> None:
    won = accepted(of.house, of.cast)
    make.advance(of.house, 60)
    take(of.house, booked(of.house, won))
    (review,) = looked(of)
    assert review.found.pattern == "after_the_fact"
    assert review.found.people == (of.cast.zhou.id, of.cast.wu.id)
    # Nothing is deducted by being looked at.
    before = of.balances()
    assert close(of, review, "nothing").verdict == "nothing"
    assert of.balances() == before and before["accrued"] < 0
    assert of.faults() == []


def test_what_was_looked_at_does_not_come_again(of: Books) -> None:
    split(of)
    (review,) = looked(of)
    first = close(of, review, "nothing")
    assert close(of, review, "nothing", of.admin) == first
    with pytest.raises(Conflict, match="closed"):
        close(of, review, "held")
    assert looked(of) == []


def test_what_is_held_waits_and_whoever_held_it_does_not_let_it_go(of: Books) -> None:
    split(of)
    (review,) = looked(of)
    close(of, review, "held")
    assert [(hold["by"], hold["reason"]) for hold in holds(of)] == [(of.head.id, f"review:{review.id}")] * 3
    with pytest.raises(Conflict, match="same_person"):
        release(of, review, of.head)
    assert [each.verdict for each in looked(of)] == ["held"]
    for _ in range(2):
        assert release(of, review, of.admin).verdict == "released"
    assert looked(of) == [] and holds(of) == [None] * 3


def test_what_compliance_holds_for_another_reason_stays_held(of: Books) -> None:
    split(of)
    (review,) = looked(of)
    of.house.works.run(holding.hold, WithReason(review.found.referrals[0], "a complaint"), of.admin)
    close(of, review, "held")
    release(of, review, of.admin)
    assert [hold and hold["reason"] for hold in holds(of)] == ["a complaint", None, None]


def test_only_what_is_held_is_released(of: Books) -> None:
    split(of)
    (review,) = looked(of)
    for _ in range(2):
        with pytest.raises(Conflict, match="not_held"):
            release(of, review, of.admin)
        close(of, review, "nothing")


def test_nobody_closes_what_concerns_them_or_another_branch(of: Books) -> None:
    split(of)
    (review,) = looked(of)
    with pytest.raises(Conflict, match="party"):
        close(of, review, "nothing", of.cast.zhou)
    with pytest.raises(NotFound):
        close(of, review, "nothing", Actor("staff", of.head.id, "0002", of.head.roles, "", ""))
    assert looked(of) == [review]


def test_two_workers_put_it_into_the_queue_once(of: Books) -> None:
    split(of)
    at_once([Worker(of.house, make.TYPES).look_for_gaming for _ in range(2)])
    assert len(looked(of)) == 1


def test_last_year_is_not_looked_at(of: Books) -> None:
    split(of)
    make.advance(of.house, timedelta(days=70) / timedelta(seconds=1))
    assert looked(of) == []
