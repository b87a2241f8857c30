"""Suitability stands before two steps: what it refuses is refused to everybody, and leaves a row in the audit."""

from __future__ import annotations

from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from lobby_server.recommend import store as products
from lobby_server.recommend.suitability import Person, is_sold_on
from referral.lifecycle import store
from referral.lifecycle.rules import Referral, next_state
from referral.lifecycle.suitability import GATES


def refuse_unsuitable(work: Work, of: Referral, deed: str) -> None:
    """Refuse a deed for what is known of the customer and the product line today.

    A deed that the referral's state does not allow is left to the state's own refusal. Raises Invalid("not_licensed"),
    or Invalid with a code of `suitability`.
    """
    if next_state(of.state, deed) is None:
        return
    if not store.is_licensed(work.db, work.actor.id, of.product_line):
        # It was held when they accepted, and has been taken away since.
        raise Invalid("not_licensed", audited=True)
    branch = branches.find_branch(work.db, of.branch_id)
    known = customers.find(work.db, work.keys, of.customer_id)
    assert branch is not None and known is not None
    today = business_day_of(work.now, branch.timezone, branch.cut_over_minute)
    every = products.products(work.db).values()
    sold = [each for each in every if each.line == of.product_line and is_sold_on(each, today)]
    refusal = GATES[deed](sold, Person(known.risk_rating, known.rated_on, known.born_year, ()), today)
    if refusal is not None:
        raise Invalid(refusal, audited=True)
