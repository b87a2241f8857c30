"""Every query about the outbox, and about what head office has acknowledged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.tables import branch_clock
from lobby_server.staff.tables import staff
from referral.crm_sync.rules import LEASE_LASTS, SCHEMA_VERSION, Line, OutboxState, Span, Told
from referral.crm_sync.tables import crm_line, crm_party, crm_record, outbox
from referral.lifecycle.rules import Referral, ReferralState
from referral.lifecycle.tables import referral

_PENDING, _LEASED, _ACKED, _PARKED = (str(each) for each in OutboxState)
PARKED_LISTED_MAX = 200  # a head looks at the first ones; the rest is the same fault again
FORGOTTEN_AT_ONCE_MAX = 500
LATEST = 10  # enough to see that it flows
_EARLIER = outbox.alias("earlier")


@dataclass(frozen=True)
class Leased:
    """A row that this courier may tell, until its lease ends."""

    id: str
    branch_id: str
    aggregate: str
    seq: int
    content: str
    sha256: str
    fence: int
    attempts: int
    lease_until: datetime


def add(db: sa.Connection, of: Referral, told: Told, at: datetime) -> None:
    """A step to be told. One that is there already is our mistake."""
    db.execute(
        outbox.insert().values(
            id=told.id,
            branch_id=of.branch_id,
            aggregate=of.id,
            seq=of.step_count,
            type=told.type,
            schema_version=SCHEMA_VERSION,
            content=told.content,
            sha256=told.sha256,
            state=_PENDING,
            fence=0,
            attempts=0,
            next_at=at,
            at=at,
        )
    )


def lease(db: sa.Connection, now: datetime, most: int) -> list[Leased]:
    """Take the first step of each referral that may be told now; the row of a courier that died is taken over.

    Two couriers never hold one referral: who comes second passes over the rows that the first has locked.
    """
    is_free = sa.or_(outbox.c.state == _PENDING, sa.and_(outbox.c.state == _LEASED, outbox.c.lease_until <= now))
    is_behind = sa.exists().where(
        _EARLIER.c.aggregate == outbox.c.aggregate, _EARLIER.c.seq < outbox.c.seq, _EARLIER.c.state != _ACKED
    )
    paused = sa.select(crm_line.c.branch_id).where(crm_line.c.paused_reason.is_not(None))
    rows = db.execute(
        sa.select(outbox)
        .where(
            outbox.c.state != _ACKED, is_free, outbox.c.next_at <= now, ~is_behind, outbox.c.branch_id.not_in(paused)
        )
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    until, held = now + LEASE_LASTS, []
    for row in rows:
        # A lease that ran out may have been told: its next holder has to look before telling it again.
        tried, fence = row.attempts + (row.state == _LEASED), row.fence + 1
        taken = {"state": _LEASED, "lease_until": until, "fence": fence, "attempts": tried}
        db.execute(outbox.update().where(outbox.c.id == row.id).values(taken))
        step = (row.id, row.branch_id, row.aggregate, row.seq, row.content, row.sha256)
        held.append(Leased(*step, fence, tried, until))
    return held


def settle(db: sa.Connection, held: Leased, **changes: object) -> bool:
    """Give a leased row its next state; False when somebody else holds it by now."""
    mine = sa.and_(outbox.c.id == held.id, outbox.c.state == _LEASED, outbox.c.fence == held.fence)
    return bool(db.execute(outbox.update().where(mine).values(lease_until=None, **changes)).rowcount)


def acknowledge(db: sa.Connection, held: Leased, now: datetime) -> bool:
    """Head office has it."""
    return settle(db, held, state=_ACKED, acked_at=now, reason=None)


def put_off(db: sa.Connection, held: Leased, next_at: datetime, reason: str) -> bool:
    """Later, once more."""
    return settle(db, held, state=_PENDING, next_at=next_at, attempts=held.attempts + 1, reason=reason)


def park(db: sa.Connection, held: Leased, reason: str) -> bool:
    """Until somebody looks at it."""
    return settle(db, held, state=_PARKED, attempts=held.attempts + 1, reason=reason)


def find_parked(db: sa.Connection, branch_id: str, outbox_id: str) -> sa.Row[Any] | None:
    """A row of this branch that is parked, taken for this transaction."""
    mine = sa.and_(outbox.c.id == outbox_id, outbox.c.branch_id == branch_id, outbox.c.state == _PARKED)
    return db.execute(sa.select(outbox).where(mine).with_for_update()).one_or_none()


def reopen(db: sa.Connection, outbox_id: str, now: datetime) -> None:
    """To be told again; whoever tells it has to look first."""
    again = {"state": _PENDING, "next_at": now, "acked_at": None, "lease_until": None, "reason": None}
    db.execute(
        outbox.update()
        .where(outbox.c.id == outbox_id)
        .values(**again, attempts=sa.case((outbox.c.attempts > 0, outbox.c.attempts), else_=1))
    )


def newest(db: sa.Connection, aggregate: str) -> sa.Row[Any] | None:
    """The last step of a referral that was written."""
    mine = sa.select(outbox).where(outbox.c.aggregate == aggregate)
    return db.execute(mine.order_by(outbox.c.seq.desc()).limit(1)).one_or_none()


def is_withdrawn(db: sa.Connection, aggregate: str) -> bool:
    """Whether the customer took the consent back meanwhile."""
    return db.scalar(sa.select(referral.c.state).where(referral.c.id == aggregate)) == ReferralState.WITHDRAWN


def staff_numbers(db: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    """Staff numbers by id."""
    rows = db.execute(sa.select(staff.c.id, staff.c.staff_no).where(staff.c.id.in_(list(ids))))
    return {row.id: row.staff_no for row in rows}


def untold_referrals(db: sa.Connection, most: int) -> list[str]:
    """Referrals from before there was an outbox."""
    told = sa.exists().where(outbox.c.aggregate == referral.c.id)
    kept = sa.exists().where(crm_record.c.aggregate == referral.c.id)
    return list(db.scalars(sa.select(referral.c.id).where(~told, ~kept).limit(most)))


def forget(db: sa.Connection, before: datetime) -> int:
    """Drop steps that were acknowledged long ago; what they came to stays in `crm_record`."""
    old = sa.select(outbox.c.id).where(outbox.c.acked_at < before).limit(FORGOTTEN_AT_ONCE_MAX)
    return db.execute(outbox.delete().where(outbox.c.id.in_(old))).rowcount


# ---- What head office has -----------------------------------------------------------------------------------------


def note_record(db: sa.Connection, line: Line, branch_id: str, day: date, remote_id: str | None) -> None:
    """What it has acknowledged of a referral."""
    row = {"version": line.version, "state": line.state, "amount_minor": line.amount_minor, "remote_id": remote_id}
    mine = crm_record.c.aggregate == line.external_id
    if not db.execute(crm_record.update().where(mine).values(row)).rowcount:
        db.execute(crm_record.insert().values(**row, aggregate=line.external_id, branch_id=branch_id, day=day))


def lines(db: sa.Connection, span: Span) -> list[Line]:
    """What it should hold of a span, by what it acknowledged."""
    inside = sa.and_(
        crm_record.c.branch_id == span.branch,
        crm_record.c.day.between(span.first_day, span.last_day),
        crm_record.c.aggregate > span.after,
        crm_record.c.aggregate <= span.up_to,
    )
    rows = db.execute(sa.select(crm_record).where(inside).order_by(crm_record.c.aggregate))
    return [Line(row.aggregate, row.version, row.state, row.amount_minor) for row in rows]


def first_day(db: sa.Connection, branch_id: str) -> date | None:
    """The oldest day of which it holds anything."""
    found: date | None = db.scalar(sa.select(sa.func.min(crm_record.c.day)).where(crm_record.c.branch_id == branch_id))
    return found


def under_way(db: sa.Connection, aggregates: Collection[str]) -> set[str]:
    """Those of these referrals of which a step is not acknowledged: the two sides may differ."""
    asked = sa.select(outbox.c.aggregate).where(outbox.c.aggregate.in_(list(aggregates)), outbox.c.state != _ACKED)
    return set(db.scalars(asked))


def party(db: sa.Connection, customer_id: str) -> sa.Row[Any] | None:
    """How head office's CRM knows a customer."""
    return db.execute(sa.select(crm_party).where(crm_party.c.customer_id == customer_id)).one_or_none()


