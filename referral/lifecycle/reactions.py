"""What referrals do when something happens to their customers."""

from __future__ import annotations

from lobby_server.customers.events import CustomerMerged
from lobby_server.kernel.work import Reactions, Work
from referral.lifecycle.actions import duplicates


def on_customer_merged(work: Work, happened: CustomerMerged) -> None:
    """Two ids are one customer: of two claims to a product line the earlier holds."""
    duplicates.join_claims(work, happened.prospect_id, happened.customer_id)


REACTIONS: Reactions = {CustomerMerged: (on_customer_merged,)}
