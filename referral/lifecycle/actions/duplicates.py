"""The same need logged twice, under two product lines: the earlier referral stays."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from referral.lifecycle import events
from referral.lifecycle.actions import end, found_referral
from referral.lifecycle.rules import Referral


@dataclass(frozen=True)
class SameNeed:
    """A referral that is another one over again, under a second product line."""

    referral_id: str
    first_id: str


def mark_duplicate(work: Work, request: SameNeed) -> Referral:
    """The same need of the same customer was logged twice: the earlier one stays. Its referrer may dispute.

    Raises NotFound("referral"), Invalid("not_the_same") for another customer's or a later referral.
    """
    first, of = found_referral(work, request.first_id), found_referral(work, request.referral_id)
    if first.id == of.id or first.customer_id != of.customer_id or first.created_at > of.created_at:
        raise Invalid("not_the_same")
    return end(work, of, "duplicate", events.ReferralDuplicated, duplicate_of=first.id)