def drop_parties(db: sa.Connection, customer_ids: Collection[str]) -> None:
    """Customers who were erased: nothing more is told of them."""
    db.execute(crm_party.delete().where(crm_party.c.customer_id.in_(sorted(customer_ids))))


def note_party(db: sa.Connection, customer_id: str, remote_id: str, told_index: bytes) -> None:
    """The same, from now on."""
    row = {"remote_id": remote_id, "told_index": told_index}
    mine = crm_party.c.customer_id == customer_id
    if not db.execute(crm_party.update().where(mine).values(row)).rowcount:
        db.execute(crm_party.insert().values(customer_id=customer_id, **row))


def forget_parties(db: sa.Connection) -> None:
    """The far side may have lost them: they are looked up anew."""
    db.execute(crm_party.delete())


# ---- The road -----------------------------------------------------------------------------------------------------


def line(db: sa.Connection, branch_id: str) -> sa.Row[Any] | None:
    """How the road of a branch stands, taken for this transaction."""
    return db.execute(sa.select(crm_line).where(crm_line.c.branch_id == branch_id).with_for_update()).one_or_none()


def look_at_line(db: sa.Connection, branch_id: str) -> sa.Row[Any] | None:
    """The same, to be shown."""
    return db.execute(sa.select(crm_line).where(crm_line.c.branch_id == branch_id)).one_or_none()


def epochs(db: sa.Connection) -> dict[str, int]:
    """Each branch's epoch."""
    return {row.branch_id: row.epoch for row in db.execute(sa.select(crm_line))}


