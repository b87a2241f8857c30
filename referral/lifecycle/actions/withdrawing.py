"""A customer takes the consent back for everything at once."""

from __future__ import annotations

from lobby_server.customers import store as customers
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.visits import store as visits
from referral.lifecycle import store
from referral.lifecycle.actions import withdraw_now
from referral.lifecycle.rules import Referral


def withdraw_all(work: Work, visit_id: str) -> list[Referral]:
    """The customer of a visit wants to be referred to nobody: all that is live of theirs stops, wherever it is.

    Raises NotFound("visit"), Invalid("customer_unknown").
    """
    visit = visits.find(work.db, work.actor.branch_id, visit_id)
    if visit is None:
        raise NotFound("visit")
    if visit.customer_id is None:
        raise Invalid("customer_unknown")
    ids = customers.ids_of(work.db, visit.customer_id)
    return [withdraw_now(work, each) for each in store.live_of_customer(work.db, ids)]
