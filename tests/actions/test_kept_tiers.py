"""Whoever head office lowers is served as before for one period of rating, and then as it says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lobby_server.customers import store
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import TIER_KEPT, TIERS, Customer
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel.actor import system
from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from lobby_server.visits.rules import ServiceLevel
from tests import make
from tests.feeds import file_of, line
from tests.make import Cast

FIRST = date(2026, 11, 24)


def told(house: House, tier: str, days: int, **head: Any) -> Customer:
    """Head office says this of customer 1, so many days after it first spoke of them."""
    as_of = (FIRST + timedelta(days=days)).isoformat()
    lines = [line(1, tier=tier)] if tier else [line(2)]
    raw = file_of(*lines, as_of=as_of, head=head or None)
    take_customer_file(house, TakeFeed(read_customer_file(raw), may_shrink=True), system(make.HERE))
    with house.database.read() as db:
        found = store.find_by_number(db, house.keys, "C1001")
    assert found is not None
    return found


PERIOD = TIER_KEPT.days


@pytest.mark.parametrize(
    ("history", "asked", "served_as"),
    [
        ([("gold", 0)], 0, "gold"),
        ([("private", 0), ("gold", 10)], 10, "private"),
        ([("private", 0), ("gold", 10)], 10 + PERIOD - 1, "private"),
        ([("private", 0), ("gold", 10)], 10 + PERIOD, "gold"),
        ([("private", 0), ("gold", 10), ("private", 20)], 20 + PERIOD, "private"),
        ([("gold", 0), ("private", 10)], 10, "private"),
        # Said again with something new: the period goes on from the first day.
        ([("private", 0), ("gold", 10), ("gold", 30)], 10 + PERIOD, "gold"),
        # Lowered once more meanwhile: the higher one is kept for its own period.
        ([("private", 0), ("gold", 10), ("ordinary", 30)], 9 + PERIOD, "private"),
        ([("private", 0), ("gold", 10), ("ordinary", 30)], 10 + PERIOD, "ordinary"),
        # Lowered again long after: what stood until then is kept anew.
        ([("private", 0), ("gold", 10), ("ordinary", 300)], 301, "gold"),
        # Raised a little, still below: the period goes on.
        ([("private", 0), ("gold", 10), ("platinum", 30)], 31, "private"),
    ],
)
def test_a_lower_tier_counts_after_one_period(
    house: House, cast: Cast, history: list[tuple[str, int]], asked: int, served_as: str
) -> None:
    for at, (tier, days) in enumerate(history):
        # Something else is new each time, so that the file says something of them.
        known = told(house, tier, days, source=f"hq-{at}")
    assert known.tier == history[-1][0]
    assert known.served_as(FIRST + timedelta(days=asked)) == served_as


def test_who_is_gone_keeps_nothing(house: House, cast: Cast) -> None:
    told(house, "private", 0)
    gone = told(house, "", 10, kind="full")
    assert (gone.tier, gone.served_as(FIRST + timedelta(days=11))) == (TIERS[0], TIERS[0])


def test_a_visit_is_served_by_the_tier_that_is_kept(house: House, cast: Cast) -> None:
    told(house, "private", 0)
    lowered = told(house, "gold", 1)
    visit = make.arrival(house, cast.kiosk, make.seen(house, lowered)).visit
    assert (visit.tier, visit.service_level) == ("private", ServiceLevel.VIP)
