"""The log of what happened, numbered per branch without a gap, in the order of the commits.

`seq` comes from the branch's row in `branch_clock`, locked last and until the commit, so a reader that
has seen number n will never see a smaller one appear. `epoch` changes when a database is restored:
screens then start anew instead of trusting numbers of another history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from lobby_server.kernel.events import Recorded
from lobby_server.kernel.tables import branch_clock, event

# Built once: every delivery runs these.
_POSITION = sa.select(branch_clock.c.epoch, branch_clock.c.seq).where(
    branch_clock.c.branch_id == sa.bindparam("branch")
)
_BRANCHES = sa.select(branch_clock.c.branch_id).order_by(branch_clock.c.branch_id)
_AFTER = (
    sa.select(event)
    .where(event.c.branch_id == sa.bindparam("branch"), event.c.seq > sa.bindparam("after"))
    .order_by(event.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@dataclass(frozen=True)
class Position:
    """How far a branch's history has come."""

    epoch: str
    seq: int


def position(db: sa.Connection, branch_id: str) -> Position:
    """Where the branch stands. A branch without a clock is our mistake."""
    row = db.execute(_POSITION, {"branch": branch_id}).one()
    return Position(row.epoch, row.seq)


def begin_epoch(db: sa.Connection, branch_id: str, epoch: str) -> None:
    """From here on the numbers belong to another history."""
    db.execute(branch_clock.update().where(branch_clock.c.branch_id == branch_id).values(epoch=epoch))


def branches(db: sa.Connection) -> list[str]:
    """Every branch that has a history here."""
    return list(db.scalars(_BRANCHES))


def read_after(db: sa.Connection, branch_id: str, after: int, most: int) -> list[Recorded]:
    """Up to `most` events with a number above `after`, in order."""
    rows = db.execute(_AFTER, {"branch": branch_id, "after": after, "most": most})
    return [Recorded(row.branch_id, row.seq, row.type, row.at, row.data) for row in rows]


def last_of(db: sa.Connection, branch_id: str, types: Collection[str], up_to: int) -> int:
    """The number of the newest event of these types, not above `up_to`; 0 when there is none."""
    found = db.scalar(
        sa.select(event.c.seq)
        .where(event.c.branch_id == branch_id, event.c.seq <= up_to, event.c.type.in_(sorted(types)))
        .order_by(event.c.seq.desc())
        .limit(1)
    )
    return found or 0


def faults(db: sa.Connection) -> list[str]:
    """Where a branch's numbers are not 1 to n without a hole."""
    found = []
    for branch_id in branches(db):
        count, first, last = db.execute(
            sa.select(sa.func.count(), sa.func.min(event.c.seq), sa.func.max(event.c.seq)).where(
                event.c.branch_id == branch_id
            )
        ).one()
        seq = position(db, branch_id).seq
        if (count, first or 1, last or 0) != (seq, 1, seq):
            found.append(f"event_sequence {branch_id}: {count} events, {first} to {last}, clock at {seq}")
    return found
