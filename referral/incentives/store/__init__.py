"""Every query about the book itself; credits, payouts and the checks stand beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lobby_server.branch.tables import branch
from lobby_server.kernel.database import insert_into
from referral.incentives.ledger import FIRST_HASH, Entry, Journal, Posting, moved
from referral.incentives.rules import next_period
from referral.incentives.tables import (
    account_balance,
    credit,
    journal,
    ledger_book,
    ledger_period,
    posting,
)

CREDITS_AT_ONCE = 500  # fewer than the bound values that SQLite takes
JOURNALS_AT_ONCE = 500  # a book is read in portions, so that a check of years of it needs little memory


@dataclass(frozen=True)
class Book:
    """A branch's book, taken: how many journals it has, the head of its chain, its time zone."""

    branch_id: str
    journal_no: int
    head: bytes
    timezone: str


# ---- The book -----------------------------------------------------------------------------------------------------


_LOCK_BOOK = (
    sa.select(ledger_book, branch.c.timezone)
    .join(branch, branch.c.id == ledger_book.c.branch_id)
    .where(ledger_book.c.branch_id == sa.bindparam("branch"))
    .with_for_update(of=ledger_book)
)


def lock_book(db: sa.Connection, branch_id: str) -> Book:
    """Take the branch's book for this transaction, first of all; one that posts nothing yet begins here."""
    row = db.execute(_LOCK_BOOK, {"branch": branch_id}).one_or_none()
    if row is None:
        empty = {"branch_id": branch_id, "journal_no": 0, "head": FIRST_HASH}
        db.execute(insert_into(db, ledger_book).values(empty).on_conflict_do_nothing())
        row = db.execute(_LOCK_BOOK, {"branch": branch_id}).one()
    return Book(branch_id, row.journal_no, bytes(row.head), row.timezone)


def posting_period(db: sa.Connection, branch_id: str, origin: str) -> str:
    """The month into which something of `origin` is posted: that month, or the first after those that are closed."""
    closed = db.scalar(
        sa.select(sa.func.max(ledger_period.c.period)).where(
            ledger_period.c.branch_id == branch_id, ledger_period.c.approved_by.is_not(None)
        )
    )
    period = origin if closed is None else max(origin, next_period(closed))
    open_period(db, branch_id, period)
    return period


def open_period(db: sa.Connection, branch_id: str, period: str) -> None:
    """Begin a month, unless it was begun."""
    db.execute(insert_into(db, ledger_period).values(branch_id=branch_id, period=period).on_conflict_do_nothing())


def add_journal(db: sa.Connection, new: Journal) -> None:
    """Write the lines, then the journal that weighs and seals them, then what they move."""
    entry = new.entry
    db.execute(
        posting.insert(),
        [
            {
                "branch_id": entry.branch_id,
                "journal_no": new.no,
                "line": line,
                "account": each.account,
                "holder": each.holder,
                "credit_id": each.credit_id,
                "currency": each.currency,
                "amount_minor": each.amount_minor,
            }
            for line, each in enumerate(entry.lines, 1)
        ],
    )
    db.execute(
        journal.insert().values(
            branch_id=entry.branch_id,
            no=new.no,
            at=new.at,
            kind=entry.kind,
            reason=entry.reason,
            period=entry.period,
            origin_period=entry.origin_period,
            credit_id=entry.credit_id,
            reverses=entry.reverses,
            made_by=new.made_by,
            checked_by=entry.checked_by,
            line_count=len(entry.lines),
            hash=new.hash,
        )
    )
    _move_balances(db, entry)
    db.execute(
        ledger_book.update().where(ledger_book.c.branch_id == entry.branch_id).values(journal_no=new.no, head=new.hash)
    )


def _move_balances(db: sa.Connection, entry: Entry) -> None:
    for (account, holder, currency), amount_minor in moved(entry.lines).items():
        key = {"branch_id": entry.branch_id, "account": account, "holder": holder, "currency": currency}
        changed = db.execute(
            account_balance.update()
            .where(*(account_balance.c[name] == value for name, value in key.items()))
            .values(amount_minor=account_balance.c.amount_minor + amount_minor)
        )
        # Not an upsert: the CHECK would look at the row as if it were new, before it is added to the old one.
        if not changed.rowcount:
            db.execute(account_balance.insert().values(**key, amount_minor=amount_minor))


