"""Products and campaigns as head office states them: compared, taken at once, and the same file changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.admin.feeds import Import, take
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from lobby_server.recommend import store
from lobby_server.recommend.products import Condition
from tests import make
from tests.feeds import file_of
from tests.make import Cast

NAMES = {"zh-CN": "一年定期", "en": "One-year deposit"}


def product(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "code": f"dep-{number}",
        "names": NAMES,
        "line": "deposit",
        "consent": "serve",
        "needs": ["deposit_renewal"],
        "valid_from": "2026-01-01",
        **changes,
    }


def campaign(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "code": f"c-{number}",
        "names": NAMES,
        "product": "dep-1",
        "conditions": [{"tag": "payroll"}, {"account": "savings", "band_at_least": "1m_6m"}],
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-31",
        "priority": 3,
        **changes,
    }


LINES = {"products": product, "campaigns": campaign}
FEEDS = pytest.mark.parametrize("feed", LINES)


def taken(house: House, feed: str, *lines: Any, day: str, kind: str = "full", **how: bool) -> Outcome:
    raw = file_of(*lines, feed=feed, as_of=day, head={"kind": kind})
    return take(house, Import(feed, raw, **how), system(make.HERE))


def kept(house: House, feed: str) -> dict[str, Any]:
    with house.database.read() as db:
        return dict(store.products(db) if feed == "products" else store.campaigns(db))


@FEEDS
def test_a_full_file_adds_changes_and_ends(house: House, cast: Cast, feed: str) -> None:
    line = LINES[feed]
    five = [line(n) for n in range(5)]
    assert taken(house, feed, *five, day="2026-11-24") == Outcome(added=5)
    outcome = taken(
        house, feed, *five[:2], line(2, names={**NAMES, "en": "New"}), line(9), day="2026-11-25", may_shrink=True
    )
    assert outcome == Outcome(added=1, changed=1, gone=2, unchanged=2)
    now = kept(house, feed)
    assert sorted(now) == sorted(each["code"] for each in (*five[:3], line(9)))
    assert now[line(2)["code"]].names["en"] == "New"


@FEEDS
def test_a_delta_ends_nothing_and_the_same_file_again_does_nothing(house: House, cast: Cast, feed: str) -> None:
    line = LINES[feed]
    taken(house, feed, line(1), line(2), day="2026-11-24")
    again = {"day": "2026-11-25", "kind": "delta"}
    assert taken(house, feed, line(3), **again) == Outcome(added=1)  # type: ignore[arg-type]
    assert taken(house, feed, line(3), **again) == Outcome(is_known=True)  # type: ignore[arg-type]
    assert len(kept(house, feed)) == 3


@FEEDS
def test_a_dry_run_keeps_nothing_and_a_shrunken_file_asks(house: House, cast: Cast, feed: str) -> None:
    line = LINES[feed]
    assert taken(house, feed, line(1), line(2), day="2026-11-24", is_dry=True) == Outcome(added=2)
    assert kept(house, feed) == {}
    taken(house, feed, line(1), line(2), day="2026-11-24")
    with pytest.raises(Conflict, match="file_shrank"):
        taken(house, feed, line(1), day="2026-11-25")
    with pytest.raises(Conflict, match="file_older"):
        taken(house, feed, line(1), day="2026-11-23")
    with house.database.read() as db:
        deeds = db.scalars(sa.text("SELECT deed FROM audit WHERE deed LIKE 'take_%' ORDER BY audit_seq")).all()
    assert deeds == [f"take_{feed}_file"]


def test_everything_stated_comes_back(house: House, cast: Cast) -> None:
    rich = product(1, risk=3, licence="fund", age_min=18, age_max=70, valid_until="2027-01-01")
    taken(house, "products", rich, day="2026-11-24")
    taken(house, "campaigns", campaign(1), day="2026-11-24")
    one, other = kept(house, "products")["dep-1"], kept(house, "campaigns")["c-1"]
    assert (one.risk, one.licence, one.age_min, one.age_max, one.needs) == (3, "fund", 18, 70, ("deposit_renewal",))
    assert other.conditions == (Condition(tag="payroll"), Condition(account="savings", band_at_least="1m_6m"))


@pytest.mark.parametrize(
    ("feed", "wrong"),
    [
        ("products", product(1, risk=6)),
        ("products", product(1, risk=0)),
        ("products", product(1, consent="anything")),
        ("products", product(1, names={"en": "only one"})),
        ("products", product(1, age_min=-1)),
        ("campaigns", campaign(1, conditions=[])),
        ("campaigns", campaign(1, conditions=[{}])),
        ("campaigns", campaign(1, conditions=[{"tag": "a", "account": "b"}])),
        ("campaigns", campaign(1, conditions=[{"tag": "a", "band_at_least": "1m_6m"}])),
        ("campaigns", campaign(1, conditions=[{"account": "a", "band_at_least": "1000000"}])),
        ("campaigns", campaign(1, priority=1001)),
    ],
)
def test_a_wrong_line_is_named_and_nothing_taken(house: House, cast: Cast, feed: str, wrong: Any) -> None:
    with pytest.raises(Invalid, match="file_lines") as refused:
        taken(house, feed, LINES[feed](7), wrong, day="2026-11-24")
    assert [each["line"] for each in refused.value.facts["lines"]] == [3]  # type: ignore[attr-defined]
    assert kept(house, feed) == {}
