"""The same need logged twice, under two product lines or for two ids of one customer: the earlier referral stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from referral.lifecycle import events, store
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


def join_claims(work: Work, prospect_id: str, customer_id: str) -> None:
    """A prospect turned out to be this customer: one live claim to a product line, and it hangs on the customer.

    Of two the earlier holds, however far the later one has come; its referrer may dispute. One whose time is over
    holds nothing. What is left of the prospect's goes on under the customer's id, where the database keeps the next
    one out.
    """
    first: dict[str, Referral] = {}
    live = store.live_of_customer(work.db, [prospect_id, customer_id])
    for each in sorted(live, key=lambda one: (one.created_at, one.id)):
        if each.protected_until <= work.now:
            end(work, each, "expire", events.ReferralExpired)
        elif (held := first.setdefault(each.product_line, each)) is not each:
            end(work, each, "merge", events.ReferralDuplicated, duplicate_of=held.id)
    for each in first.values():
        if each.customer_id != customer_id:
            store.save(work.db, replace(each, customer_id=customer_id))
            work.audit("follow_customer", each.id, branch_id=each.branch_id)
