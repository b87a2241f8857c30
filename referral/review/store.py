"""Every query of reviews. The facts are read from the rooms below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.branch.rules import Branch
from lobby_server.kernel.database import insert_into
from referral.incentives.tables import credit
from referral.lifecycle.rules import ReferralState
from referral.lifecycle.tables import referral
from referral.review.rules import HELD, Found, Handled
from referral.review.tables import review


@dataclass(frozen=True)
class Review:
    """Something that was found, and what somebody said of it: `verdict` is `nothing`, `held` or, later, `released`."""

    id: str
    branch_id: str
    found: Found
    found_at: datetime
    verdict: str | None = None
    note: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    released_by: str | None = None


def handled(db: sa.Connection, branch: Branch, since: datetime) -> list[Handled]:
    """The referrals logged in a branch since a moment, those that were another one's double left out."""
    booked = (
        sa.select(credit.c.referral_id, sa.func.min(credit.c.booked_at).label("booked_at"))
        .group_by(credit.c.referral_id)
        .subquery()
    )
    rows = db.execute(
        sa.select(referral, booked.c.booked_at)
        .select_from(referral.outerjoin(booked, booked.c.referral_id == referral.c.id))
        .where(
            referral.c.branch_id == branch.id,
            referral.c.created_at >= since,
            referral.c.state != str(ReferralState.DUPLICATE),
        )
        .order_by(referral.c.created_at, referral.c.id)
    )
    return [_handled(row, ZoneInfo(branch.timezone)) for row in rows]


def _handled(row: sa.Row[Any], zone: ZoneInfo) -> Handled:
    return Handled(
        id=row.id,
        customer_id=row.customer_id,
        product_line=row.product_line,
        referrer_id=row.referrer_id,
        receiver_id=row.receiver_id if row.accepted_at else None,
        on=row.created_at.astimezone(zone).date(),
        created_at=row.created_at,
        is_late_entry=row.is_late_entry,
        wished_receiver=row.wished_receiver,
        booked_at=row.booked_at,
        is_undone=row.state == str(ReferralState.REVERSED),
    )


def known_keys(db: sa.Connection, branch_id: str) -> set[tuple[str, str]]:
    """Pattern and key of everything that was found before, closed or not."""
    rows = db.execute(sa.select(review.c.pattern, review.c.key).where(review.c.branch_id == branch_id))
    return {(row.pattern, row.key) for row in rows}


def add(db: sa.Connection, new: Review) -> bool:
    """Something was found; False when it had been found before."""
    row = {"id": new.id, "branch_id": new.branch_id, "found_at": new.found_at, **vars(new.found)}
    insert = insert_into(db, review).values(**row)
    return db.execute(insert.on_conflict_do_nothing().returning(review.c.id)).first() is not None


def find(db: sa.Connection, branch_id: str, review_id: str) -> Review | None:
    """A review of this branch."""
    return next(iter(_reviews(db, review.c.branch_id == branch_id, review.c.id == review_id)), None)


def still_open(db: sa.Connection, branch_id: str) -> list[Review]:
    """What nobody has looked at yet, and what is held; the oldest first."""
    waits = sa.or_(review.c.verdict.is_(None), review.c.verdict == HELD)
    return _reviews(db, review.c.branch_id == branch_id, waits)


def save(db: sa.Connection, changed: Review) -> None:
    """What somebody has said of it."""
    names = ("verdict", "note", "closed_by", "closed_at", "released_by")
    said = {each: getattr(changed, each) for each in names}
    db.execute(review.update().where(review.c.id == changed.id).values(**said))


def _reviews(db: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Review]:
    rows = db.execute(sa.select(review).where(*which).order_by(review.c.found_at, review.c.id))
    return [
        Review(
            id=row.id,
            branch_id=row.branch_id,
            found=Found(row.pattern, row.key, row.period, tuple(row.people), tuple(row.referrals), row.facts),
            found_at=row.found_at,
            verdict=row.verdict,
            note=row.note,
            closed_by=row.closed_by,
            closed_at=row.closed_at,
            released_by=row.released_by,
        )
        for row in rows
    ]
