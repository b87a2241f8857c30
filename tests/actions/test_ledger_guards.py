"""What the database itself refuses, whoever writes to it, and what the check finds when somebody gets past it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.kernel.house import House
from referral.incentives import store
from referral.incentives.ledger import chain_fault
from referral.incentives.store import checks
from referral.incentives.tables import (
    account_balance,
    credit,
    credit_share,
    incentive_plan,
    journal,
    ledger_book,
    ledger_period,
    posting,
)
from tests import make
from tests.ledger import Books, books
from tests.make import HERE, Cast

GUARDED = ("journal", "posting", "credit", "credit_share", "incentive_plan", "ledger_period", "payroll_line", "dispute")


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A book in which a month was closed and paid, and another began."""
    made = books(house, cast)
    made.accrued()
    made.go_to(2026, 12, 1)
    made.close("2026-11")
    made.export()
    made.accrued()
    return made


def refused(of: Books, *statements: sa.Executable) -> None:
    """The statements, in one transaction, fail by the database's own word."""

    def write(db: sa.Connection) -> None:
        for each in statements:
            db.execute(each)

    with pytest.raises((sa.exc.IntegrityError, sa.exc.DatabaseError)):
        of.house.database.run(write)


def line(no: int, number: int, amount_minor: int, account: str = "accrued", **changes: Any) -> sa.Executable:
    told = {"branch_id": HERE, "journal_no": no, "line": number, "account": account, "amount_minor": amount_minor}
    holder = "bank" if account == "expense" else "somebody"
    return posting.insert().values(**{**told, "holder": holder, "currency": "CNY", **changes})


def sealed(no: int, **changes: Any) -> sa.Executable:
    told = {
        "branch_id": HERE,
        "no": no,
        "at": make.MORNING,
        "kind": "accrue",
        "reason": "by_hand",
        "period": "2026-12",
        "origin_period": "2026-12",
        "made_by": "staff:x",
        "line_count": 2,
        "hash": b"",
    }
    return journal.insert().values(**{**told, **changes})


@pytest.mark.parametrize("table", [journal, posting, credit_share], ids=str)
def test_what_was_posted_is_never_changed_or_removed(of: Books, table: sa.Table) -> None:
    refused(of, table.delete())
    column = "reason" if table is journal else "amount_minor"
    refused(of, table.update().values({column: "1" if table is journal else 1}))


def test_a_credit_keeps_its_amount_and_a_plan_its_words(of: Books) -> None:
    refused(of, credit.update().values(amount_minor=1))
    refused(of, credit.delete())
    refused(of, incentive_plan.update().values(document={}))
    refused(of, incentive_plan.update().values(approved_by="staff:y"))
    refused(of, incentive_plan.delete())


def test_a_closed_month_stays_closed(of: Books) -> None:
    refused(of, ledger_period.update().where(ledger_period.c.period == "2026-11").values(approved_by=None))
    refused(of, ledger_period.delete())
    for period in ("2026-11", "2031-01"):
        refused(of, line(90, 1, 5, "expense"), line(90, 2, -5), sealed(90, period=period, origin_period="2026-11"))


def test_a_journal_that_does_not_balance_cannot_be_written(of: Books) -> None:
    refused(of, line(90, 1, 5, "expense"), line(90, 2, -4), sealed(90))
    refused(of, line(90, 1, 5, "expense"), line(90, 2, -5, currency="USD"), sealed(90))
    refused(of, line(90, 1, 5, "expense"), line(90, 2, -5), sealed(90, line_count=3))
    refused(of, sealed(90))


def test_lines_without_a_journal_or_after_it_cannot_be_written(of: Books) -> None:
    refused(of, line(1, 90, 5, "expense"), line(1, 91, -5))
    if not of.house.database.is_sqlite:
        # On SQLite the check would come with the commit that many units share; the ledger writes both or neither.
        refused(of, line(90, 1, 5, "expense"), line(90, 2, -5))


def test_a_balanced_journal_can_be_written_so_the_refusals_mean_something(of: Books) -> None:
    def write(db: sa.Connection) -> None:
        for each in (line(90, 1, 5, "expense"), line(90, 2, -5), sealed(90)):
            db.execute(each)

    of.house.database.run(write)


def test_points_never_meet_money_and_nobody_is_paid_what_is_not_there(of: Books) -> None:
    refused(of, line(90, 1, 5, "expense", currency="PTS"), line(90, 2, -5, currency="PTS"), sealed(90))
    refused(of, account_balance.update().where(account_balance.c.account == "accrued").values(amount_minor=1))


def test_one_person_is_never_both_maker_and_checker(of: Books) -> None:
    refused(of, line(90, 1, 5, "expense"), line(90, 2, -5), sealed(90, checked_by="staff:x"))
    refused(
        of,
        ledger_period.update()
        .where(ledger_period.c.period == "2026-12")
        .values(proposed_by="staff:x", approved_by="staff:x"),
    )
    told = {"branch_id": HERE, "starts_on": make.TODAY, "document": {}, "sha256": "", "proposed_at": make.MORNING}
    refused(of, incentive_plan.insert().values(**told, version=9, proposed_by="staff:x", approved_by="staff:x"))