def of_another_history(db: sa.Connection) -> list[str]:
    """Branches whose event log began anew since their epoch did, or that have none yet."""
    joined = branch_clock.outerjoin(crm_line, crm_line.c.branch_id == branch_clock.c.branch_id)
    differs = sa.or_(crm_line.c.log_epoch.is_(None), crm_line.c.log_epoch != branch_clock.c.epoch)
    asked = sa.select(branch_clock.c.branch_id).select_from(joined).where(differs)
    return sorted(db.scalars(asked))


def put_line(db: sa.Connection, branch_id: str, **changes: object) -> None:
    """Change a branch's road, or make it."""
    if not db.execute(crm_line.update().where(crm_line.c.branch_id == branch_id).values(changes)).rowcount:
        db.execute(crm_line.insert().values(branch_id=branch_id, **{"repaired": 0, "unknown": 0, **changes}))


def paused(db: sa.Connection) -> list[str]:
    """Branches whose road rests."""
    return sorted(db.scalars(sa.select(crm_line.c.branch_id).where(crm_line.c.paused_reason.is_not(None))))


def of_another_connector(db: sa.Connection, name: str) -> list[str]:
    """Branches that told another CRM so far, or none."""
    differs = sa.or_(crm_line.c.connector.is_(None), crm_line.c.connector != name)
    return sorted(db.scalars(sa.select(crm_line.c.branch_id).where(differs)))


def to_compare(db: sa.Connection, before: datetime) -> list[str]:
    """Branches whose road is open and that were not compared since."""
    is_old = sa.or_(crm_line.c.compared_at.is_(None), crm_line.c.compared_at < before)
    return sorted(db.scalars(sa.select(crm_line.c.branch_id).where(crm_line.c.paused_reason.is_(None), is_old)))


def backlog(db: sa.Connection, branch_id: str) -> tuple[int, datetime | None]:
    """How many steps of a branch are not acknowledged, and since when the oldest."""
    mine = sa.and_(outbox.c.branch_id == branch_id, outbox.c.state != _ACKED)
    row = db.execute(sa.select(sa.func.count(), sa.func.min(outbox.c.at)).where(mine)).one()
    return row[0], row[1]


def latest(db: sa.Connection, branch_id: str) -> list[sa.Row[Any]]:
    """What was acknowledged last: each step with the record's id there."""
    joined = outbox.join(crm_record, crm_record.c.aggregate == outbox.c.aggregate)
    mine = sa.and_(outbox.c.branch_id == branch_id, outbox.c.state == _ACKED)
    asked = sa.select(outbox.c.aggregate, outbox.c.seq, outbox.c.type, outbox.c.acked_at, crm_record.c.remote_id)
    return list(db.execute(asked.select_from(joined).where(mine).order_by(outbox.c.acked_at.desc()).limit(LATEST)))


def parked(db: sa.Connection, branch_id: str) -> list[tuple[sa.Row[Any], int]]:
    """Parked steps of a branch, oldest first, each with the number of steps that wait behind it."""
    behind = (
        sa.select(sa.func.count())
        .where(_EARLIER.c.aggregate == outbox.c.aggregate, _EARLIER.c.seq > outbox.c.seq)
        .scalar_subquery()
    )
    mine = sa.and_(outbox.c.branch_id == branch_id, outbox.c.state == _PARKED)
    rows = db.execute(
        sa.select(outbox, behind.label("behind")).where(mine).order_by(outbox.c.at).limit(PARKED_LISTED_MAX)
    )
    return [(row, row.behind) for row in rows]


def faults(db: sa.Connection) -> list[str]:
    """Where the outbox is not one row a step: a hole, a step too many, one acknowledged before an earlier one."""
    rows = db.execute(
        sa.select(
            referral.c.id,
            referral.c.step_count,
            sa.func.count(outbox.c.id).label("n"),
            sa.func.min(outbox.c.seq).label("first"),
            sa.func.max(outbox.c.seq).label("last"),
        )
        .select_from(referral.outerjoin(outbox, outbox.c.aggregate == referral.c.id))
        .group_by(referral.c.id, referral.c.step_count)
    )
    kept = {row.aggregate: row.version for row in db.execute(sa.select(crm_record.c.aggregate, crm_record.c.version))}
    found = []
    for row in rows:
        if row.n == 0:
            if kept.get(row.id) != row.step_count:
                found.append(f"outbox {row.id}: step {row.step_count} is not in it")
        elif row.last != row.step_count or row.n != row.last - row.first + 1:
            found.append(f"outbox {row.id}: {row.n} rows, {row.first} to {row.last}, of {row.step_count} steps")
    later = outbox.alias("later")
    skipped = sa.exists().where(
        _EARLIER.c.aggregate == later.c.aggregate, _EARLIER.c.seq < later.c.seq, _EARLIER.c.state != _ACKED
    )
    out_of_order = db.execute(sa.select(later.c.aggregate, later.c.seq).where(later.c.state == _ACKED, skipped))
    return found + [
        f"outbox {row.aggregate}: step {row.seq} was acknowledged before an earlier one" for row in out_of_order
    ]
