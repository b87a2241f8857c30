"""Every query about contested credits and people's statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from referral.incentives import store
from referral.incentives.ledger import ACCRUE
from referral.incentives.store import earned
from referral.incentives.store.earned import Credit
from referral.incentives.tables import dispute, journal, posting


@dataclass(frozen=True)
class Dispute:
    """Somebody contests a credit. `ruling` is proposed by one person and stands when another confirms it.

    Not ruled on by `due_at` it is told to head office, once, at `escalated_at`. Older ones have no limit.
    """

    id: str
    branch_id: str
    credit_id: str
    raised_by: str
    claim: str
    raised_at: datetime
    due_at: datetime | None = None
    ruling: str | None = None
    proposed_by: str | None = None
    confirmed_by: str | None = None
    ended_at: datetime | None = None
    escalated_at: datetime | None = None


@dataclass(frozen=True)
class StatementLine:
    """One credit, and where this person's part of it is now: positive amounts by account."""

    credit: Credit
    there: dict[str, int]


@dataclass(frozen=True)
class Movement:
    """What a journal of the month did to this person: changes by account, what is owed to them positive."""

    no: int
    at: datetime
    kind: str
    reason: str
    credit_id: str | None
    amounts: dict[str, int]


@dataclass(frozen=True)
class Statement:
    """A person's month, down to the booking."""

    lines: tuple[StatementLine, ...]
    movements: tuple[Movement, ...]


def add_dispute(db: sa.Connection, new: Dispute) -> None:
    """Somebody contests a credit."""
    db.execute(dispute.insert().values(**vars(new)))


def find_dispute(db: sa.Connection, branch_id: str, dispute_id: str) -> Dispute | None:
    """A dispute of this branch."""
    return next(iter(_disputes(db, dispute.c.branch_id == branch_id, dispute.c.id == dispute_id)), None)


def dispute_of(db: sa.Connection, credit_id: str, staff_id: str) -> Dispute | None:
    """What this person said about this credit before."""
    return next(iter(_disputes(db, dispute.c.credit_id == credit_id, dispute.c.raised_by == staff_id)), None)


def open_disputes(db: sa.Connection, branch_id: str) -> list[Dispute]:
    """What waits for a ruling, oldest first."""
    return _disputes(db, dispute.c.branch_id == branch_id, dispute.c.ended_at.is_(None))


def propose_ruling(db: sa.Connection, dispute_id: str, ruling: str, by: str) -> None:
    """What one person would rule; a later proposal takes its place."""
    db.execute(dispute.update().where(dispute.c.id == dispute_id).values(ruling=ruling, proposed_by=by))


def confirm_ruling(db: sa.Connection, dispute_id: str, by: str, at: datetime) -> None:
    """Another person stands for it too: it is ruled."""
    db.execute(dispute.update().where(dispute.c.id == dispute_id).values(confirmed_by=by, ended_at=at))


def escalate(db: sa.Connection, dispute_id: str, at: datetime) -> None:
    """Nobody ruled in time."""
    db.execute(dispute.update().where(dispute.c.id == dispute_id).values(escalated_at=at))


def _disputes(db: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Dispute]:
    rows = db.execute(sa.select(dispute).where(*which).order_by(dispute.c.raised_at, dispute.c.id))
    return [Dispute(**row._mapping) for row in rows]


def statement(db: sa.Connection, branch_id: str, staff_id: str, period: str) -> Statement:
    """What was credited to a person in a month's books, and what else the month did to them."""
    credited = earned.credits_of_staff(db, branch_id, staff_id, period)
    there = store.still_there_of(db, [each.id for each in credited], staff_id)
    lines = tuple(StatementLine(each, there.get(each.id, {})) for each in credited)
    return Statement(lines, _movements(db, branch_id, staff_id, period))


def _movements(db: sa.Connection, branch_id: str, staff_id: str, period: str) -> tuple[Movement, ...]:
    # A month's journals lie together: between its first and its last number there are few others, and a person's
    # postings are found by number. Without these bounds every posting of the person would be looked at.
    is_month = sa.and_(journal.c.branch_id == branch_id, journal.c.period == period)
    first, last = db.execute(sa.select(sa.func.min(journal.c.no), sa.func.max(journal.c.no)).where(is_month)).one()
    if first is None:
        return ()
    rows = db.execute(
        sa.select(journal, posting.c.account, posting.c.credit_id.label("of_credit"), posting.c.amount_minor)
        .join(posting, sa.and_(posting.c.branch_id == journal.c.branch_id, posting.c.journal_no == journal.c.no))
        .where(
            posting.c.branch_id == branch_id,
            posting.c.holder == staff_id,
            posting.c.journal_no.between(first, last),
            journal.c.period == period,
            journal.c.kind != ACCRUE,
        )
        .order_by(journal.c.no, posting.c.line)
    )
    heads: dict[tuple[int, str | None], sa.Row[Any]] = {}
    amounts: dict[tuple[int, str | None], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        heads[row.no, row.of_credit] = row
        amounts[row.no, row.of_credit][row.account] -= row.amount_minor
    return tuple(
        Movement(row.no, row.at, row.kind, row.reason, credit_id, dict(amounts[no, credit_id]))
        for (no, credit_id), row in heads.items()
    )
