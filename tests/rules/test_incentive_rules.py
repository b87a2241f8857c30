"""How an amount is divided, held back and taken back; what the guard allows; what a plan gives in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.money import WHOLE_PPM
from referral.incentives.earning import SoFar, earn, play
from referral.incentives.guard import RULE_GUARD_FILE, hold_back_of, read_guard, rule_on
from referral.incentives.plan import read_plan, sha256_of
from referral.incentives.rules import (
    PARTS,
    ClawBackBand,
    Credited,
    HoldBack,
    Win,
    after_months,
    clawback_ppm,
    hold,
    is_period,
    netted,
    next_period,
    shares_of,
    shorten,
    stricter,
    take_back,
)
from tests.ledger import BANDS, SPLIT, TEAM, plan

GUARD = read_guard(RULE_GUARD_FILE)
ZONE = "Asia/Shanghai"
AMOUNTS = st.integers(0, 10**13)
SHARES = st.lists(st.sampled_from(PARTS), min_size=1, unique=True)


# ---- Dividing -----------------------------------------------------------------------------------------------------


@given(SHARES, st.lists(st.integers(1, WHOLE_PPM), min_size=3, max_size=3))
def test_the_shares_of_those_who_took_part_are_a_whole(parts: list[str], told: list[int]) -> None:
    shares = shares_of(dict(zip(PARTS, told, strict=True)), parts)
    assert sum(shares) == WHOLE_PPM and min(shares) >= 0 and len(shares) == len(parts)


def test_who_did_not_take_part_leaves_their_share_to_the_others_in_proportion() -> None:
    assert shares_of(SPLIT, ("referrer", "receiver", "host")) == [300_000, 600_000, 100_000]
    assert shares_of(SPLIT, ("referrer", "receiver")) == [333_333, 666_667]
    assert shares_of(SPLIT, ("host",)) == [WHOLE_PPM]


@given(AMOUNTS, st.integers(0, WHOLE_PPM), st.lists(st.integers(1, 120), min_size=1, max_size=6, unique=True))
def test_what_is_held_back_is_the_rest_and_never_more_at_the_front(amount: int, ppm: int, months: list[int]) -> None:
    now, later = hold(amount, HoldBack(ppm, tuple(sorted(months))))
    assert now + sum(later) == amount and now >= 0
    assert sorted(later) == later and max(later) - min(later) <= 1


def test_the_stricter_of_two_hold_backs_keeps_more_for_longer() -> None:
    assert stricter(HoldBack(500_000, (12,)), HoldBack(400_000, (12, 24, 36))) == HoldBack(500_000, (12, 24, 36))
    assert stricter(HoldBack(0, ()), HoldBack(400_000, (12,))) == HoldBack(400_000, (12,))


# ---- Taking back --------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(("accrued", "held", "payable", "paid")), AMOUNTS), AMOUNTS)
def test_what_is_taken_back_adds_up_and_no_account_gives_more_than_it_has(there: dict[str, int], amount: int) -> None:
    parts = take_back(there, amount)
    assert sum(parts.values()) == amount and all(part > 0 for part in parts.values())
    assert all(part <= there[account] for account, part in parts.items() if account != "receivable")
    if "receivable" in parts:
        assert all(parts.get(account, 0) == there.get(account, 0) for account in ("accrued", "held", "payable"))


@given(st.lists(st.integers(0, 1000), max_size=5), st.data())
def test_the_last_instalment_loses_first(instalments: list[int], data: st.DataObject) -> None:
    taken = data.draw(st.integers(0, sum(instalments)))
    losses = shorten(instalments, taken)
    assert sum(losses) == taken
    for i, loss in enumerate(losses):
        assert 0 <= loss <= instalments[i]
        assert loss == 0 or losses[i + 1 :] == instalments[i + 1 :]


@pytest.mark.parametrize(
    ("days", "reason", "expected"),
    [(0, "x", 1_000_000), (30, "x", 1_000_000), (31, "x", 500_000), (90, "x", 500_000), (91, "x", 0),
     (5_000, "falsified", 1_000_000), (5_000, "taken_over", 1_000_000)],
)  # fmt: skip
def test_how_much_comes_back_depends_on_days_and_reason(days: int, reason: str, expected: int) -> None:
    bands = [ClawBackBand(30, 1_000_000), ClawBackBand(90, 500_000)]
    booked, on = date(2026, 11, 1), date.fromordinal(date(2026, 11, 1).toordinal() + days)
    assert clawback_ppm(bands, booked, on, reason, GUARD.clawback_reasons) == expected


@given(AMOUNTS, AMOUNTS)
def test_a_debt_takes_a_fifth_of_a_payout_at_most(payable: int, owed: int) -> None:
    kept = netted(payable, owed)
    assert 0 <= kept <= owed and kept * 5 <= payable


def test_the_guard_has_the_eight_reasons_of_the_law() -> None:
    assert len(GUARD.clawback_reasons) == 8


# ---- Months -------------------------------------------------------------------------------------------------------


def test_months_follow_each_other_and_are_known_by_their_shape() -> None:
    assert [next_period(each) for each in ("2026-11", "2026-12", "2027-01")] == ["2026-12", "2027-01", "2027-02"]
    assert is_period("2026-12") and not any(map(is_period, ("2026-13", "2026-00", "26-11", "2026/11", "2026-1", "")))
    assert after_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert after_months(date(2026, 11, 30), 12) == date(2027, 11, 30)


# ---- The guard ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "day", "conditions", "code"),
    [
        ("card", date(2026, 11, 1), (), "allowed"),
        ("fund", date(2026, 11, 1), (), "cash_denied"),
        ("insurance", date(2026, 11, 1), ("quality_passed",), "cash_denied"),
        ("deposit", date(2026, 11, 1), (), "condition_missing"),
        ("deposit", date(2026, 11, 1), ("daily_average_balance",), "allowed"),
        ("wealth", date(2025, 10, 1), ("quality_passed",), "allowed"),
        ("wealth", date(2025, 9, 30), ("quality_passed",), "unknown_product_line"),
        ("tulips", date(2026, 11, 1), (), "unknown_product_line"),
    ],
)
def test_cash_is_denied_unless_a_ruling_of_that_day_allows_it(
    line: str, day: date, conditions: Sequence[str], code: str
) -> None:
    ruling = rule_on(GUARD, line, day, conditions)
    assert (ruling.code, ruling.is_cash_allowed) == (code, code == "allowed")


def test_a_post_with_influence_on_risk_waits_three_years_for_two_fifths() -> None:
    assert hold_back_of(GUARD, {"head"}, date(2026, 11, 1)) == HoldBack(400_000, (12, 24, 36))
    assert hold_back_of(GUARD, {"teller"}, date(2026, 11, 1)) == HoldBack(0, ())


# ---- What a plan gives --------------------------------------------------------------------------------------------


@st.composite
def wins(draw: st.DrawFn) -> list[Win]:
    """Bookings of two months by three people in changing parts."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        people = draw(st.permutations(("t", "r", "m")))
        parts = draw(SHARES)
        at = datetime(2026, draw(st.sampled_from((11, 12))), draw(st.integers(1, 28)), tzinfo=UTC)
        credited = tuple(Credited(who, part, frozenset(), at) for who, part in zip(people, parts, strict=False))
        base = draw(st.integers(1, 10_000_000))
        line = draw(st.sampled_from(("card", "loan", "wealth", "fund")))
        found.append(Win("0001", f"B{number}", f"R{number}", "p", line, base, "CNY", at, credited, frozenset()))
    return found


