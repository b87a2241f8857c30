"""Showing a customer's full name, for a moment, to the colleague who has taken the visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from lobby_server.customers import store as customers
from lobby_server.kernel.errors import Forbidden, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.visits import store
from lobby_server.visits.rules import Visit

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


def cares_until(db: sa.Connection, visit: Visit, staff_id: str, now: datetime) -> datetime | None:
    """Until when somebody takes care of a visit: by their claim, or with its ticket at their window; else None."""
    if visit.claim is not None and visit.claim.staff_id == staff_id and visit.claim.until > now:
        return visit.claim.until
    ticket = queue_store.live_ticket_of(db, visit.id)
    has_it = ticket is not None and ticket.state.is_at_point and ticket.staff_id == staff_id
    return now + SHOWN_FOR if has_it else None


def reveal(work: Work, request: Reveal) -> Revealed:
    """Give the name to whoever takes care of the customer now, and note that they looked.

    Raises NotFound("customer") for somebody who is not here, Forbidden("not_claimant"), audited.
    """
    ids = customers.ids_of(work.db, request.customer_id)
    visit = store.live_of_customer(work.db, work.actor.branch_id, ids)
    if visit is None:
        raise NotFound("customer")
    until = cares_until(work.db, visit, work.actor.id, work.now)
    if until is None:
        raise Forbidden("not_claimant", audited=True)
    customer = customers.find(work.db, work.keys, request.customer_id)
    assert customer is not None
    work.audit("reveal_name", customer.id, reason=request.reason)
    return Revealed(customer.name, int(min(SHOWN_FOR, until - work.now).total_seconds()))
