"""From head office's tags to one need: each rule at its borders, and what passes soonest comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from lobby_server.recommend.rules import Need, Reason, declared, infer_need

TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Fact:
    """A tag as the rules see it."""

    name: str
    value: dict[str, Any]


def on(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def need(code: str, reason: str, **facts: Any) -> Need:
    return Need(code, Reason(reason, facts))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (22, need("pension", "pension_day", day=22)),
        (23, need("pension", "pension_day", day=23)),
        (19, need("pension", "pension_day", day=19)),
        (18, None),
        (24, None),
        (28, None),
        ("23", None),
        (None, None),
        (23.0, None),
    ],
)
def test_pension_is_expected_on_its_day_and_the_four_after_it(day: object, expected: Need | None) -> None:
    assert infer_need([Fact("pension_day", {"day": day})], TODAY) == expected


@pytest.mark.parametrize(
    ("today", "day", "is_expected"),
    [
        (date(2026, 12, 1), 28, True),  # November has thirty days: the third day after
        (date(2026, 12, 2), 28, True),
        (date(2026, 12, 3), 28, False),
        (date(2026, 12, 4), 30, True),
        (date(2026, 12, 5), 30, False),
        (date(2027, 1, 1), 31, True),
    ],
)
def test_pension_days_reach_over_the_end_of_a_month(today: date, day: int, is_expected: bool) -> None:
    found = infer_need([Fact("pension_day", {"day": day})], today)
    assert (found is not None) is is_expected


@pytest.mark.parametrize(("in_days", "days"), [(-1, None), (0, 0), (1, 1), (30, 30), (31, None), (-365, None)])
def test_a_deposit_that_matures_within_thirty_days_brings_people(in_days: int, days: int | None) -> None:
    expected = None if days is None else need("deposit_renewal", "deposit_matures", days=days)
    assert infer_need([Fact("deposit_maturing", {"matures_on": on(in_days)})], TODAY) == expected


@pytest.mark.parametrize(("in_days", "days"), [(-400, 0), (-1, 0), (0, 0), (60, 60), (61, None)])
def test_a_card_that_expires_within_sixty_days_or_has_expired_brings_people(in_days: int, days: int | None) -> None:
    expected = None if days is None else need("card_service", "card_expires", days=days)
    assert infer_need([Fact("card_expiry", {"expires_on": on(in_days)})], TODAY) == expected


@pytest.mark.parametrize(("in_days", "days"), [(1, None), (0, 0), (-1, 1), (-14, 14), (-15, None)])
def test_a_large_inflow_of_the_last_two_weeks_brings_people(in_days: int, days: int | None) -> None:
    expected = None if days is None else need("wealth", "large_inflow", days=days)
    assert infer_need([Fact("large_inflow", {"arrived_on": on(in_days)})], TODAY) == expected


@pytest.mark.parametrize(("in_days", "days"), [(1, None), (0, 0), (-30, 30), (-31, None)])
def test_something_begun_in_the_app_and_not_ended_brings_people_for_a_month(in_days: int, days: int | None) -> None:
    expected = None if days is None else need("loan", "abandoned_step", days=days)
    assert infer_need([Fact("abandoned_step", {"step": "loan", "on": on(in_days)})], TODAY) == expected
    assert infer_need([Fact("abandoned_step", {"step": 7, "on": on(in_days)})], TODAY) is None


ALL = [
    Fact("abandoned_step", {"step": "loan", "on": on(-1)}),
    Fact("large_inflow", {"arrived_on": on(-1)}),
    Fact("deposit_maturing", {"matures_on": on(1)}),
    Fact("card_expiry", {"expires_on": on(1)}),
    Fact("pension_day", {"day": 23}),
]


def test_what_passes_soonest_comes_first_whatever_the_order_of_the_tags() -> None:
    for tags in (ALL, ALL[::-1]):
        left, found = list(tags), []
        while (first := infer_need(left, TODAY)) is not None:
            found.append(first.code)
            left = [tag for tag in left if infer_need([tag], TODAY) != first]
        assert found == ["pension", "card_service", "deposit_renewal", "wealth", "loan"]


def test_a_rule_that_does_not_hold_leaves_the_word_to_the_next() -> None:
    stale = [Fact("pension_day", {"day": 1}), Fact("card_expiry", {"expires_on": on(90)}), *ALL[1:3]]
    found = infer_need(stale, TODAY)
    assert found is not None and found.code == "deposit_renewal"


@pytest.mark.parametrize(
    "tag",
    [
        Fact("vulnerable", {}),
        Fact("unheard_of", {"day": 23}),
        Fact("deposit_maturing", {}),
        Fact("deposit_maturing", {"matures_on": "soon"}),
        Fact("deposit_maturing", {"matures_on": None}),
        Fact("pension_day", {}),
        Fact("pension_day", {"day": True}),
    ],
)
def test_a_tag_that_says_nothing_asks_the_customer(tag: Fact) -> None:
    assert infer_need([tag], TODAY) is None


def test_without_tags_the_customer_is_asked_and_what_they_say_is_the_reason() -> None:
    assert infer_need([], TODAY) is None
    assert declared("loan") == need("loan", "declared")
