"""Every query about what was credited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.events import to_json
from referral.incentives.earning import SoFar
from referral.incentives.plan import sha256_of
from referral.incentives.rules import ClawBackBand, CreditState, HoldBack
from referral.incentives.tables import credit, credit_share

CREDITS_AT_ONCE = 500  # a check of years of them needs little memory
_AS_THEY_ARE = [column.name for column in credit.c if column.name not in ("conditions", "clawback", "state")]


@dataclass(frozen=True)
class CreditShare:
    """One person's share as it was credited."""

    staff_id: str
    part: str
    roles: frozenset[str]
    did_at: datetime
    share_ppm: int
    uncapped_minor: int
    amount_minor: int
    points: int
    hold_back: HoldBack


@dataclass(frozen=True)
class Credit:
    """What was credited for a booking, with the terms that it keeps."""

    id: str
    branch_id: str
    booking_id: str
    referral_id: str
    product: str
    product_line: str
    base_minor: int
    currency: str
    booked_at: datetime
    booked_on: date
    conditions: frozenset[str]
    period: str
    origin_period: str
    plan_version: int | None
    scheme: str | None
    guard_version: str
    reason: str
    legal_basis: str
    is_cash_allowed: bool
    amount_minor: int
    clawback: tuple[ClawBackBand, ...]
    replaces: str | None
    state: CreditState
    shares: tuple[CreditShare, ...]


def add_credit(db: sa.Connection, new: Credit) -> None:
    """A credit with its shares."""
    fields = {name: getattr(new, name) for name in _AS_THEY_ARE}
    told = {"conditions": sorted(new.conditions), "clawback": [[each.days, each.ppm] for each in new.clawback]}
    db.execute(credit.insert().values(**fields, **told, state=str(new.state)))
    db.execute(
        credit_share.insert(),
        [
            {
                "credit_id": new.id,
                "staff_id": each.staff_id,
                "ordinal": ordinal,
                "part": each.part,
                "roles": sorted(each.roles),
                "did_at": each.did_at,
                "share_ppm": each.share_ppm,
                "uncapped_minor": each.uncapped_minor,
                "amount_minor": each.amount_minor,
                "points": each.points,
                "hold_back_ppm": each.hold_back.ppm,
                "hold_back_months": list(each.hold_back.months),
            }
            for ordinal, each in enumerate(new.shares)
        ],
    )


def end_credit(db: sa.Connection, credit_id: str, state: CreditState) -> None:
    """It does not count any more."""
    db.execute(credit.update().where(credit.c.id == credit_id).values(state=str(state)))


def find_credit(db: sa.Connection, branch_id: str, credit_id: str) -> Credit | None:
    """A credit of this branch."""
    return next(iter(_credits(db, credit.c.branch_id == branch_id, credit.c.id == credit_id)), None)


def credit_of_booking(db: sa.Connection, booking_id: str) -> Credit | None:
    """The credit that a booking has, reversed or not, in whatever branch."""
    counts = credit.c.state != str(CreditState.REPLACED)
    return next(iter(_credits(db, credit.c.booking_id == booking_id, counts)), None)


def credit_of_referral(db: sa.Connection, branch_id: str, referral_id: str) -> Credit | None:
    """The credit that a referral has in this branch, reversed or not."""
    counts = credit.c.state != str(CreditState.REPLACED)
    mine = credit.c.branch_id == branch_id
    return next(iter(_credits(db, mine, credit.c.referral_id == referral_id, counts)), None)


def credits_between(db: sa.Connection, branch_id: str, first: str, last: str) -> list[Credit]:
    """Credits that count, of bookings in these months, in the order of the bookings."""
    months = credit.c.origin_period.between(first, last)
    return _credits(db, credit.c.branch_id == branch_id, months, credit.c.state == str(CreditState.LIVE))


def credits_of_staff(db: sa.Connection, branch_id: str, staff_id: str, period: str) -> list[Credit]:
    """Everything credited to a person in a month's books, whatever became of it."""
    mine = credit.c.id.in_(sa.select(credit_share.c.credit_id).where(credit_share.c.staff_id == staff_id))
    return _credits(db, credit.c.branch_id == branch_id, credit.c.period == period, mine)


