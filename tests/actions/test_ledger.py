"""From a booking to the payslip: what is credited, closed, held back, paid and taken back, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from referral.incentives import actions, store
from referral.incentives.actions import months
from referral.incentives.rules import CreditState
from tests import make
from tests.actions.racing import at_once
from tests.ledger import Books, books
from tests.make import HERE, Cast


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A branch with a book and a plan."""
    return books(house, cast)


@pytest.fixture(autouse=True)
def sound(of: Books) -> Iterator[None]:
    """After every test, every invariant holds."""
    yield
    assert of.faults() == []


# ---- Crediting ----------------------------------------------------------------------------------------------------


def test_a_win_is_owed_to_those_who_brought_it_about_and_the_odd_unit_goes_by_largest_remainder(of: Books) -> None:
    credit = of.accrued(line="card")
    assert [(each.part, each.share_ppm, each.amount_minor) for each in credit.shares] == [
        ("referrer", 333_333, 3_334),
        ("receiver", 666_667, 6_667),
    ]
    assert of.balances() == {"expense": 10_001, "accrued": -10_001, "points_given": 6_000, "points": -6_000}


def test_the_same_booking_again_changes_nothing(of: Books) -> None:
    win = of.win()
    first, before = of.accrued(win), of.balances()
    assert of.accrued(win).id == first.id
    assert of.balances() == before


def test_a_booking_told_otherwise_is_refused_and_so_is_a_second_one_for_the_referral(of: Books) -> None:
    win = of.win()
    of.accrued(win)
    with pytest.raises(Conflict, match="booking_differs"):
        of.accrued(replace(win, base_minor=win.base_minor + 1))
    with pytest.raises(Conflict, match="already_credited"):
        of.accrued(replace(win, booking_id="another"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("credited", ()), ("base_minor", 0), ("currency", "PTS"), ("booked_at", make.MORNING + timedelta(days=2))],
)
def test_a_win_that_cannot_be_is_refused_by_its_field(of: Books, field: str, value: Any) -> None:
    with pytest.raises(Invalid, match="bad_win") as refused:
        of.accrued(of.win(**{field: value}))
    assert refused.value.facts == {"field": field}


def test_nobody_is_credited_twice_for_one_win(of: Books) -> None:
    win = of.win()
    with pytest.raises(Invalid, match="bad_win"):
        of.accrued(
            replace(win, credited=(win.credited[0], replace(win.credited[1], staff_id=win.credited[0].staff_id)))
        )


def test_what_the_guard_denies_earns_points_and_no_cash_whatever_the_plan_says(of: Books) -> None:
    credit = of.accrued(line="fund")
    assert (credit.reason, credit.amount_minor, credit.is_cash_allowed) == ("cash_denied", 0, False)
    assert [each.points for each in credit.shares] == [3_000, 3_000]
    assert of.balances() == {"points_given": 6_000, "points": -6_000}


def test_a_deposit_counts_only_by_its_daily_average(of: Books) -> None:
    assert of.accrued(line="deposit", conditions=frozenset()).reason == "condition_missing"
    assert of.accrued(line="deposit").amount_minor == 2_500


def test_what_no_plan_or_rule_covers_is_written_down_with_nothing(of: Books) -> None:
    unknown = of.accrued(line="gold")
    assert (unknown.reason, unknown.amount_minor) == ("no_rule", 0)
    early = of.accrued(booked_at=make.MORNING - timedelta(days=40))
    assert (early.reason, early.plan_version) == ("no_plan", None)


def test_bands_grow_with_the_month_and_begin_again_with_the_next(of: Books) -> None:
    # 吴's two thirds of 3,000,000: 1,000,000 at 0.1 %, then 0.2 %.
    first = of.accrued(line="loan", base_minor=1_500_000)
    second = of.accrued(line="loan", base_minor=1_500_000)
    assert [each.amount_minor for each in first.shares] == [499, 1_000]
    assert [each.amount_minor for each in second.shares] == [500, 2_000]
    of.go_to(2026, 12, 1)
    assert [each.amount_minor for each in of.accrued(line="loan", base_minor=1_500_000).shares] == [499, 1_000]


def test_eight_at_once_credit_a_booking_once(of: Books) -> None:
    win = of.win()
    found = at_once([lambda: of.accrued(win).id] * 8)
    assert len(set(found)) == 1
    assert of.balances()["expense"] == 10_001