def journals(db: sa.Connection, branch_id: str, numbers: Sequence[int] | None = None) -> Iterator[Journal]:
    """The book's journals in order, or those of these numbers; read in portions."""
    of_branch = journal.c.branch_id == branch_id
    after = 0
    while True:
        which = [of_branch, journal.c.no > after]
        if numbers is not None:
            which.append(journal.c.no.in_(numbers))
        rows = db.execute(sa.select(journal).where(*which).order_by(journal.c.no).limit(JOURNALS_AT_ONCE)).all()
        if not rows:
            return
        lines = _lines(db, branch_id, [row.no for row in rows])
        yield from (_journal(row, tuple(lines[row.no])) for row in rows)
        after = rows[-1].no


def journals_of_credit(db: sa.Connection, branch_id: str, credit_id: str) -> list[Journal]:
    """Every journal with a line of this credit, in order."""
    numbers = db.scalars(sa.select(posting.c.journal_no).where(posting.c.credit_id == credit_id).distinct()).all()
    return list(journals(db, branch_id, numbers)) if numbers else []


def reversed_by(db: sa.Connection, branch_id: str, no: int) -> int | None:
    """The journal that reverses this one."""
    found: int | None = db.scalar(
        sa.select(journal.c.no).where(journal.c.branch_id == branch_id, journal.c.reverses == no)
    )
    return found


def balances(db: sa.Connection, branch_id: str) -> dict[tuple[str, str, str], int]:
    """The stored balances, by account, holder and currency; empty ones left out."""
    rows = db.execute(sa.select(account_balance).where(account_balance.c.branch_id == branch_id))
    return {(row.account, row.holder, row.currency): row.amount_minor for row in rows if row.amount_minor}


def still_there(db: sa.Connection, credit_id: str) -> dict[str, dict[str, int]]:
    """Of one credit: what the bank owes each person, by account; what a person owes is negative."""
    rows = db.execute(
        sa.select(posting.c.holder, posting.c.account, sa.func.sum(posting.c.amount_minor).label("sum"))
        .where(posting.c.credit_id == credit_id)
        .group_by(posting.c.holder, posting.c.account)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row.holder][row.account] = -int(row.sum)
    return found


def still_there_of(db: sa.Connection, credit_ids: Sequence[str], staff_id: str) -> dict[str, dict[str, int]]:
    """The same for one person and many credits, by credit."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for at in range(0, len(credit_ids), CREDITS_AT_ONCE):
        mine = (posting.c.credit_id.in_(credit_ids[at : at + CREDITS_AT_ONCE]), posting.c.holder == staff_id)
        rows = db.execute(
            sa.select(posting.c.credit_id, posting.c.account, sa.func.sum(posting.c.amount_minor).label("sum"))
            .where(*mine)
            .group_by(posting.c.credit_id, posting.c.account)
        )
        for row in rows:
            found[row.credit_id][row.account] = -int(row.sum)
    return found


def open_amounts(db: sa.Connection, branch_id: str, account: str, *, up_to: str | None = None) -> list[Posting]:
    """What an account holds, by person and credit, oldest booking first; of credits posted in `up_to` or before.

    Amounts as in the book: what the bank owes is negative.
    """
    sum_ = sa.func.sum(posting.c.amount_minor)
    asked = (
        sa.select(posting.c.holder, posting.c.credit_id, posting.c.currency, sum_.label("sum"))
        .join(credit, credit.c.id == posting.c.credit_id)
        .where(posting.c.branch_id == branch_id, posting.c.account == account)
        .group_by(posting.c.holder, posting.c.credit_id, posting.c.currency, credit.c.booked_at)
        .having(sum_ != 0)
        .order_by(posting.c.holder, credit.c.booked_at, posting.c.credit_id)
    )
    if up_to is not None:
        asked = asked.where(credit.c.period <= up_to)
    return [Posting(account, row.holder, row.credit_id, row.currency, int(row.sum)) for row in db.execute(asked)]


def _lines(db: sa.Connection, branch_id: str, numbers: Sequence[int]) -> Mapping[int, list[Posting]]:
    found: dict[int, list[Posting]] = defaultdict(list)
    rows = db.execute(
        sa.select(posting)
        .where(posting.c.branch_id == branch_id, posting.c.journal_no.in_(numbers))
        .order_by(posting.c.journal_no, posting.c.line)
    )
    for row in rows:
        found[row.journal_no].append(Posting(row.account, row.holder, row.credit_id, row.currency, row.amount_minor))
    return found


def _journal(row: sa.Row[Any], lines: tuple[Posting, ...]) -> Journal:
    entry = Entry(
        branch_id=row.branch_id,
        kind=row.kind,
        reason=row.reason,
        period=row.period,
        origin_period=row.origin_period,
        lines=lines,
        credit_id=row.credit_id,
        reverses=row.reverses,
        checked_by=row.checked_by,
    )
    return Journal(row.no, row.at, row.made_by, entry, bytes(row.hash))
