"""What an auditor tries on the ledger: pressure, clocks, interests, people who left, other branches; both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Refusal
from lobby_server.kernel.house import House
from lobby_server.staff.actions import AddStaff, add_staff
from lobby_server.staff.tables import staff
from referral.incentives import actions
from referral.incentives.actions import disputes, months, plans
from referral.incentives.store.disputes import statement
from referral.incentives.tables import credit, journal
from tests import make
from tests.actions.racing import at_once
from tests.ledger import Books, books, plan
from tests.make import ELSEWHERE, HERE, Cast

TELLERS, BOOKINGS_EACH = 4, 8
FLAT_MINOR = 10_001


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A branch with a book and a plan."""
    return books(house, cast)


@pytest.fixture(autouse=True)
def sound(of: Books) -> Iterator[None]:
    """After every test, every invariant holds."""
    yield
    assert of.faults() == []


# ---- Close under load ---------------------------------------------------------------------------------------------


def test_a_month_that_is_closed_while_bookings_rain_loses_none_and_takes_none_afterwards(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    is_over = threading.Event()
    left = [TELLERS]

    def book() -> str:
        for number in range(BOOKINGS_EACH):
            # Every other one is told late, for the month that is being closed.
            of.accrued(booked_at=make.MORNING if number % 2 else of.house.clock.now())
        left[0] -= 1
        if not left[0]:
            is_over.set()
        return "booked"

    def close() -> str:
        while True:
            is_last_try = is_over.is_set()
            try:
                of.close("2026-11")
                return "closed"
            except Conflict as refused:
                if refused.code != "changed_since_proposed" or is_last_try:
                    raise

    ends = at_once([close, *[book] * TELLERS])
    assert sorted(ends) == ["booked"] * TELLERS + ["closed"]
    with of.house.database.read() as db:
        closed_at = db.scalar(sa.select(sa.func.max(journal.c.no)).where(journal.c.period == "2026-11"))
        told = db.execute(sa.select(credit.c.period, credit.c.origin_period)).all()
        late = sa.select(sa.func.count()).select_from(journal)
        late = late.where(journal.c.origin_period == "2026-11", journal.c.period == "2026-12", journal.c.no < closed_at)
        assert db.scalar(late) == 0
    assert len(told) == TELLERS * BOOKINGS_EACH + 1
    assert of.balances()["expense"] == FLAT_MINOR * len(told)
    assert {row.period for row in told if row.origin_period == "2026-12"} == {"2026-12"}


# ---- Clocks and months --------------------------------------------------------------------------------------------

MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("midnight", "before", "after"),
    [
        (datetime(2026, 11, 30, 16, tzinfo=UTC), "2026-11", "2026-12"),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "2026-12", "2027-01"),
        (datetime(2027, 2, 28, 16, tzinfo=UTC), "2027-02", "2027-03"),
        (datetime(2028, 2, 29, 16, tzinfo=UTC), "2028-02", "2028-03"),
    ],
    ids=lambda told: str(told)[:10],
)
def test_a_booking_belongs_to_its_month_in_shanghai_to_the_microsecond(
    of: Books, midnight: datetime, before: str, after: str
) -> None:
    make.advance(of.house, (midnight - of.house.clock.now()) / timedelta(seconds=1) + 3600)
    periods = [of.accrued(booked_at=at).origin_period for at in (midnight - MICROSECOND, midnight)]
    assert periods == [before, after]


def test_a_clock_that_falls_back_over_the_end_of_a_month_opens_nothing_again(of: Books) -> None:
    of.accrued()
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    make.advance(of.house, -24 * 3600)
    late = of.accrued()
    assert (late.origin_period, late.period) == ("2026-11", "2026-12")
    for period in ("2026-11", "2026-12"):
        with pytest.raises(Conflict, match="period_not_over"):
            of.close(period)
    of.house.works.run(months.vest, HERE, system(HERE))
    make.advance(of.house, 24 * 3600)
    with pytest.raises(Conflict, match="closed"):
        of.close("2026-11")
    of.go_to(2027, 1, 1)
    of.close("2026-12")
    assert "accrued" not in of.balances()


def test_a_clock_that_leaps_ahead_and_comes_back_dates_nothing_ahead(of: Books) -> None:
    ahead = of.house.clock.now() + timedelta(days=40)
    with pytest.raises(Invalid, match="bad_win"):
        of.accrued(booked_at=ahead)
    make.advance(of.house, 40 * 86_400)
    leapt = of.accrued()
    make.advance(of.house, -40 * 86_400)
    here = of.accrued()
    assert (leapt.origin_period, here.origin_period) == ("2027-01", "2026-11")
    with pytest.raises(Conflict, match="period_not_over"):
        of.close("2026-11")


# ---- Interests ----------------------------------------------------------------------------------------------------


