"""Which products somebody's facts call for: campaigns before needs, each product once, always in the same order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

from lobby_server.customers.rules import BANDS, Account, Tag
from lobby_server.recommend.products import Called, Campaign, Condition, Known, called_for
from lobby_server.recommend.rules import Reason
from tests.rules.test_suitability import FUND, TODAY

DEPOSIT = replace(FUND, code="dep-1y", line="deposit", risk=None, licence=None, needs=("deposit_renewal",))
BOND = replace(FUND, code="bond-1", risk=2, needs=("wealth", "deposit_renewal"))
PRODUCTS = [FUND, DEPOSIT, BOND]
SPRING = Campaign(
    code="spring",
    names={"zh-CN": "开门红", "en": "Spring"},
    product="fund-07",
    conditions=(Condition(account="savings", band_at_least="200k_1m"),),
    starts_on=TODAY,
    ends_on=TODAY,
    priority=5,
)
MATURING = Tag("deposit_maturing", {"matures_on": (TODAY + timedelta(days=12)).isoformat()}, "hq", TODAY)
SAVINGS = Account("savings", "200k_1m", "CNY")


def called(known: Known, campaigns: list[Campaign] | None = None, today: date = TODAY) -> list[Called]:
    return list(called_for(known, PRODUCTS, campaigns or [], BANDS, today))


def codes(*given: Any, **more: Any) -> list[str]:
    return [each.product.code for each in called(*given, **more)]


def test_a_tag_calls_for_what_answers_its_need_and_says_why() -> None:
    found = called(Known([MATURING], []))
    assert [each.product.code for each in found] == ["bond-1", "dep-1y"]
    assert [each.reason for each in found] == [Reason("deposit_matures", {"days": 12})] * 2
    assert {each.need for each in found} == {"deposit_renewal"}


def test_nothing_known_calls_for_nothing() -> None:
    assert codes(Known([], [])) == []
    assert codes(Known([Tag("vulnerable", {}, "hq", TODAY)], [SAVINGS])) == []


def test_a_band_at_least_as_high_calls_a_campaign_and_the_reason_names_no_band() -> None:
    for band in BANDS:
        found = called(Known([], [replace(SAVINGS, band=band)]), [SPRING])
        assert bool(found) is (BANDS.index(band) >= BANDS.index("200k_1m"))
        for each in found:
            assert each.reason == Reason("campaign", {"names": SPRING.names}) and each.campaign == "spring"
    assert codes(Known([], [replace(SAVINGS, kind="current")]), [SPRING]) == []


def test_every_condition_must_hold_and_a_stale_tag_does_not() -> None:
    both = replace(SPRING, conditions=(*SPRING.conditions, Condition(tag="deposit_maturing")))
    stale = replace(MATURING, value={"matures_on": "2026-01-01"})
    assert codes(Known([MATURING], [SAVINGS]), [both])[0] == "fund-07"
    assert codes(Known([stale], [SAVINGS]), [both]) == []
    assert codes(Known([MATURING], []), [both]) == ["bond-1", "dep-1y"]
    reason = called(Known([MATURING], [SAVINGS]), [both])[0].reason
    assert reason == Reason("deposit_matures", {"days": 12})


def test_a_tag_that_no_rule_understands_counts_as_long_as_head_office_says_it() -> None:
    of_tag = replace(SPRING, conditions=(Condition(tag="payroll"),))
    assert codes(Known([Tag("payroll", {}, "hq", TODAY)], []), [of_tag]) == ["fund-07"]


def test_a_campaign_counts_on_its_days_and_for_a_product_that_is_known() -> None:
    known = Known([], [SAVINGS])
    assert codes(known, [SPRING], today=TODAY - timedelta(days=1)) == []
    assert codes(known, [SPRING], today=TODAY + timedelta(days=1)) == []
    assert codes(known, [replace(SPRING, product="unheard-of")]) == []


def test_campaigns_come_by_priority_then_code_and_each_product_once() -> None:
    known = Known([MATURING], [SAVINGS])
    campaigns = [
        replace(SPRING, code="b", product="dep-1y", priority=9),
        replace(SPRING, code="a", product="bond-1", priority=9),
        replace(SPRING, code="c", product="bond-1", priority=1),
        SPRING,
    ]
    for order in permutations(campaigns):
        found = called(known, list(order))
        assert [(each.product.code, each.campaign) for each in found] == [
            ("bond-1", "a"),
            ("dep-1y", "b"),
            ("fund-07", "spring"),
        ]