def some_plan(**changes: Any) -> Any:
    return read_plan(plan(**changes))


@given(wins(), st.randoms(), st.none() | st.integers(0, 20_000))
def test_any_order_of_the_same_bookings_gives_everybody_the_same(
    found: list[Win], random: Any, cap: int | None
) -> None:
    shuffled = random.sample(found, len(found))
    of = some_plan(cap_minor=cap)
    once, again = play(found, of, GUARD, ZONE), play(shuffled, of, GUARD, ZONE)
    assert once == again


@given(wins(), st.integers(0, 20_000))
def test_a_cap_holds_for_everybody_in_every_month(found: list[Win], cap: int) -> None:
    capped, free = play(found, some_plan(cap_minor=cap), GUARD, ZONE), play(found, some_plan(), GUARD, ZONE)
    assert all(amount <= min(free[who], 2 * cap) for who, amount in capped.items())


def test_a_line_without_money_collects_nothing_that_an_undone_booking_set_free() -> None:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    win = Win("0001", "B", "R", "p", "fund", 1, "CNY", at, (Credited("t", "referrer", frozenset(), at),))
    below_the_cap = {"t": SoFar(all_uncapped_minor=3334, all_amount_minor=1)}
    gives = earn(win, date(2026, 11, 5), some_plan(cap_minor=2), GUARD, below_the_cap)
    assert not gives.is_cash_allowed and gives.amount_minor == 0


@given(st.integers(2, 10_000_000), st.data(), st.none() | st.integers(0, 20_000), st.sampled_from((BANDS, TEAM)))
def test_splitting_a_booking_never_pays_more(
    base: int, data: st.DataObject, cap: int | None, rule: dict[str, Any]
) -> None:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    credited = (Credited("t", "referrer", frozenset(), at), Credited("r", "receiver", frozenset(), at))
    whole = Win("0001", "B", "R", "p", "loan", base, "CNY", at, credited)
    part = data.draw(st.integers(1, base - 1))
    parts = [replace(whole, booking_id="B1", base_minor=part), replace(whole, booking_id="B2", base_minor=base - part)]
    of = some_plan(cap_minor=cap, lines={"loan": {"money": rule, "points": None, "split": SPLIT}})
    once, twice = play([whole], of, GUARD, ZONE), play(parts, of, GUARD, ZONE)
    # A unit may pass from one to the other by rounding; with a cap the other may have room for it.
    assert sum(twice.values()) <= sum(once.values()) + (cap is not None)


@given(st.integers(1, 10_000_000), st.integers(0, 10_000_000), st.sampled_from(("card", "loan", "wealth")))
def test_what_somebody_gets_grows_with_what_was_booked(base: int, more: int, line: str) -> None:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    credited = (Credited("t", "referrer", frozenset(), at), Credited("r", "receiver", frozenset(), at))
    win = Win("0001", "B", "R", "p", line, base, "CNY", at, credited, frozenset({"quality_passed"}))
    less = play([win], some_plan(), GUARD, ZONE)
    larger = play([replace(win, base_minor=base + more)], some_plan(), GUARD, ZONE)
    assert sum(less.values()) <= sum(larger.values())


def test_two_documents_that_say_the_same_have_the_same_digest() -> None:
    document = plan()
    assert sha256_of(document) == sha256_of(dict(reversed(document.items())))
    assert sha256_of(document) != sha256_of(plan(cap_minor=1))
