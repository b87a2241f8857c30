"""The trial's past and the figures about it, on both engines: every sum done again plainly from the raw rows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.admin import history
from lobby_server.admin.check import run_checks
from lobby_server.admin.furnish import Past, furnish
from lobby_server.branch import store as branches
from lobby_server.branch.rules import PROMISES, Branch
from lobby_server.customers.tables import customer
from lobby_server.kernel.house import House
from lobby_server.queue.tables import ticket, ticket_call
from lobby_server.visits.tables import errand, visit
from referral.incentives.tables import credit, credit_share, posting
from referral.lifecycle.tables import referral
from referral.statistics import figures, store
from referral.statistics.figures import hall
from referral.statistics.rules import Period
from tests import make
from tests.make import ELSEWHERE, HERE, TODAY, TYPES

DAYS = 21
WEEKS_3 = Period(TODAY - timedelta(days=DAYS), TODAY)
SIMPLE = frozenset(each.code for each in TYPES.values() if each.self_service)


@pytest.fixture
def lived(house: House) -> House:
    """A trial that has three weeks behind it."""
    past = Past(timedelta(days=DAYS + 2), partial(history.remember, types=TYPES, days=DAYS))
    furnish(house, "no password matches this", past)
    return house


def here(db: sa.Connection, branch_id: str = HERE) -> Branch:
    found = branches.find_branch(db, branch_id)
    assert found is not None
    return found


def rows(db: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in db.execute(sa.select(table).where(table.c.branch_id == HERE))]


def test_figures_are_what_the_rows_add_up_to(lived: House) -> None:
    with lived.database.read() as db:
        came, referred = store.came(db, here(db), WEEKS_3), store.referred(db, here(db), WEEKS_3)
        waits, tasks = store.waited(db, here(db), WEEKS_3), store.tasks(db, here(db), WEEKS_3, SIMPLE)
        visits, referrals, tickets, errands = (rows(db, each) for each in (visit, referral, ticket, errand))
        calls = {row.ticket_id: row.at for row in db.execute(sa.select(ticket_call))}
    reached = figures.reached(came, referred)
    assert reached["visits"] == len(visits)
    assert reached["identified"] == sum(each["customer_id"] is not None for each in visits)
    assert reached["referred"] == len({each["visit_id"] for each in referrals})
    assert reached["won"] == len({each["visit_id"] for each in referrals if each["state"] == "won"}) > 0
    of_line = Counter(each["product_line"] for each in referrals)
    assert {each.name: each.n for each in figures.groups(referred, lambda one: one.product_line)} == of_line
    late = sum(
        (calls[each["id"]] - each["placed_at"]).total_seconds() > PROMISES[each["service_level"]].wait_s
        for each in tickets
    )
    kept = hall.kept(waits)
    assert (kept.of, kept.of - kept.n) == (len(tickets), late)
    served = {each["visit_id"] for each in tickets if each["started_at"] is not None}
    alone = sum(each["outcome"] == "done_self_service" and each["visit_id"] not in served for each in errands)
    diverted = hall.diverted(tasks)
    assert diverted.n == alone > 0
    routed = {(each["visit_id"], each["service_type"]) for each in (*tickets, *errands)}
    assert diverted.of == sum(service_type in SIMPLE for _visit_id, service_type in routed)


def test_what_was_credited_is_what_the_ledger_holds(lived: House) -> None:
    with lived.database.read() as db:
        credited = store.credited(db, HERE, WEEKS_3)
        balances = store.balances(db, HERE)
        booked = list(db.scalars(sa.select(posting.c.amount_minor).where(posting.c.account == "accrued")))
        won = db.scalar(sa.select(sa.func.count()).select_from(referral).where(referral.c.state == "won"))
        shares = list(db.scalars(sa.select(credit_share.c.amount_minor).join(credit)))
    assert len(credited) == won
    total = sum(each.amount_minor for each in credited)
    assert total == sum(shares) == -sum(booked) == balances["CNY", "accrued"] == balances["CNY", "expense"] > 0
    assert all(sum(amount for _who, amount, _points in each.parts) == each.amount_minor for each in credited)


def test_every_invariant_holds_of_the_past_and_it_is_played_once(lived: House) -> None:
    history.remember(lived, TYPES, DAYS)
    with lived.database.read() as db:
        assert [fault for found in run_checks(db, lived.keys).values() for fault in found] == []
        assert len(rows(db, visit)) == len(store.came(db, here(db), WEEKS_3))


def test_no_other_branch_sees_any_of_it(lived: House) -> None:
    with lived.database.read() as db:
        there = here(db, ELSEWHERE)
        told = (store.came(db, there, WEEKS_3), store.referred(db, there, WEEKS_3), store.waited(db, there, WEEKS_3))
        assert told == ([], [], [])
        assert store.tasks(db, there, WEEKS_3, SIMPLE) == []
        assert store.credited(db, ELSEWHERE, WEEKS_3) == []
        assert store.hall_now(db, there, make.MORNING) == store.Now(0, 0, 0, 0, 0)


def test_the_people_of_the_past_are_nobody_whom_head_office_misses(lived: House) -> None:
    furnish(lived, "no password matches this")
    with lived.database.read() as db:
        gone = db.scalar(sa.select(sa.func.count()).select_from(customer).where(customer.c.gone_on.is_not(None)))
    assert gone == 0
