"""Whoever owns the ledger's tables changes, adds or takes a row in any of them: the check finds it, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from referral.incentives import actions, tables
from referral.incentives.actions import disputes
from referral.incentives.actions.guarding import take_guard
from referral.incentives.plan import sha256_of
from referral.incentives.tables import (
    account_balance,
    credit,
    credit_share,
    dispute,
    hold_instalment,
    incentive_plan,
    journal,
    ledger_book,
    ledger_period,
    payroll_file,
    payroll_line,
    plan_acceptance,
    posting,
    rule_guard,
)
from referral.incentives.wire.guard import read_guard_file
from tests import make
from tests.actions.test_ledger_guards import as_owner
from tests.feeds import file_of
from tests.ledger import Books, books, guard, plan
from tests.make import HERE, Cast

Tampering = Callable[[], list[sa.Executable]]
KINDER = plan(1, cap_minor=99)

TAMPERED: dict[str, tuple[sa.Table, Tampering, str]] = {
    "the number of journals": (ledger_book, lambda: [ledger_book.update().values(journal_no=3)], "ledger_15"),
    "the head": (ledger_book, lambda: [ledger_book.update().values(head=b"0" * 32)], "ledger_15"),
    "a month opened again": (
        ledger_period,
        lambda: [_month().values(approved_by=None, approved_at=None)],
        "ledger_7",
    ),
    "a month closed by another": (ledger_period, lambda: [_month().values(approved_by="staff:x")], "ledger_7"),
    "a month closed by nobody": (
        ledger_period,
        lambda: [_month("2026-12").values(proposed_by="staff:x", approved_by="staff:y", approved_at=make.MORNING)],
        "ledger_7",
    ),
    "a late journal hidden by a later close": (
        ledger_period,
        lambda: [
            journal.update().where(journal.c.period == "2026-12").values(period="2026-11", origin_period="2026-11"),
            _month().values(approved_at=make.MORNING + timedelta(days=900)),
        ],
        "ledger_7",
    ),
    "a journal's maker": (journal, lambda: [journal.update().values(made_by="staff:x")], "ledger_15"),
    "an account": (
        posting,
        lambda: [posting.update().where(posting.c.account == "held").values(account="payable")],
        "ledger_15",
    ),
    "a balance that nobody posted": (
        account_balance,
        lambda: [account_balance.insert().values(_balance())],
        "ledger_3",
    ),
    "a plan's words": (incentive_plan, lambda: [incentive_plan.update().values(document=KINDER)], "ledger_17"),
    "a plan's words and their digest": (
        incentive_plan,
        lambda: [incentive_plan.update().values(document=KINDER, sha256=sha256_of(KINDER))],
        "ledger_17",
    ),
    "a plan's first day": (
        incentive_plan,
        lambda: [incentive_plan.update().values(starts_on=make.TODAY - timedelta(days=300))],
        "ledger_17",
    ),
    "who approved a plan": (
        incentive_plan,
        lambda: [incentive_plan.update().values(approved_by="staff:x")],
        "ledger_17",
    ),
    "a plan that nobody proposed": (incentive_plan, lambda: [incentive_plan.insert().values(_plan())], "ledger_17"),
    "what the guard denies": (rule_guard, lambda: [rule_guard.update().values(document={})], "ledger_18"),
    "a guard that nobody sent": (rule_guard, lambda: [rule_guard.insert().values(_guard())], "ledger_18"),
    "an acceptance taken away": (plan_acceptance, lambda: [plan_acceptance.delete()], "ledger_17"),
    "a booking's amount": (credit, lambda: [credit.update().values(base_minor=credit.c.base_minor + 1)], "ledger_15"),
    "a booking's day": (credit, lambda: [credit.update().values(booked_on=make.TODAY)], "ledger_15"),
    "a credit that was undone, alive again": (
        credit,
        lambda: [credit.update().where(credit.c.state == "reversed").values(state="live")],
        "ledger_15",
    ),
    "a credit ended by nobody": (
        credit,
        lambda: [credit.update().where(credit.c.state == "live").values(state="reversed")],
        "ledger_15",
    ),
    "whose share it is": (credit_share, lambda: [_referrers().values(part="host")], "ledger_15"),
    "how much is held back": (credit_share, lambda: [credit_share.update().values(hold_back_ppm=0)], "ledger_15"),
    "an instalment's day": (
        hold_instalment,
        lambda: [hold_instalment.update().values(vests_on=make.TODAY)],
        "ledger_6",
    ),
    "an instalment vested by nobody": (
        hold_instalment,
        lambda: [hold_instalment.update().values(vested_minor=hold_instalment.c.amount_minor, clawed_minor=0)],
        "ledger_6",
    ),
    "who made a payroll file": (payroll_file, lambda: [payroll_file.update().values(made_by="staff:x")], "ledger_20"),
    "an amount moved between two files": (
        payroll_line,
        lambda: [_paid_in(number, payroll_line.c.amount_minor + by) for number, by in ((1, 5), (2, -5))],
        "ledger_20",
    ),
    "a ruling": (dispute, lambda: [dispute.update().values(ruling="void")], "ledger_16"),
    "a dispute put off": (dispute, lambda: [dispute.update().values(due_at=make.MORNING)], "ledger_16"),
    "a dispute said to be passed on": (
        dispute,
        lambda: [dispute.update().values(escalated_at=make.MORNING)],
        "ledger_16",
    ),
    "a dispute taken away": (dispute, lambda: [dispute.delete()], "ledger_16"),
}


def _month(period: str = "2026-11") -> sa.Update:
    return ledger_period.update().where(ledger_period.c.period == period)


def _referrers() -> sa.Update:
    return credit_share.update().where(credit_share.c.part == "referrer")


def _paid_in(file_no: int, amount_minor: sa.ColumnElement[int]) -> sa.Update:
    return payroll_line.update().where(payroll_line.c.file_no == file_no).values(amount_minor=amount_minor)


def _guard() -> dict[str, Any]:
    return {"version": "9", "document": {}, "sha256": "", "as_of": make.TODAY, "taken_at": make.MORNING}


def _balance() -> dict[str, Any]:
    return {"branch_id": HERE, "account": "payable", "holder": "x", "currency": "USD", "amount_minor": -1}


def _plan() -> dict[str, Any]:
    told = {"branch_id": HERE, "version": 9, "starts_on": make.TODAY, "document": KINDER, "sha256": sha256_of(KINDER)}
    return {**told, "proposed_by": "staff:x", "proposed_at": make.MORNING}


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A book with something in each table: two months closed and paid, one credit undone, one contested and ruled."""
    made = books(house, cast)
    first = made.accrued()
    contested, undone = made.accrued(), made.accrued()
    made.go_to(2026, 12, 1)
    made.close("2026-11")
    house.works.run(disputes.raise_dispute, disputes.RaiseDispute(contested.referral_id, "是我介绍的"), cast.zhou)
    told = actions.ReverseBooking(HERE, undone.booking_id, house.clock.now().date())
    house.works.run(actions.reverse_booking, told, made.admin)
    (open_one,) = _disputes(made)
    for who in (made.head, made.admin):
        house.works.run(disputes.resolve, disputes.Resolve(open_one, "uphold"), who)
    made.export()
    made.accrued(line="wealth")
    house.works.run(take_guard, TakeFeed(read_guard_file(file_of(guard(), feed="guard"))), made.admin)
    made.go_to(2027, 1, 4)
    made.accrued(line="card")
    made.close("2026-12")
    made.export()
    assert first.amount_minor and made.faults() == []
    return made


def _disputes(of: Books) -> list[str]:
    with of.house.database.read() as db:
        return list(db.scalars(sa.select(dispute.c.id)))


@pytest.mark.parametrize("what", TAMPERED)
def test_the_owner_of_a_table_is_found_out(of: Books, what: str) -> None:
    _table, statements, expected = TAMPERED[what]
    as_owner(of, *statements())
    assert expected in {each.split()[0].rstrip(":") for each in of.faults()}


def test_no_table_of_the_ledger_is_left_out() -> None:
    of_the_ledger = {each.name for each in vars(tables).values() if isinstance(each, sa.Table)}
    assert {table.name for table, _, _ in TAMPERED.values()} == of_the_ledger
