"""The doors of reviews, for whoever may hold what a referral gives."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, HEAD
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.events import to_json
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.work import Work
from lobby_server.queue.live import colleagues
from lobby_server.realtime.wording import Reader
from referral.lifecycle import live
from referral.lifecycle import store as lifecycle
from referral.review import actions, store, wire
from referral.review.store import Review

_REVIEWERS = {HEAD, ADMIN}

door = Door("review")


@door.question("/reviews", may=_REVIEWERS, gives=wire.ReviewList)
def get_reviews(call: Call) -> wire.ReviewList:
    """What looks like gaming and nobody has looked at yet, and what is held because of it."""
    with call.house.database.read() as db:
        found = store.still_open(db, call.actor.branch_id)
        seen = [_seen(db, call.house.keys, each, call.actor.id) for each in found]
    return wire.ReviewList(reviews=seen)


@door.question("/reviews/{review_id}", may=_REVIEWERS, gives=wire.ReviewOpened)
def get_review(call: Call) -> wire.ReviewOpened:
    """The referrals in which it shows, with customers by masked name."""
    with call.house.database.read() as db:
        of = store.find(db, call.actor.branch_id, call.path["review_id"])
        if of is None:
            raise NotFound("review")
        reader = Reader(db, call.house.keys)
        found = lifecycle.as_they_stand(db, of.found.referrals)
        return wire.ReviewOpened(referrals=[live.seen(reader, to_json(each)) for each in found])


@door.command("/reviews/{review_id}/close", may=_REVIEWERS, takes=wire.Closed, gives=wire.ReviewAnswer)
def post_review_close(call: Call) -> Answer:
    """Say what came of it, as somebody whom it does not concern."""
    request = actions.CloseReview(call.path["review_id"], call.body.verdict, call.body.note)
    return call.run(actions.close_review, request, _answer)


@door.command("/reviews/{review_id}/release", may=_REVIEWERS, gives=wire.ReviewAnswer)
def post_review_release(call: Call) -> Answer:
    """Let go what somebody else held: what those referrals give is paid again."""
    return call.run(actions.release_review, call.path["review_id"], _answer)


def _answer(work: Work, closed: Review) -> wire.ReviewAnswer:
    return wire.ReviewAnswer(review=_seen(work.db, work.keys, closed, work.actor.id))


def _seen(db: sa.Connection, keys: Keyring, of: Review, me: str) -> wire.ReviewSeen:
    people = colleagues(db, keys, {*of.found.people, *filter(None, [of.closed_by])})
    return wire.review_seen(of, people, me)
