"""What we know of somebody from their own visits, said like a tag of head office's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from lobby_server.branch.rules import Branch
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer, Tag
from lobby_server.kernel.clock import business_day_of
from lobby_server.recommend.rules import ABANDONED_STEP, ABANDONED_WITHIN
from lobby_server.visits import store
from lobby_server.visits.rules import unfinished

SEEN_HERE = "lobby"


def known(db: sa.Connection, customer: Customer, branch: Branch, today: date) -> Customer:
    """The customer, with the step that they began at a machine lately and have not come to the end of since."""
    ids = customers.ids_of(db, customer.id)
    tried = store.errands_of(db, ids, today - ABANDONED_WITHIN)
    if not tried:
        return customer
    left = unfinished(tried, store.served_since(db, ids, tried[0].ended_at))
    if left is None:
        return customer
    on = business_day_of(left.ended_at, branch.timezone, branch.cut_over_minute)
    tag = Tag(ABANDONED_STEP, {"step": left.service_type, "on": on.isoformat()}, SEEN_HERE, today)
    # Before head office's word about the app: it happened here, and we can go on with it here.
    return replace(customer, tags=(tag, *customer.tags))
