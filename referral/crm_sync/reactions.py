"""Each step of a referral goes into the outbox in the transaction of its deed: told are all, or it did not happen."""

from __future__ import annotations

from datetime import datetime

from lobby_server.kernel.work import Reactions, Work
from referral.crm_sync import envelope, store
from referral.lifecycle import events
from referral.lifecycle.rules import Booking, Referral


def on_step(work: Work, happened: events.ReferralEvent) -> None:
    """A step without a booking."""
    _write(work, happened.type, happened.referral, None, work.now)


def on_booking(work: Work, happened: events.ReferralWon | events.ReferralReversed) -> None:
    """A step that a booking made: its amount is told too."""
    _write(work, happened.type, happened.referral, happened.booking, work.now)


def _write(work: Work, event_type: str, of: Referral, booking: Booking | None, at: datetime) -> None:
    store.add(work.db, of, envelope.envelope(work.ids.new_id(), event_type, of, booking, at), at)


# Not `referral.overdue`: nothing befell the referral, and it has no number of its own.
REACTIONS: Reactions = {
    **dict.fromkeys(
        (
            events.ReferralCreated,
            events.ReferralOffered,
            events.ReferralDeclined,
            events.ReferralAccepted,
            events.ReferralContacted,
            events.ReferralQualified,
            events.ReferralProposed,
            events.ReferralLost,
            events.ReferralExpired,
            events.ReferralWithdrawn,
            events.ReferralDuplicated,
        ),
        (on_step,),
    ),
    events.ReferralWon: (on_booking,),
    events.ReferralReversed: (on_booking,),
}