def was_credited(db: sa.Connection, branch_id: str, staff_id: str) -> bool:
    """Whether somebody ever got money from this branch's plans."""
    mine = sa.and_(
        credit_share.c.staff_id == staff_id, credit_share.c.amount_minor > 0, credit.c.branch_id == branch_id
    )
    asked = sa.select(credit.c.id).join(credit_share, credit_share.c.credit_id == credit.c.id).where(mine).limit(1)
    return db.execute(asked).first() is not None


def every_credit(db: sa.Connection) -> Iterator[Credit]:
    """All credits of all branches, in the order of their ids; read in portions."""
    after = ""
    while True:
        ids = sa.select(credit.c.id).where(credit.c.id > after).order_by(credit.c.id).limit(CREDITS_AT_ONCE)
        portion = list(db.scalars(ids))
        if not portion:
            return
        yield from _credits(db, credit.c.id.in_(portion))
        after = portion[-1]


def digest_of(of: Credit) -> str:
    """What a credit is known by, with its shares and terms; how it ended is no part of it."""
    told: Mapping[str, Any] = to_json(replace(of, state=CreditState.LIVE))
    return sha256_of(told)


def so_far(
    db: sa.Connection, branch_id: str, period: str, plan_version: int, product_line: str, staff_ids: Sequence[str]
) -> dict[str, SoFar]:
    """What these people's credits that still count came to in a month under a plan."""
    is_line = credit.c.product_line == product_line
    zero = sa.literal(0)
    # Summed here, not in the database: base times share leaves 64 bits with large bookings.
    rows = db.execute(
        sa.select(
            credit_share.c.staff_id,
            sa.case((is_line, credit.c.base_minor), else_=zero).label("base_minor"),
            credit_share.c.share_ppm,
            sa.case((is_line, credit_share.c.uncapped_minor), else_=zero).label("line_uncapped_minor"),
            credit_share.c.uncapped_minor,
            credit_share.c.amount_minor,
        )
        .join(credit, credit.c.id == credit_share.c.credit_id)
        .where(
            credit.c.branch_id == branch_id,
            credit.c.origin_period == period,
            credit.c.plan_version == plan_version,
            credit.c.state == str(CreditState.LIVE),
            credit.c.is_cash_allowed,
            credit_share.c.staff_id.in_(staff_ids),
        )
    )
    found: dict[str, SoFar] = defaultdict(SoFar)
    for row in rows:
        before = found[row.staff_id]
        found[row.staff_id] = SoFar(
            before.base_millionths + row.base_minor * row.share_ppm,
            before.uncapped_minor + row.line_uncapped_minor,
            before.all_uncapped_minor + row.uncapped_minor,
            before.all_amount_minor + row.amount_minor,
        )
    return found


def _credits(db: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Credit]:
    rows = db.execute(sa.select(credit).where(*which).order_by(credit.c.booked_at, credit.c.booking_id)).all()
    shares: dict[str, list[CreditShare]] = defaultdict(list)
    for at in range(0, len(rows), CREDITS_AT_ONCE):
        ids = [row.id for row in rows[at : at + CREDITS_AT_ONCE]]
        of_these = sa.select(credit_share).where(credit_share.c.credit_id.in_(ids)).order_by(credit_share.c.ordinal)
        for row in db.execute(of_these):
            shares[row.credit_id].append(_share(row))
    return [_credit(row, tuple(shares[row.id])) for row in rows]


def _share(row: sa.Row[Any]) -> CreditShare:
    return CreditShare(
        row.staff_id,
        row.part,
        frozenset(row.roles),
        row.did_at,
        row.share_ppm,
        row.uncapped_minor,
        row.amount_minor,
        row.points,
        HoldBack(row.hold_back_ppm, tuple(row.hold_back_months)),
    )


def _credit(row: sa.Row[Any], shares: tuple[CreditShare, ...]) -> Credit:
    fields = dict(row._mapping)
    fields["conditions"] = frozenset(fields["conditions"])
    fields["clawback"] = tuple(ClawBackBand(*each) for each in fields["clawback"])
    fields["state"] = CreditState(fields["state"])
    return Credit(**fields, shares=shares)
