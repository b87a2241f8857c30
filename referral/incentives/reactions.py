"""What the ledger does when a referral is won or its booking undone."""

from __future__ import annotations

from datetime import datetime

from lobby_server.kernel.work import Reactions, Work
from lobby_server.staff import store as staff
from referral.incentives import actions, store
from referral.incentives.rules import RECEIVER, REFERRER, Credited, Win, local_day
from referral.lifecycle.events import ReferralReversed, ReferralWon
from referral.lifecycle.rules import Referral


def on_referral_won(work: Work, happened: ReferralWon) -> None:
    """Credit it to who referred it, and to who had taken it by then, if anybody had."""
    told = happened.booking
    win = Win(
        branch_id=told.branch_id,
        booking_id=told.booking_id,
        referral_id=happened.referral.id,
        product=told.product,
        product_line=told.product_line,
        base_minor=told.amount_minor,
        currency=told.currency,
        booked_at=told.booked_at,
        credited=_credited(work, happened.referral, told.booked_at),
        conditions=told.conditions,
    )
    actions.accrue(work, win)


def _credited(work: Work, of: Referral, booked_at: datetime) -> tuple[Credited, ...]:
    people = staff.named(work.db, work.keys, {of.referrer_id, of.receiver_id})
    referrer = Credited(of.referrer_id, REFERRER, frozenset(people[of.referrer_id].roles), of.created_at)
    # Bookings are told late: who accepted after it was booked brought nothing about.
    if of.accepted_at is None or of.accepted_at > booked_at:
        return (referrer,)
    return (referrer, Credited(of.receiver_id, RECEIVER, frozenset(people[of.receiver_id].roles), of.accepted_at))


def on_referral_reversed(work: Work, happened: ReferralReversed) -> None:
    """Take back what its booking gave."""
    told = happened.booking
    assert told.reverses is not None
    book = store.lock_book(work.db, told.branch_id)
    day = local_day(told.booked_at, book.timezone)
    actions.reverse_booking(work, actions.ReverseBooking(told.branch_id, told.reverses, day))


REACTIONS: Reactions = {
    ReferralWon: (on_referral_won,),
    ReferralReversed: (on_referral_reversed,),
}