# ---- Months -------------------------------------------------------------------------------------------------------


def test_a_close_makes_payable_what_is_not_held_back(of: Books) -> None:
    of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    assert of.balances() == {
        "expense": 10_001,
        "payable": -6_000,
        "held": -4_001,
        "points_given": 6_000,
        "points": -6_000,
    }


def test_a_month_is_closed_by_two_people_who_get_nothing_from_it(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    run = of.house.works.run
    run(months.propose_close, "2026-11", of.head)
    with pytest.raises(Conflict, match="same_person"):
        run(months.approve_close, "2026-11", of.head)
    for deed in (months.propose_close, months.approve_close):
        with pytest.raises(Conflict, match="beneficiary"):
            run(deed, "2026-11", of.cast.wu)
    run(months.approve_close, "2026-11", of.admin)


def test_whoever_approves_approves_what_was_seen(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    of.house.works.run(months.propose_close, "2026-11", of.admin)
    of.accrued(booked_at=make.MORNING)
    with pytest.raises(Conflict, match="changed_since_proposed"):
        of.house.works.run(months.approve_close, "2026-11", of.head)


def test_months_close_one_after_the_other_and_only_when_they_are_over(of: Books) -> None:
    of.accrued()
    with pytest.raises(Conflict, match="period_not_over"):
        of.close("2026-11")
    of.go_to(2026, 12, 5)
    of.accrued()
    of.go_to(2027, 1, 5)
    with pytest.raises(Conflict, match="earlier_period_open") as refused:
        of.close("2026-12")
    assert refused.value.facts == {"period": "2026-11"}
    of.close("2026-11")
    of.close("2026-12")
    with pytest.raises(Conflict, match="closed"):
        of.close("2026-12")
    with pytest.raises(Invalid, match="bad_period"):
        of.close("2026-13")


def test_a_month_turns_at_midnight_in_the_branchs_zone(of: Books) -> None:
    of.go_to(2026, 11, 30, 15)
    assert of.accrued().origin_period == "2026-11"
    of.go_to(2026, 11, 30, 16)  # midnight in Shanghai
    assert of.accrued().origin_period == "2026-12"


def test_a_late_booking_is_posted_into_the_open_month_and_remembers_its_own(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    late = of.accrued(booked_at=make.MORNING)
    assert (late.period, late.origin_period) == ("2026-12", "2026-11")
    of.go_to(2027, 1, 1)
    of.close("2026-12")
    assert "accrued" not in of.balances()


def test_a_close_and_a_late_booking_at_once_lose_nothing(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    of.house.works.run(months.propose_close, "2026-11", of.admin)

    def close() -> str:
        try:
            of.house.works.run(months.approve_close, "2026-11", of.head)
            return "closed"
        except Conflict as refused:
            return refused.code

    win = of.win(booked_at=make.MORNING)
    ends = at_once([close, lambda: of.accrued(win).period])
    assert sorted(ends) in (["2026-11", "changed_since_proposed"], ["2026-12", "closed"])


# ---- Hold-back and payroll ----------------------------------------------------------------------------------------


def test_instalments_vest_on_their_days_and_no_sooner(of: Books) -> None:
    of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    ref = f"{HERE}/any"
    of.go_to(2027, 11, 22)
    of.house.works.run(months.vest, ref, system(HERE))
    assert of.balances()["held"] == -4_001
    for year, left in ((2027, -2_668), (2028, -1_334), (2029, 0)):
        of.go_to(year, 11, 23)
        of.house.works.run(months.vest, ref, system(HERE))
        of.house.works.run(months.vest, ref, system(HERE))
        assert of.balances().get("held", 0) == left
    assert of.balances()["payable"] == -10_001


def test_each_payable_is_exported_once(of: Books) -> None:
    of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    with pytest.raises(Conflict, match="beneficiary"):
        of.house.works.run(months.export_payroll, None, of.cast.wu)
    paid = of.export()
    assert paid is not None
    assert {line.staff_id: line.amount_minor for line in paid.lines} == {of.cast.zhou.id: 2_000, of.cast.wu.id: 4_000}
    assert of.export() is None


def test_who_has_not_accepted_the_plan_waits_for_their_money(of: Books) -> None:
    of.accrued(line="wealth", credited=(*of.win().credited, of.host()))
    newcomer = of.cast.second_teller
    win = of.win()
    of.accrued(replace(win, credited=(replace(win.credited[0], staff_id=newcomer.id), win.credited[1])))
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    paid = of.export()
    assert paid is not None and newcomer.id not in {line.staff_id for line in paid.lines}
    of.accept(1, newcomer)
    again = of.export()
    assert again is not None and [line.staff_id for line in again.lines] == [newcomer.id]


# ---- Taking back --------------------------------------------------------------------------------------------------


def reverse(of: Books, booking_id: str) -> None:
    request = actions.ReverseBooking(HERE, booking_id, of.house.clock.now().date())
    of.house.works.run(actions.reverse_booking, request, system(HERE))


def test_a_booking_undone_within_a_month_leaves_nothing_behind(of: Books) -> None:
    credit = of.accrued()
    reverse(of, credit.booking_id)
    assert of.balances() == {}
    assert of.credit(credit.id).state is CreditState.REVERSED
    reverse(of, credit.booking_id)
    assert of.balances() == {}


def test_after_a_month_half_comes_back_and_after_three_nothing(of: Books) -> None:
    one, other = of.accrued(line="wealth"), of.accrued(line="wealth")
    of.go_to(2027, 1, 15)
    reverse(of, one.booking_id)
    assert of.balances() == {"expense": 5_000 - 1_249, "accrued": -5_000 + 1_249}
    of.go_to(2027, 3, 15)
    reverse(of, other.booking_id)
    assert of.balances()["expense"] == 3_751


def claw(of: Books, credit_id: str, on: date) -> int | None:
    request = actions.ClawBack(credit_id, "mis_selling", on, of.admin.label)
    return of.house.works.run(actions.claw_back, request, of.head)


def test_what_was_paid_becomes_a_debt_that_later_payouts_pay_a_fifth_of(of: Books) -> None:
    bad = of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    of.export()
    assert claw(of, bad.id, date(2026, 12, 2)) is not None
    assert claw(of, bad.id, date(2026, 12, 2)) is None
    wu = of.cast.wu.id
    assert of.balances(holder=wu) == {"paid": -4_000, "receivable": 4_000}
    of.accrued(line="card")
    of.go_to(2027, 1, 1)
    of.close("2026-12")
    paid = of.export()
    assert paid is not None
    assert {line.staff_id: line.amount_minor for line in paid.lines}[wu] == 4_000 - 800
    assert of.balances(holder=wu)["receivable"] == 3_200
    # What came back from later pay is not taken a second time.
    assert claw(of, bad.id, date(2027, 1, 2)) is None


def test_a_clawback_takes_the_latest_instalments_first_and_can_be_undone_once(of: Books) -> None:
    credit = of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    before = of.balances()
    no = claw(of, credit.id, date(2026, 12, 2))
    assert no is not None and of.balances() == {}
    undo = actions.ReverseJournal(no, "dispute_won", date(2026, 12, 3), of.admin.label)
    of.house.works.run(actions.reverse_clawback, undo, of.head)
    assert {name: amount for name, amount in of.balances().items() if "points" not in name} == {
        name: amount for name, amount in before.items() if "points" not in name
    }
    with pytest.raises(Conflict, match="reversed"):
        of.house.works.run(actions.reverse_clawback, undo, of.head)
    of.go_to(2029, 11, 23)
    of.house.works.run(months.vest, HERE, system(HERE))
    assert "held" not in of.balances()


def test_a_clawback_needs_a_known_reason_and_two_people_who_get_nothing(of: Books) -> None:
    credit = of.accrued()
    on = make.TODAY
    with pytest.raises(Invalid, match="unknown_reason"):
        of.house.works.run(actions.claw_back, actions.ClawBack(credit.id, "envy", on, of.admin.label), of.head)
    for checker in (of.head, of.cast.wu):
        with pytest.raises(Conflict, match="same_person"):
            of.house.works.run(
                actions.claw_back, actions.ClawBack(credit.id, "mis_selling", on, checker.label), of.head
            )
    with pytest.raises(NotFound):
        of.house.works.run(actions.claw_back, actions.ClawBack("x", "mis_selling", on, of.admin.label), of.head)


def test_the_chain_and_the_head_move_with_every_journal(of: Books) -> None:
    of.accrued()
    with of.house.database.read() as db:
        found = list(store.journals(db, HERE))
    assert [each.no for each in found] == [1, 2]
    assert len({each.hash for each in found}) == 2