def test_a_booking_and_a_referral_are_credited_once_and_a_journal_reversed_once(of: Books) -> None:
    with of.house.database.read() as db:
        row = dict(db.execute(sa.select(credit).limit(1)).one()._mapping)
    for column in ("booking_id", "referral_id"):
        refused(of, credit.insert().values(**{**row, "id": make.new_id(), column: "another"}))
    back = (line(90, 1, 5, "expense"), line(90, 2, -5), sealed(90, kind="reverse", reverses=1))
    again = (line(91, 1, 5, "expense"), line(91, 2, -5), sealed(91, kind="reverse", reverses=1))
    refused(of, *back, *again)


def test_no_cash_for_a_denied_class_can_be_written(of: Books) -> None:
    with of.house.database.read() as db:
        row = dict(db.execute(sa.select(credit).limit(1)).one()._mapping)
    changed = {"id": make.new_id(), "booking_id": "x", "referral_id": "y", "is_cash_allowed": False}
    refused(of, credit.insert().values(**{**row, **changed}))


# ---- Whoever gets past the guards is seen -------------------------------------------------------------------------


def as_owner(of: Books, *statements: sa.Executable) -> None:
    """Do what the triggers refuse, as whoever owns the tables can."""

    def write(db: sa.Connection) -> None:
        if of.house.database.is_sqlite:
            names = db.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                db.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            db.exec_driver_sql("SET session_replication_role = replica")
        for each in statements:
            db.execute(each)
        if not of.house.database.is_sqlite:
            db.exec_driver_sql("SET session_replication_role = DEFAULT")

    of.house.database.run(write)


def of_journal(no: int) -> sa.ColumnElement[bool]:
    return posting.c.journal_no == no


TAMPERED: dict[str, tuple[Callable[[], list[sa.Executable]], set[str]]] = {
    "an amount on both sides": (
        lambda: [posting.update().where(of_journal(1)).values(amount_minor=posting.c.amount_minor * 2)],
        {"ledger_3", "ledger_6", "ledger_15"},
    ),
    "one side": (
        lambda: [posting.update().where(of_journal(1), posting.c.line == 1).values(amount_minor=1)],
        {"ledger_1", "ledger_2", "ledger_3", "ledger_15"},
    ),
    "whose it is": (
        lambda: [posting.update().where(of_journal(1), posting.c.line == 2).values(holder="another")],
        {"ledger_3", "ledger_6", "ledger_15"},
    ),
    "the reason": (lambda: [journal.update().where(journal.c.no == 1).values(reason="gift")], {"ledger_15"}),
    "the month": (lambda: [journal.update().where(journal.c.no == 1).values(origin_period="2026-10")], {"ledger_15"}),
    "a balance": (
        lambda: [account_balance.update().where(account_balance.c.account == "paid").values(amount_minor=-1)],
        {"ledger_3", "ledger_20"},
    ),
    "the tail": (
        lambda: [
            posting.delete().where(posting.c.journal_no >= 7),
            journal.delete().where(journal.c.no >= 7),
        ],
        {"ledger_3", "ledger_6", "ledger_15"},
    ),
    "two journals swapped": (
        lambda: [
            journal.update().where(journal.c.no.in_((1, 2))).values(no=-journal.c.no),
            journal.update().where(journal.c.no < 0).values(no=3 + journal.c.no),
        ],
        {"ledger_15"},
    ),
    "a share": (
        lambda: [credit_share.update().values(amount_minor=credit_share.c.amount_minor + 1)],
        {"ledger_5", "ledger_6"},
    ),
    "the plan's version": (lambda: [credit.update().values(plan_version=2)], {"ledger_17"}),
    "who was there": (lambda: [credit_share.update().values(did_at=make.MORNING.replace(year=2030))], {"ledger_19"}),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_the_owner_of_the_tables_changes_is_found(of: Books, what: str) -> None:
    assert of.faults() == []
    statements, expected = TAMPERED[what]
    as_owner(of, *statements())
    assert expected <= {each.split()[0].rstrip(":") for each in of.faults()}


def test_a_cut_tail_with_a_head_put_back_is_found_by_the_anchor_kept_elsewhere(of: Books) -> None:
    """Without the key nobody can make a head; but an old one can be copied back. The anchor has another number."""
    with of.house.database.read() as db:
        found = list(store.journals(db, HERE))
    anchor = found[-1]
    cut = found[-3]
    as_owner(
        of,
        posting.delete().where(posting.c.journal_no > cut.no),
        journal.delete().where(journal.c.no > cut.no),
        ledger_book.update().values(journal_no=cut.no, head=cut.hash),
    )
    with of.house.database.read() as db:
        left = list(store.journals(db, HERE))
        kept = [checks.anchor_faults(db, HERE, each.no, each.hash) for each in (cut, anchor)]
        another = checks.anchor_faults(db, HERE, cut.no, anchor.hash)
    assert chain_fault(of.house.keys.audit_key, left, cut.no, cut.hash) is None
    assert kept == [[], [f"ledger_15 {HERE} journal {anchor.no}: is gone"]]
    assert another == [f"ledger_15 {HERE} journal {cut.no}: is not the one of the anchor"]


def test_every_table_of_the_ledger_is_guarded_on_this_engine(of: Books) -> None:
    asked = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if of.house.database.is_sqlite
        else "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
    )
    with of.house.database.read() as db:
        assert set(GUARDED) <= set(db.scalars(sa.text(asked)))
