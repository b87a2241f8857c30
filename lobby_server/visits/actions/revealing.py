"""Showing a customer's full name, for a moment, to the colleague who has taken the visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lobby_server.customers import store as customers
from lobby_server.kernel.errors import Forbidden, NotFound
from lobby_server.kernel.work import Work
from lobby_server.visits import store

SHOWN_FOR = timedelta(seconds=20)  # long enough to greet somebody by name, too short to copy a list


@dataclass(frozen=True)
class Reveal:
    """Whose name, and why: a code, for the audit."""

    customer_id: str
    reason: str


@dataclass(frozen=True)
class Revealed:
    """The full name, and for how long it may stand on the screen."""

    name: str
    expires_in_s: int


def reveal(work: Work, request: Reveal) -> Revealed:
    """Give the name to whoever has claimed the customer's visit, and note that they looked.

    Raises NotFound("customer") for somebody who is not here, Forbidden("not_claimant"), audited.
    """
    ids = customers.ids_of(work.db, request.customer_id)
    visit = store.live_of_customer(work.db, work.actor.branch_id, ids)
    if visit is None:
        raise NotFound("customer")
    claim = visit.claim
    if claim is None or claim.staff_id != work.actor.id or claim.until <= work.now:
        raise Forbidden("not_claimant", audited=True)
    customer = customers.find(work.db, work.keys, request.customer_id)
    assert customer is not None
    work.audit("reveal_name", customer.id, reason=request.reason)
    return Revealed(customer.name, int(min(SHOWN_FOR, claim.until - work.now).total_seconds()))
