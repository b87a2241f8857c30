"""Contested credits and statements: the money waits, the rulings are compared, two others decide, all of it adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lobby_server.branch.actions.settings import SetCalendar, set_calendar
from lobby_server.branch.rules import Hours
from lobby_server.kernel import event_log
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.worker import Worker
from referral.incentives.actions import disputes
from referral.incentives.actions.disputes import RaiseDispute, Resolve
from referral.incentives.store import earned
from referral.incentives.store.disputes import Dispute, Statement, statement
from referral.incentives.store.earned import Credit
from tests import make
from tests.ledger import Books, books
from tests.make import HERE, Cast


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A branch with a plan that the second teller has accepted too."""
    made = books(house, cast)
    made.accept(1, cast.second_teller)
    return made


def contested(of: Books, credit: Credit) -> Dispute:
    """The second teller says that it was her."""
    asked = RaiseDispute(credit.referral_id, "我先登记的")
    return of.house.works.run(disputes.raise_dispute, asked, of.cast.second_teller)


def ruled(of: Books, dispute: Dispute, ruling: str) -> Dispute:
    for who in (of.head, of.admin):
        found = of.house.works.run(disputes.resolve, Resolve(dispute.id, ruling), who)
    return found


def test_contested_money_is_not_paid_until_it_is_ruled(of: Books) -> None:
    credit = of.accrued()
    dispute = contested(of, credit)
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    assert of.export() is None
    ruled(of, dispute, "uphold")
    paid = of.export()
    assert paid is not None and {line.staff_id for line in paid.lines} == {of.cast.zhou.id, of.cast.wu.id}
    assert of.faults() == []


def test_the_rulings_are_compared_before_anybody_decides_and_give_what_they_said(of: Books) -> None:
    credit = of.accrued(line="wealth")
    dispute = contested(of, credit)
    with of.house.database.read() as db:
        found = disputes.compare(db, HERE, "Asia/Shanghai", credit, of.cast.second_teller.id)
    zhou, wu, teller = of.cast.zhou.id, of.cast.wu.id, of.cast.second_teller.id
    assert {each.ruling: dict(each.amounts) for each in found} == {
        "uphold": {zhou: 833, wu: 1_667},
        "claimant_referred": {teller: 833, wu: 1_667},
        "nobody": {zhou: 0, wu: 0},
    }
    ruled(of, dispute, "claimant_referred")
    assert of.balances(holder=zhou) == {}
    assert (of.balances(holder=teller), of.balances(holder=wu)) == ({"accrued": -833}, {"accrued": -1_667})
    with of.house.database.read() as db:
        now = earned.credit_of_referral(db, HERE, credit.referral_id)
    assert now is not None and now.replaces == credit.id
    assert of.faults() == []


def test_a_ruling_after_the_money_was_paid_makes_a_debt_and_pays_the_right_one(of: Books) -> None:
    credit = of.accrued(line="wealth")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    of.export()
    ruled(of, contested(of, credit), "claimant_referred")
    assert of.balances(holder=of.cast.zhou.id) == {"paid": -500, "receivable": 500}
    assert of.balances(holder=of.cast.second_teller.id) == {"accrued": -833}
    assert of.faults() == []


def test_nobody_earned_it_takes_all_of_it_back(of: Books) -> None:
    credit = of.accrued(line="wealth")
    ruled(of, contested(of, credit), "nobody")
    assert of.balances() == {}


def test_two_people_decide_who_are_no_party(of: Books) -> None:
    dispute = contested(of, of.accrued())
    run = of.house.works.run
    for party in (of.cast.zhou, of.cast.wu, of.cast.second_teller):
        with pytest.raises(Conflict, match="party"):
            run(disputes.resolve, Resolve(dispute.id, "uphold"), party)
    run(disputes.resolve, Resolve(dispute.id, "uphold"), of.head)
    with pytest.raises(Conflict, match="same_person"):
        run(disputes.resolve, Resolve(dispute.id, "uphold"), of.head)
    # Another opinion is a new proposal, which the first person may confirm.
    run(disputes.resolve, Resolve(dispute.id, "nobody"), of.admin)
    assert run(disputes.resolve, Resolve(dispute.id, "nobody"), of.head).ended_at is not None
    with pytest.raises(Conflict, match="ended"):
        run(disputes.resolve, Resolve(dispute.id, "uphold"), of.admin)
    with pytest.raises(Invalid, match="unknown_ruling"):
        run(disputes.resolve, Resolve(dispute.id, "coin"), of.admin)
    with pytest.raises(NotFound):
        run(disputes.resolve, Resolve(make.new_id(), "uphold"), of.admin)


