"""What a booking does to referrals: only head office's booking wins one, and only its reversal undoes that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lobby_server.customers.store import NUMBER
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from referral.lifecycle import events, store
from referral.lifecycle.actions import end
from referral.lifecycle.rules import Booking, Referral, ReferralState

CLOCKS_DIFFER_BY = timedelta(minutes=5)  # core banking's clock and ours; more would date a booking ahead


@dataclass(frozen=True)
class TakeBooking:
    """A booking as head office tells it, with the customer's number."""

    booking: Booking
    customer_no: str


def take_booking(work: Work, request: TakeBooking) -> Referral | None:
    """A booking wins the live referral of its customer and product line, if one was made before it; else None.

    One that reverses another reverses what that one won. Told again it changes nothing. Raises Conflict
    ("booking_differs"), NotFound("booking") for one that reverses an unknown one, Invalid("booked_later") for one
    of a moment that has not come.
    """
    told = request.booking
    if told.booked_at > work.now + CLOCKS_DIFFER_BY:
        raise Invalid("booked_later", audited=True)
    number_index = work.keys.index(request.customer_no, NUMBER)
    digest, before = store.digest_of(told, number_index), store.find_booking(work.db, told.booking_id)
    if before is not None:
        if before.told_sha256 != digest:
            raise Conflict("booking_differs", audited=True)
        return store.lock(work.db, before.branch_id, before.referral_id) if before.referral_id else None
    customer_id = store.customer_of_number(work.db, number_index)
    if customer_id is not None:
        customer_id = store.lock_customer(work.db, customer_id)
    of = _reversed(work, told) if told.reverses else _won(work, told, customer_id)
    store.add_booking(work.db, told, digest, of.id if of else None, work.now)
    work.audit("take_booking", told.booking_id, branch_id=told.branch_id, referral_id=of.id if of else None)
    return of


def _won(work: Work, told: Booking, customer_id: str | None) -> Referral | None:
    of = store.live_claim(work.db, customer_id, told.product_line) if customer_id else None
    # Another branch's referral is won by what is told to that branch.
    if of is None or of.branch_id != told.branch_id or not of.created_at <= told.booked_at < of.protected_until:
        return None
    return end(
        work,
        of,
        "win",
        lambda branch_id, won: events.ReferralWon(branch_id, won, told),
        offered_to=None,
        booking_id=told.booking_id,
    )


def _reversed(work: Work, told: Booking) -> Referral | None:
    assert told.reverses is not None
    first = store.find_booking(work.db, told.reverses)
    if first is None or first.branch_id != told.branch_id:
        raise NotFound("booking")
    if store.is_reversed(work.db, told.reverses):
        raise Conflict("reversed", booking_id=told.reverses)
    of = store.lock(work.db, first.branch_id, first.referral_id) if first.referral_id else None
    if of is None or of.state is not ReferralState.WON:
        return None
    return end(work, of, "reverse", lambda branch_id, moved: events.ReferralReversed(branch_id, moved, told))
