"""Deeds that must happen later: rows written with what makes them necessary, fired by the worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lobby_server.kernel.tables import due

FIRED_AT_ONCE_MAX = 100  # a long outage is worked off in portions, so that customers are served between
ATTEMPTS_MAX = 8  # after about four hours of trying a deed waits for a person
_BACK_OFF_S = 60


def _upsert(insert: Any) -> Any:
    new = insert(due)
    return new.on_conflict_do_update(index_elements=["kind", "ref"], set_={"at": new.excluded.at, "attempts": 0})


# Built once: putting a statement together costs three times as much as running it on SQLite.
_PUT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}
_DROP = due.delete().where(due.c.kind == sa.bindparam("the_kind"), due.c.ref == sa.bindparam("the_ref"))


@dataclass(frozen=True)
class Due:
    """A deed whose time has come. `ref` is the id of what it is about."""

    id: str
    branch_id: str
    at: datetime
    kind: str
    ref: str
    attempts: int


def put(db: sa.Connection, due_id: str, branch_id: str, at: datetime, kind: str, ref: str) -> None:
    """Insert, or move the one that is there."""
    row = {"id": due_id, "branch_id": branch_id, "at": at, "kind": kind, "ref": ref, "attempts": 0}
    db.execute(_PUT[db.dialect.name], row)


def drop(db: sa.Connection, kind: str, ref: str) -> None:
    """Remove it if it is there."""
    db.execute(_DROP, {"the_kind": kind, "the_ref": ref})


def ripe(db: sa.Connection, now: datetime) -> list[Due]:
    """Deeds whose time has come, oldest first, without those that failed too often."""
    rows = db.execute(
        sa.select(due)
        .where(due.c.at <= now, due.c.attempts < ATTEMPTS_MAX)
        .order_by(due.c.at, due.c.id)
        .limit(FIRED_AT_ONCE_MAX)
    )
    return [Due(row.id, row.branch_id, row.at, row.kind, row.ref, row.attempts) for row in rows]


def take(db: sa.Connection, due_id: str, at: datetime) -> bool:
    """Remove it inside the deed's own transaction; False when it was done, moved or taken back meanwhile."""
    return bool(db.execute(due.delete().where(due.c.id == due_id, due.c.at == at)).rowcount)


def put_off(db: sa.Connection, failed: Due, now: datetime) -> None:
    """Try again later, each time twice as late."""
    at = now + timedelta(seconds=_BACK_OFF_S * 2**failed.attempts)
    db.execute(due.update().where(due.c.id == failed.id).values(at=at, attempts=failed.attempts + 1))