def test_somebody_contests_once_and_in_time(of: Books) -> None:
    credit, other = of.accrued(), of.accrued()
    assert contested(of, credit).id == contested(of, credit).id
    of.go_to(2026, 12, 31, 17)
    with pytest.raises(Conflict, match="contest_over"):
        contested(of, other)
    with pytest.raises(NotFound):
        of.house.works.run(disputes.raise_dispute, RaiseDispute(make.new_id(), "x"), of.cast.zhou)


# ---- Not ruled on in time -----------------------------------------------------------------------------------------

WEEKDAYS = Hours((1, 2, 3, 4, 5), 9 * 60, 17 * 60)
ENDS = datetime(2026, 12, 1, 16, tzinfo=UTC)  # Monday the 23rd, five days of business without the holiday, midnight


def contested_in_a_week_with_a_holiday(of: Books) -> Dispute:
    of.house.works.run(set_calendar, SetCalendar((WEEKDAYS,), frozenset({date(2026, 11, 25)}), (), 1), of.admin)
    return contested(of, of.accrued())


def later(of: Books, moment: datetime) -> list[Any]:
    """What head office hears once this moment has come, twice looked at."""
    make.advance(of.house, (moment - of.house.clock.now()) / timedelta(seconds=1))
    for _ in range(2):
        Worker(of.house, make.TYPES).fire_due()
    with of.house.database.read() as db:
        found = event_log.read_after(db, HERE, 0, 1000)
    return [each.data for each in found if each.type == "incentives.dispute_overdue"]


def test_head_office_hears_once_of_a_dispute_that_nobody_rules_on(of: Books) -> None:
    dispute = contested_in_a_week_with_a_holiday(of)
    assert dispute.due_at == ENDS
    assert later(of, ENDS - timedelta(seconds=1)) == []
    (told,) = later(of, ENDS)
    assert (told["dispute_id"], told["credit_id"]) == (dispute.id, dispute.credit_id)
    # It can still be ruled on, and until then the money waits.
    of.close("2026-11")
    assert of.export() is None
    late = ruled(of, dispute, "uphold")
    assert (late.escalated_at, late.ended_at) == (ENDS, ENDS)
    assert of.export() is not None
    assert of.faults() == []


def test_a_ruling_in_time_is_nobody_elses_business(of: Books) -> None:
    ruled(of, contested_in_a_week_with_a_holiday(of), "uphold")
    assert later(of, ENDS + timedelta(days=1)) == []


# ---- Statements ---------------------------------------------------------------------------------------------------


def statement_of(of: Books, staff_id: str, period: str) -> Statement:
    with of.house.database.read() as db:
        return statement(db, HERE, staff_id, period)


def test_a_statement_shows_each_booking_and_adds_up_to_the_balances(of: Books) -> None:
    wu = of.cast.wu.id
    for line in ("card", "wealth", "fund"):
        of.accrued(line=line)
    told = statement_of(of, wu, "2026-11")
    assert [each.credit.product_line for each in told.lines] == ["card", "wealth", "fund"]
    assert [each.there.get("accrued", 0) for each in told.lines] == [6_667, 1_667, 0]
    assert told.lines[2].credit.reason == "cash_denied" and told.lines[2].credit.legal_basis
    assert told.movements == ()
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    of.export()
    (closed, also) = statement_of(of, wu, "2026-11").movements
    assert closed.amounts == {"accrued": -6_667, "payable": 4_000, "held": 2_667}
    assert also.amounts == {"accrued": -1_667, "payable": 1_000, "held": 667}
    assert [each.amounts for each in statement_of(of, wu, "2026-12").movements] == [
        {"payable": -4_000, "paid": 4_000},
        {"payable": -1_000, "paid": 1_000},
    ]
    sums = {"held": 0, "paid": 0}
    for each in statement_of(of, wu, "2026-11").lines:
        for account in sums:
            sums[account] += each.there.get(account, 0)
    assert sums == {"held": 3_334, "paid": 5_000}