def test_nobody_decides_anything_that_pays_them(of: Books) -> None:
    """周 refers, and heads the branch as well: each deed that needs a second person refuses this one."""
    judge = replace(of.cast.zhou, roles=frozenset({"teller", "head", "admin"}))
    run = of.house.works.run
    mine = of.accrued()
    row = run(plans.propose_plan, plan(2, "2026-12-01"), of.admin)
    contested = run(disputes.raise_dispute, disputes.RaiseDispute(mine.referral_id, "是我介绍的"), of.cast.wu)
    of.go_to(2026, 12, 1)
    run(months.propose_close, "2026-11", of.admin)
    claw = actions.ClawBack(mine.id, "mis_selling", make.TODAY, of.admin.label)
    deeds: dict[str, Callable[[], object]] = {
        "proposing a plan": partial(run, plans.propose_plan, plan(3, "2027-02-01"), judge),
        "approving a plan": partial(run, plans.approve_plan, plans.ApprovePlan(2, row.sha256), judge),
        "proposing a close": partial(run, months.propose_close, "2026-11", judge),
        "approving a close": partial(run, months.approve_close, "2026-11", judge),
        "ruling": partial(run, disputes.resolve, disputes.Resolve(contested.id, "uphold"), judge),
        "taking back": partial(run, actions.claw_back, claw, judge),
        "seconding it": partial(run, actions.claw_back, replace(claw, checked_by=judge.label), of.head),
    }
    codes = {what: _refused(deed) for what, deed in deeds.items()}
    assert codes == {
        **dict.fromkeys(deeds, "beneficiary"),
        "ruling": "party",
        "taking back": "same_person",
        "seconding it": "same_person",
    }
    run(disputes.resolve, disputes.Resolve(contested.id, "uphold"), of.head)
    run(disputes.resolve, disputes.Resolve(contested.id, "uphold"), of.admin)
    run(months.approve_close, "2026-11", of.head)
    assert _refused(partial(run, months.export_payroll, None, judge)) == "beneficiary"


def _refused(deed: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        deed()
    return refused.value.code


# ---- Who left -----------------------------------------------------------------------------------------------------


def test_who_left_owes_what_was_paid_wrongly_and_is_paid_what_they_earned_before(of: Books) -> None:
    wu = of.cast.wu.id
    bad = of.accrued(line="card")
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    of.export()
    gone_at = of.house.clock.now()
    of.house.database.run(lambda db: db.execute(staff.update().where(staff.c.id == wu).values(disabled_at=gone_at)))
    of.go_to(2026, 12, 10)
    asked = actions.ClawBack(bad.id, "mis_selling", of.house.clock.now().date(), of.admin.label)
    of.house.works.run(actions.claw_back, asked, of.head)
    assert of.balances(holder=wu) == {"paid": -4_000, "receivable": 4_000}
    # Head office tells late of what they closed while they were here: it is theirs, less a fifth of it.
    people = tuple(replace(each, did_at=make.MORNING) for each in of.win().credited)
    late = of.accrued(line="card", booked_at=make.MORNING, credited=people)
    assert (late.period, late.origin_period) == ("2026-12", "2026-11")
    of.go_to(2027, 1, 1)
    of.close("2026-12")
    paid = of.export()
    assert paid is not None
    assert {line.staff_id: line.amount_minor for line in paid.lines}[wu] == 4_000 - 800
    # With nothing more to come the debt stands, and no payroll file ever asks for money.
    assert of.balances(holder=wu)["receivable"] == 3_200 and of.export() is None
    with of.house.database.read() as db:
        told = statement(db, HERE, wu, "2026-12")
    assert [line.credit.id for line in told.lines] == [late.id]
    assert "claw_back" in {each.kind for each in told.movements}


# ---- Another branch -----------------------------------------------------------------------------------------------


def test_another_branchs_deciders_find_none_of_it_and_change_none_of_it(of: Books) -> None:
    mine = of.accrued()
    contested = of.house.works.run(
        disputes.raise_dispute, disputes.RaiseDispute(mine.referral_id, "是我介绍的"), of.cast.wu
    )
    head, admin = (_stranger(of, number) for number in ("H901", "A901"))
    of.go_to(2026, 12, 1)
    before = of.balances()
    run = of.house.works.run
    sha256 = "0" * 64
    claw = actions.ClawBack(mine.id, "mis_selling", make.TODAY, admin.label)
    undo = actions.ReverseJournal(1, "cleared", make.TODAY, admin.label)
    theirs: list[Callable[[], object]] = [
        partial(run, actions.claw_back, claw, head),
        partial(run, actions.reverse_clawback, undo, head),
        partial(run, disputes.resolve, disputes.Resolve(contested.id, "uphold"), head),
        partial(run, disputes.raise_dispute, disputes.RaiseDispute(mine.referral_id, "也是我的"), of.cast.zheng),
        partial(run, plans.approve_plan, plans.ApprovePlan(1, sha256), head),
        partial(run, plans.accept_plan, plans.ApprovePlan(1, sha256), of.cast.zheng),
        partial(run, actions.reverse_booking, actions.ReverseBooking(ELSEWHERE, mine.booking_id, make.TODAY), head),
    ]
    for deed in theirs:
        with pytest.raises(NotFound):
            deed()
    # Their own month and payroll are about their own book.
    run(months.propose_close, "2026-11", admin)
    run(months.approve_close, "2026-11", head)
    assert run(months.export_payroll, None, head) is None
    with of.house.database.read() as db:
        told = statement(db, ELSEWHERE, of.cast.zhou.id, "2026-11")
    assert (told.lines, told.movements) == ((), ())
    assert of.balances() == before
    assert _refused(partial(run, months.approve_close, "2026-11", of.head)) == "not_proposed"


def _stranger(of: Books, number: str) -> Actor:
    role = "head" if number.startswith("H") else "admin"
    new = AddStaff(ELSEWHERE, number, "外人", (role,), make.PASSWORD_HASH)
    who = of.house.works.run(add_staff, new, system(ELSEWHERE))
    return Actor("staff", who.id, ELSEWHERE, frozenset({role}), number, "外人")
